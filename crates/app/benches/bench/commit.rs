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

use crate::raw::Rows;
use crate::report::Report;
use crate::service::clock;
use crate::upstream;

/// Turns of each pair.
const TURNS: usize = 5;
/// Sizes of a commit and how many commits a turn makes of it.
const SIZES: [(usize, usize); 3] = [(1, 300), (100, 200), (1_000, 50)];
const NOW_SECONDS: i64 = 1_790_000_000;

/// Commits of 1, 100 and 1,000 alerts.
pub(crate) fn commit(report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for (size, commits) in SIZES {
        let (mut rate, mut raw_rate, mut ratio) = (vec![], vec![], vec![]);
        for _ in 0..TURNS {
            let directory = tempfile::tempdir()?;
            let database = directory.path().join("cresset.db");
            let outcomes = outcomes(size, commits)?;
            let ours = runtime.block_on(ours(&database, outcomes))?.as_secs_f64();
            let raw = Rows::read(&database)?
                .insert(&directory.path().join("raw.db"), size)?
                .as_secs_f64();
            let alerts = (size * commits) as f64;
            rate.push(alerts / ours);
            raw_rate.push(alerts / raw);
            ratio.push(raw / ours);
        }
        report.turns(&format!("commits of {size}"), "alerts/s", &rate);
        report.turns(
            &format!("raw insert, {size} a commit"),
            "alerts/s",
            &raw_rate,
        );
        let goal = if size == 1_000 { " (goal 0.7)" } else { "" };
        report.turns(&format!("commit / raw insert at {size}{goal}"), "", &ratio);
    }
    Ok(())
}

async fn ours(database: &Path, outcomes: Vec<Outcome>) -> anyhow::Result<Duration> {
    let store = Arc::new(SqliteStore::open(SqliteConfig::new(database))?);
    let begun = clock();
    for outcome in outcomes {
        let request = Commit {
            source: outcome.source.clone(),
            lane: Lane::Push,
            at: outcome.received,
            outcome: Some(outcome),
            checkpoint: None,
            late_before: None,
            redriven: Vec::new(),
            positions: Vec::new(),
            push: None,
            ticket: None,
        };
        store.commit(request).await?;
    }
    let took = begun.elapsed();
    store.close().await?;
    Ok(took)
}

fn outcomes(size: usize, commits: usize) -> anyhow::Result<Vec<Outcome>> {
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
