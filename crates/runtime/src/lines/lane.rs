//! Batches on their way: some being decided, one being committed, in the order they were read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::ports::{Commit, FilePosition, Lane as StoreLane, PortError};
use cresset_model::source::SyncStatus;
use cresset_pipeline::process::Scratch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::files::Cut;
use super::runner::LinePorts;
use crate::handover::{Handing, Handover};
use crate::stages::Decided;

/// Batches of one source on their way, those being committed included.
pub(super) const BATCHES_MAX: usize = 3;
/// The first wait after a commit or a sink has failed; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest wait after a failure.
const RETRY_MAX: Duration = Duration::from_secs(30);

/// What became of a batch, or `None` of lines without records.
type Deciding = JoinSet<Result<Option<Decided>, PortError>>;
/// A place that has been committed, with the scratch of its batch.
type Committed = Result<(FilePosition, Option<Scratch>), PortError>;

/// The batches on their way.
pub(super) struct Lane {
    ports: LinePorts,
    handover: Handover,
    deciding: VecDeque<(Deciding, FilePosition)>,
    /// Holds at most one task. A set, so that dropping the lane ends it: it would try for ever.
    committing: JoinSet<Committed>,
    scratch: Vec<Scratch>,
    sequence: u64,
}

impl Lane {
    pub(super) fn new(ports: LinePorts) -> Self {
        Self {
            handover: Handover::new(Arc::clone(&ports.store), ports.sinks.clone()),
            ports,
            deciding: VecDeque::new(),
            committing: JoinSet::new(),
            scratch: Vec::new(),
            sequence: 0,
        }
    }

    /// Batches on their way.
    pub(super) fn len(&self) -> usize {
        self.deciding.len() + self.committing.len()
    }

    /// Takes a batch in. The caller sees to it that there is room.
    pub(super) fn push(&mut self, cut: Cut) {
        let position = cut.position;
        let mut deciding = Deciding::new();
        match self.batch(cut) {
            Some(batch) => {
                let scratch = self.scratch.pop().unwrap_or_default();
                let stages = self.ports.stages.clone();
                deciding.spawn(async move { stages.decide(batch, scratch).await.map(Some) });
            }
            None => {
                deciding.spawn(std::future::ready(Ok(None)));
            }
        }
        self.deciding.push_back((deciding, position));
    }

    /// Waits until something has been committed, and says up to where. Pending while nothing is on its
    /// way. Dropping it at an await loses nothing.
    pub(super) async fn next(&mut self) -> Result<FilePosition, PortError> {
        loop {
            if self.committing.is_empty() {
                let Some((deciding, position)) = self.deciding.front_mut() else {
                    std::future::pending::<()>().await;
                    continue;
                };
                let position = *position;
                let decided = joined(deciding.join_next().await)?;
                self.deciding.pop_front();
                self.commit(decided?, position);
            }
            let (position, scratch) = joined(self.committing.join_next().await)??;
            self.scratch.extend(scratch);
            return Ok(position);
        }
    }

    fn batch(&mut self, cut: Cut) -> Option<RawBatch> {
        let lines = cut.lines?;
        let received = self.ports.clock.now();
        let observed = self.ports.cell.observe(received, lines.records.len());
        let batch = RawBatch {
            source: self.ports.cell.id().clone(),
            sequence: self.sequence,
            received,
            epoch: 0,
            fetch: observed.fetch,
            first_place: observed.place,
            identity: BatchIdentity::Offset {
                key: cut.position.fingerprint,
                base: lines.base,
            },
            bytes: lines.bytes,
            records: lines.records,
        };
        self.sequence += 1;
        Some(batch)
    }

    fn commit(&mut self, decided: Option<Decided>, position: FilePosition) {
        let (ports, handover) = (self.ports.clone(), self.handover.clone());
        self.committing.spawn(async move {
            let settled = match decided {
                Some(decided) => Some(ports.stages.settle(decided).await?),
                None => None,
            };
            let (outcome, scratch) = settled.unzip();
            let request = Commit {
                source: ports.cell.id().clone(),
                lane: StoreLane::Poll,
                at: ports.clock.now(),
                outcome,
                checkpoint: None,
                late_before: None,
                redriven: Vec::new(),
                positions: vec![position],
                push: None,
                ticket: None,
            };
            hand_over(&ports, &handover, handover.begin(request)).await;
            Ok((position, scratch))
        });
    }
}

/// The result of the one task of a set.
fn joined<T>(result: Option<Result<T, tokio::task::JoinError>>) -> Result<T, PortError> {
    match result {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let message = format!("a batch could not be decided or committed: {error}");
            Err(PortError::permanent(message))
        }
        None => Err(PortError::permanent("a batch was lost on its way")),
    }
}

/// Goes on until everything is committed, however long that takes: nothing behind it is read meanwhile.
async fn hand_over(ports: &LinePorts, handover: &Handover, mut handing: Handing) {
    let cell = &ports.cell;
    let mut wait = RETRY_FIRST;
    let mut has_failed = false;
    while let Err(error) = handover.advance(&mut handing).await {
        has_failed = true;
        let asked = match &error {
            PortError::Transient { after, .. } => after.unwrap_or_default(),
            PortError::Permanent { .. } => RETRY_MAX,
        };
        let pause = wait.max(asked.min(RETRY_MAX));
        cell.doubt();
        cell.failed(
            SyncStatus::SystemFailure,
            error.to_string(),
            ports.clock.now(),
        );
        warn!(source.name = %cell.id(), wait_ms = pause.as_millis(), error = %error, "batch not committed, reading waits");
        tokio::time::sleep(pause).await;
        wait = (wait * 2).min(RETRY_MAX);
    }
    cell.took(&handing.receipt().counts, ports.clock.now());
    if has_failed {
        // What failed may have succeeded without telling: the stored books know.
        if let Ok(stored) = ports.store.source(cell.id().clone()).await {
            cell.settle(&stored.counters);
        }
        info!(source.name = %cell.id(), "batch committed, reading goes on");
    }
}
