//! The commit: batches of several sizes through the store, beside the raw insert of the same rows.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_connectors::lookups;
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::limits::RecordLimits;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Commit, Lane, Store as _};
use cresset_model::query::AddressField;
use cresset_model::tables::{Tables, UserTable};
use cresset_model::{SourceId, Timestamp};
use cresset_pipeline::decode::ArraySlicer;
use cresset_pipeline::normalize::Adapter;
use cresset_pipeline::process::{Answers, Pipeline, PipelineSpec, Scratch};

use super::judged::{Goal, judge, turns};
use crate::raw::{Rows, TABLES};
use crate::report::Report;
use crate::service::clock;
use crate::upstream;

/// Sizes of a commit and how many commits a turn makes of it.
const SIZES: [(usize, usize); 3] = [(1, 300), (100, 200), (1_000, 100)];
const NOW_SECONDS: i64 = 1_790_000_000;

/// Commits of 1, 100 and 1,000 alerts, and what each table costs a raw insert.
pub(crate) fn commit(report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut without: Vec<_> = TABLES
        .iter()
        .map(|(table, _)| (*table, vec![], vec![]))
        .collect();
    for (size, commits) in SIZES {
        let (mut rate, mut raw_rate, mut ratio) = (vec![], vec![], vec![]);
        for _ in 0..turns() {
            let directory = tempfile::tempdir()?;
            let database = directory.path().join("cresset.db");
            let outcomes = outcomes(size, commits)?;
            let ours = runtime.block_on(ours(&database, outcomes))?.as_secs_f64();
            let rows = Rows::of(&database)?;
            let raw = rows.insert(&directory.path().join("raw.db"), size, &[])?;
            let alerts = (size * commits) as f64;
            rate.push(alerts / ours);
            raw_rate.push(alerts / raw.wall_seconds);
            ratio.push(raw.wall_seconds / ours);
            for (table, cpu, wall) in without.iter_mut().filter(|_| size == 1_000) {
                let less = directory.path().join(format!("{table}.db"));
                let less = rows.insert(&less, size, &[table])?;
                cpu.push((raw.cpu_seconds - less.cpu_seconds) * 1e6 / alerts);
                wall.push((raw.wall_seconds - less.wall_seconds) * 1e6 / alerts);
            }
        }
        let work = format!("commits of {size}");
        judge(report, (&work, "alerts/s"), &rate, Goal::None);
        let raw = format!("raw insert, {size} a commit");
        judge(report, (&raw, "alerts/s"), &raw_rate, Goal::None);
        let goal = if size == 1_000 {
            Goal::AtLeast(0.8)
        } else {
            Goal::None
        };
        let work = format!("commit / raw insert at {size}");
        judge(report, (&work, ""), &ratio, goal);
    }
    for (table, cpu, wall) in &without {
        let work = format!("raw insert: what `{table}` costs, processor");
        judge(report, (&work, "us/alert"), cpu, Goal::None);
        let work = format!("raw insert: what `{table}` costs, wall");
        judge(report, (&work, "us/alert"), wall, Goal::None);
    }
    Ok(())
}

async fn ours(database: &Path, outcomes: Vec<Outcome>) -> anyhow::Result<Duration> {
    let store = Arc::new(SqliteStore::open(SqliteConfig::new(database))?);
    let begun = clock();
    for outcome in outcomes {
        let at = outcome.received;
        store.commit(pushed(outcome, at)).await?;
    }
    let took = begun.elapsed();
    store.close().await?;
    Ok(took)
}

/// The commit of what was pushed, without anything beside it.
pub(super) fn pushed(outcome: Outcome, at: Timestamp) -> Commit {
    Commit {
        source: outcome.source.clone(),
        lane: Lane::Push,
        at,
        outcome: Some(outcome),
        checkpoint: None,
        late_before: None,
        redriven: Vec::new(),
        positions: Vec::new(),
        push: None,
        ticket: None,
    }
}

pub(super) fn outcomes(size: usize, commits: usize) -> anyhow::Result<Vec<Outcome>> {
    let limits = RecordLimits {
        batch_records_max: size,
        ..RecordLimits::default()
    };
    let pipeline = Pipeline::new(PipelineSpec {
        adapter: Adapter::SeedA,
        geo_of: Some(AddressField::DstIp),
        user_of: Some(AddressField::SrcIp),
        limits,
        ..PipelineSpec::new(Adapter::SeedA)
    });
    let tables = Tables {
        geo: Some(Arc::new(lookups::builtin("dst_ip"))),
        users: Some(Arc::new(UserTable::demo())),
        ..Tables::default()
    };
    let now = Timestamp::from_seconds(NOW_SECONDS).unwrap_or_default();
    let mut slicer = ArraySlicer::new(limits, None);
    let mut scratch = Scratch::default();
    let mut outcomes = Vec::with_capacity(commits);
    let mut decide = |bytes: Bytes, records| {
        let batch = RawBatch {
            source: SourceId::new("bench"),
            sequence: outcomes.len() as u64,
            received: now,
            epoch: 0,
            fetch: 1,
            first_place: 0,
            identity: BatchIdentity::Vendor,
            bytes,
            records,
        };
        let prepared = pipeline.prepare(batch, &mut scratch);
        outcomes.push(pipeline.finish(&tables, prepared, &Answers::default(), now, &mut scratch));
    };
    for piece in upstream::alerts((size * commits) as u64, NOW_SECONDS) {
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            let taken = slicer.feed(rest)?;
            rest = &rest[taken..];
            while let Some(sliced) = slicer.take_full() {
                decide(sliced.bytes, sliced.records);
            }
        }
    }
    slicer.finish()?;
    while let Some(sliced) = slicer.take_rest() {
        decide(sliced.bytes, sliced.records);
    }
    Ok(outcomes)
}
