//! What the pages read, at a million stored alerts: each figure is all that one page asks for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::Timestamp;
use cresset_model::ports::{Explore as _, PageRequest, Query as _};
use cresset_model::query::{Buckets, FacetField, Filter, TimeField, Window};

use crate::process::Service;
use crate::report::Report;
use crate::service::{clock, now_seconds};
use crate::upstream;

const ALERTS: u64 = 1_000_000;
/// Readings of each page.
const READINGS: usize = 200;
/// How often the index is looked at while it is filled.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const FACETS: [FacetField; 6] = [
    FacetField::Severity,
    FacetField::Source,
    FacetField::Country,
    FacetField::User,
    FacetField::Threat,
    FacetField::Pipeline,
];
/// Filters of a page: none, a window that holds everything, and narrow ones.
const FILTERS: [(&str, &str); 4] = [
    ("no filter", ""),
    ("-24h", "from:-24h"),
    (
        "severe ones of two countries",
        "severity:>=high country:US,CN from:-24h",
    ),
    ("all but one user", "-user:nobody from:-1h"),
];

/// The Overview's, the Alerts page's and one alert's reads; filling and size of the index.
pub(crate) fn reads(report: &mut Report) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let now = now_seconds()?;
    let port = upstream::serve(move || Box::new(upstream::alerts(ALERTS, now)))?;
    let service = Service::start(directory.path(), port)?;
    service.turn()?;
    let database = service.database.clone();
    service.stop()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let begun = clock();
    let store = Arc::new(SqliteStore::open(SqliteConfig::new(database))?);
    let opened = begun.elapsed();
    report.row(
        "start: open the store with 1,000,000 alerts",
        "ms",
        opened.as_secs_f64() * 1e3,
        "",
    );
    runtime.block_on(measure(report, &store, now))
}

async fn measure(
    report: &mut Report,
    store: &Arc<SqliteStore>,
    now_seconds: i64,
) -> anyhow::Result<()> {
    let begun = clock();
    let index = loop {
        let index = store.facts().await?.index;
        if index.ready {
            break index;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    ensure!(index.rows == ALERTS, "{} rows in the index", index.rows);
    let filled = begun.elapsed().as_secs_f64();
    report.row(
        "live index: filled in the background after",
        "s",
        filled,
        "",
    );
    let mib = index.bytes as f64 / f64::from(1 << 20);
    report.row("live index: memory (budget 64)", "MiB", mib, "");
    let now = Timestamp::from_seconds(now_seconds).unwrap_or_default();
    for (name, query) in FILTERS {
        let filter = Filter::parse(query, now)?;
        let mut millis = Vec::new();
        for _ in 0..READINGS {
            let begun = clock();
            overview(store, &filter, now).await?;
            millis.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        quantiles(report, &format!("Overview, {name}"), &mut millis);
        let mut millis = Vec::new();
        for _ in 0..READINGS {
            let begun = clock();
            alerts(store, &filter, now).await?;
            millis.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        quantiles(report, &format!("Alerts, {name}"), &mut millis);
    }
    let newest = store.alerts(Filter::default(), page(1)).await?;
    let mut millis = Vec::new();
    for _ in 0..READINGS {
        let begun = clock();
        for row in &newest.items {
            let related = store.related(row.id, 5).await?;
            ensure!(related.is_some(), "the alert is stored");
        }
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    quantiles(report, "Alert, what is related", &mut millis);
    store.close().await?;
    Ok(())
}

fn quantiles(report: &mut Report, work: &str, millis: &mut [f64]) {
    millis.sort_by(f64::total_cmp);
    let at = |part: usize| {
        let index = millis.len() * part / 100;
        millis.get(index).copied().unwrap_or(f64::NAN)
    };
    let note = format!("median {:.1}, {} readings", at(50), millis.len());
    report.row(&format!("{work}, p95 (goal 25)"), "ms", at(95), note);
}

fn page(limit: usize) -> PageRequest {
    PageRequest {
        before: None,
        limit,
        total: true,
    }
}

async fn overview(store: &SqliteStore, filter: &Filter, now: Timestamp) -> anyhow::Result<()> {
    let from = now.minus(Duration::from_hours(24));
    let window = Window { from, to: now };
    let summary = store.summary(filter.clone(), window, 24).await?;
    ensure!(summary.exact, "counted by the index");
    let field = TimeField::IngestedAt;
    let buckets = Buckets::over(from, now, 60);
    store.histogram(filter.clone(), field, buckets).await?;
    store.ranking(filter.clone(), FacetField::Source, 8).await?;
    store
        .ranking(filter.clone(), FacetField::Country, 300)
        .await?;
    let severe = Filter::parse("severity:>=high", now)?;
    let mut newest = filter.clone();
    newest.terms.extend(severe.terms);
    store.alerts(newest, page(10)).await?;
    Ok(())
}

async fn alerts(store: &SqliteStore, filter: &Filter, now: Timestamp) -> anyhow::Result<()> {
    let facets = store.facets(filter.clone(), FACETS.to_vec(), 10).await?;
    ensure!(
        facets.iter().all(|facet| facet.exact),
        "counted by the index"
    );
    let from = now.minus(Duration::from_hours(24));
    let field = TimeField::IngestedAt;
    let buckets = Buckets::over(from, now, 60);
    store.histogram(filter.clone(), field, buckets).await?;
    store.alerts(filter.clone(), page(50)).await?;
    Ok(())
}
