//! Retention of a million old alerts while others arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::ensure;
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::Timestamp;
use cresset_model::ports::{Retention, Store as _};

use super::commit::{outcomes, pushed};
use super::judged::{Goal, judge, quantile, turns};
use super::stored::{ALERTS, copy_into};
use crate::report::Report;
use crate::service::{clock, now_seconds};

/// Alerts of each commit that arrives, and the wait between two.
const SIZE: usize = 50;
const EVERY: Duration = Duration::from_millis(50);

/// How long a write waits at most.
pub(crate) fn retain(report: &mut Report) -> anyhow::Result<()> {
    let (mut longest, mut usual, mut seconds) = (vec![], vec![], vec![]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for _ in 0..turns() {
        let directory = tempfile::tempdir()?;
        copy_into(directory.path())?;
        let database = directory.path().join("data/cresset.db");
        let store = Arc::new(SqliteStore::open(SqliteConfig::new(database))?);
        let (mut millis, took) = runtime.block_on(turn(&store))?;
        runtime.block_on(store.close())?;
        usual.push(quantile(&mut millis, 50));
        longest.push(quantile(&mut millis, 100).max(millis.last().copied().unwrap_or(f64::NAN)));
        seconds.push(took);
    }
    let work = "retention of 1,000,000, longest wait of a write";
    judge(report, (work, "ms"), &longest, Goal::AtMost(50.0));
    let work = "the same, median wait";
    judge(report, (work, "ms"), &usual, Goal::None);
    judge(
        report,
        ("the same, until all are gone", "s"),
        &seconds,
        Goal::None,
    );
    Ok(())
}

async fn turn(store: &Arc<SqliteStore>) -> anyhow::Result<(Vec<f64>, f64)> {
    let over = Arc::new(AtomicBool::new(false));
    let later = Timestamp::from_seconds(now_seconds()? + 172_800).unwrap_or_default();
    let (arriving, ending) = (Arc::clone(store), Arc::clone(&over));
    let arriving = tokio::spawn(async move {
        let mut millis = Vec::new();
        for outcome in outcomes(SIZE, 4_000)? {
            if ending.load(Ordering::Relaxed) {
                break;
            }
            let request = pushed(outcome, later);
            let begun = clock();
            arriving.commit(request).await?;
            let took = begun.elapsed();
            millis.push(took.as_secs_f64() * 1e3);
            tokio::time::sleep(EVERY.saturating_sub(took)).await;
        }
        anyhow::Ok(millis)
    });
    let begun = clock();
    let tomorrow = Timestamp::from_seconds(now_seconds()? + 86_400).unwrap_or_default();
    let retained = store
        .retain(Retention {
            source: None,
            ingested_before: tomorrow,
            unseen_since: tomorrow,
        })
        .await?;
    let took = begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    ensure!(retained.alerts == ALERTS, "{} alerts went", retained.alerts);
    Ok((arriving.await??, took))
}
