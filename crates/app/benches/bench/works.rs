//! The works that are counted, each on a small input that is always the same.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use anyhow::ensure;
use cresset_connectors::lookups::{read_city, read_indicators};
use cresset_connectors::stores::live_index::LiveIndex;
use cresset_model::city::CityField;
use cresset_model::indicator::IndicatorList;
use cresset_model::notification::RoutedRow;
use cresset_model::query::Filter;
use cresset_pipeline::process::AlertRule;
use cresset_pipeline::router::{Grouping, Label, Matcher, RouteTree, Router, State};

use crate::city::{City, Extent};
use crate::events::{SEED, Senders, Size, indicators, lines, now};
use crate::numbers::Numbers;
use crate::rows::rows;
use crate::seed_a::{Format, SeedA, answer};
use crate::ways::Way as _;
use crate::ways::shipped::{Shipped, tables_with};

/// Entries of the list.
const INDICATORS: usize = 10_000;
/// A small database: a real one would take callgrind minutes to read.
const EXTENT: Extent = Extent {
    whole_from: 13,
    places: 5_000,
};
/// Events and records of a work, each in several batches.
const SHORT: usize = 20_000;
const LONG: usize = 5_000;
/// Rows of the live index, and of a step of the router.
const INDEX_ROWS: u32 = 50_000;
const STEP_ROWS: u32 = 500;
const BUDGET_BYTES: usize = 64 << 20;

/// A work that can be done again and again.
pub(crate) struct Job {
    /// Events, records, addresses or rows that go through at once.
    pub(crate) events: usize,
    /// Does it.
    pub(crate) run: Box<dyn FnMut() -> anyhow::Result<()>>,
}

/// A name and what makes it ready.
type Work = (&'static str, fn() -> anyhow::Result<Job>);

/// All works.
pub(crate) const WORKS: [Work; 8] = [
    ("pipe, talkers", || {
        pipe(SHORT, Senders::Talkers, Size::Short)
    }),
    ("pipe, uniform", || {
        pipe(SHORT, Senders::Uniform, Size::Short)
    }),
    ("pipe, 1.8 KB", || pipe(LONG, Senders::Talkers, Size::Long)),
    ("seed A, standard", || Ok(seed_a(Format::Standard))),
    ("seed A, legacy", || Ok(seed_a(Format::Legacy))),
    ("indicator test", indicator_test),
    ("filter of the live index", filter),
    ("step of the router", step),
];

fn job(events: usize, run: impl FnMut() -> anyhow::Result<()> + 'static) -> Job {
    let run = Box::new(run);
    Job { events, run }
}

fn pipe(count: usize, senders: Senders, size: Size) -> anyhow::Result<Job> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("city.mmdb");
    std::fs::write(&path, City::invent_of(SEED, EXTENT).file)?;
    let city = Arc::new(read_city(&path, "src_ip", &CityField::ALL)?);
    let tables = tables_with(&city, Some(list(directory.path())?));
    let mut shipped = Shipped::new(tables, AlertRule::Nothing);
    let lines = lines(count, senders, size);
    Ok(job(count, move || {
        shipped.run(&lines, &mut |written| {
            black_box(written);
        })
    }))
}

fn list(directory: &Path) -> anyhow::Result<IndicatorList> {
    let path = directory.join("list.txt");
    std::fs::write(&path, indicators(INDICATORS))?;
    Ok(read_indicators(&path, "list", None)?.list)
}

fn seed_a(format: Format) -> Job {
    let answer = answer(format, SHORT);
    let mut seed_a = SeedA::new();
    job(SHORT, move || seed_a.run(&answer, SHORT))
}

/// Addresses of which one in ten is in the list.
fn indicator_test() -> anyhow::Result<Job> {
    let list = list(tempfile::tempdir()?.path())?;
    let mut numbers = Numbers::of(SEED + 2);
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (index, listed) in indicators(SHORT).lines().enumerate() {
        let other = IpAddr::from(Ipv4Addr::from(numbers.below(u32::MAX)));
        addresses.push(if index % 10 == 0 {
            listed.parse()?
        } else {
            other
        });
    }
    Ok(job(SHORT, move || {
        let found = addresses.iter().filter(|it| list.address(**it).is_some());
        ensure!(black_box(found.count()) >= SHORT / 20, "too few are listed");
        Ok(())
    }))
}

/// A page and a count.
fn filter() -> anyhow::Result<Job> {
    let mut index = LiveIndex::new(BUDGET_BYTES);
    for row in &rows(INDEX_ROWS) {
        index.append(&row.into());
    }
    let query = "severity:>=high country:US -user:user-7 from:-6h";
    let filter = Filter::parse(query, now())?;
    Ok(job(INDEX_ROWS as usize, move || {
        let page = index.page(&filter, None, 100);
        ensure!(page.seqs.len() == 100, "{} rows pass", page.seqs.len());
        ensure!(index.count(&filter, None) > Some(100), "too few rows pass");
        Ok(())
    }))
}

/// One notification for each severe alert, groups for the rest.
fn step() -> anyhow::Result<Job> {
    let mut root = RouteTree::to("desk");
    root.grouping = Grouping::Labels(vec![Label::Country, Label::Source]);
    let mut severe = RouteTree::to("pager");
    severe.matchers = vec![Matcher::parse(r#"severity=~"high|critical""#)?];
    root.routes.push(severe);
    let receivers = ["desk", "pager"].map(|name| (name.to_owned(), 1));
    let router = Router::new(root, BTreeMap::from(receivers))?;
    let rows: Vec<RoutedRow> = rows(STEP_ROWS)
        .into_iter()
        .map(|row| RoutedRow {
            position: row.seq,
            revision: 1,
            is_new: true,
            record: format!(r#"{{"id":"{}"}}"#, row.upstream_id).into_bytes(),
            row: Some(row),
            matches: Vec::new(),
        })
        .collect();
    let state = State::default();
    Ok(job(rows.len(), move || {
        let step = black_box(router.step(&state, &rows, &[], now()));
        ensure!(!step.intents.is_empty(), "nobody is told");
        Ok(())
    }))
}
