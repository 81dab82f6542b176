//! The pure part of a pipeline as the runners use it: decided on worker threads, with the answers of a
//! remote look-up where there is one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cresset_model::batch::RawBatch;
use cresset_model::limits::RecordLimits;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Answers, Lookup, PortError};
use cresset_pipeline::process::{Pipeline, Prepared, Scratch};
use tokio::task::spawn_blocking;

use crate::live_tables::LiveTables;

/// How long a batch waits for the answers to its look-ups; without them the tables in memory stand in.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(20);

/// What a pipeline does under one configuration.
#[derive(Clone)]
pub struct Rules {
    /// The pure part.
    pub pipeline: Arc<Pipeline>,
    /// The tables of the enrichments and detections.
    pub tables: Arc<LiveTables>,
    /// A remote enrichment, if one is configured.
    pub lookup: Option<Arc<dyn Lookup>>,
    /// Alerts older than this are deleted before each poll; `None` keeps them.
    pub retention: Option<Duration>,
}

/// The rules of one pipeline as all of its runners see them: replaced while they run. Each replacement
/// raises the epoch, and what was decided under an older one is decided again before its commit.
#[derive(Clone)]
pub struct Stages {
    current: Arc<RwLock<Arc<Ruled>>>,
    workers: Workers,
}

/// Where the pure part runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// On worker threads: what takes its time holds nobody up.
    Threads,
    /// In the task that asks: whatever happens, happens in the same order each time.
    Here,
}

/// Rules with the epoch they came with.
struct Ruled {
    epoch: u64,
    rules: Rules,
}

/// An outcome that is not committed yet, with what it was made of.
pub(crate) struct Decided {
    batch: RawBatch,
    outcome: Outcome,
    scratch: Scratch,
}

impl Stages {
    /// Begins with these rules, in epoch 0.
    pub fn new(rules: Rules) -> Self {
        Self::on(Workers::Threads, rules)
    }

    /// The same, with the pure part run elsewhere than on worker threads.
    pub fn on(workers: Workers, rules: Rules) -> Self {
        let first = Ruled { epoch: 0, rules };
        Self {
            current: Arc::new(RwLock::new(Arc::new(first))),
            workers,
        }
    }

    /// Where the pure part runs.
    pub(crate) fn workers(&self) -> Workers {
        self.workers
    }

    /// The rules as they are now.
    pub fn rules(&self) -> Rules {
        self.current().rules.clone()
    }

    /// The epoch of the rules as they are now.
    pub fn epoch(&self) -> u64 {
        self.current().epoch
    }

    /// Replaces the rules and raises the epoch: what begins from here on, and what is not committed yet,
    /// follows them.
    pub fn replace(&self, rules: Rules) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let epoch = current.epoch + 1;
        *current = Arc::new(Ruled { epoch, rules });
    }

    /// The bounds of records and batches as they are now.
    pub(crate) fn limits(&self) -> RecordLimits {
        self.current().rules.pipeline.spec().limits
    }

    /// How long alerts stay, as it is now.
    pub(crate) fn retention(&self) -> Option<Duration> {
        self.current().rules.retention
    }

    fn current(&self) -> Arc<Ruled> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides a batch under the rules and tables as they are now.
    pub(crate) async fn decide(
        &self,
        mut batch: RawBatch,
        scratch: Scratch,
    ) -> Result<Decided, PortError> {
        let ruled = self.current();
        batch.epoch = ruled.epoch;
        let kept = batch.clone();
        let (outcome, scratch) = ruled.rules.decide(self.workers, batch, scratch).await?;
        Ok(Decided {
            batch: kept,
            outcome,
            scratch,
        })
    }

    /// The outcome to commit, with the scratch: asked for right before the commit. What was decided under
    /// rules that are gone is decided again.
    pub(crate) async fn settle(
        &self,
        mut decided: Decided,
    ) -> Result<(Outcome, Scratch), PortError> {
        while decided.outcome.epoch != self.epoch() {
            decided = self.decide(decided.batch, decided.scratch).await?;
        }
        Ok((decided.outcome, decided.scratch))
    }
}

impl Rules {
    async fn decide(
        &self,
        workers: Workers,
        batch: RawBatch,
        mut scratch: Scratch,
    ) -> Result<(Outcome, Scratch), PortError> {
        let (pipeline, tables) = (Arc::clone(&self.pipeline), self.tables.current());
        let now = batch.received;
        let Some(lookup) = &self.lookup else {
            let work = move || {
                let prepared = pipeline.prepare(batch, &mut scratch);
                let answers = Answers::default();
                let outcome = pipeline.finish(&tables, prepared, &answers, now, &mut scratch);
                (outcome, scratch)
            };
            return workers.run(work).await;
        };
        let preparing = Arc::clone(&pipeline);
        let work = move || {
            let prepared = preparing.prepare(batch, &mut scratch);
            (prepared, scratch)
        };
        let (prepared, mut scratch) = workers.run(work).await?;
        let answers = ask(&**lookup, &prepared).await;
        let work = move || {
            let outcome = pipeline.finish(&tables, prepared, &answers, now, &mut scratch);
            (outcome, scratch)
        };
        workers.run(work).await
    }
}

async fn ask(lookup: &dyn Lookup, prepared: &Prepared) -> Answers {
    let addresses = prepared.lookups();
    if addresses.is_empty() {
        return Answers::default();
    }
    let answers = tokio::time::timeout(LOOKUP_TIMEOUT, lookup.answer(addresses));
    answers.await.unwrap_or_default()
}

impl Workers {
    /// Runs what would hold up an async thread.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PortError> {
        match self {
            Self::Here => Ok(work()),
            Self::Threads => spawn_blocking(work).await.map_err(|error| {
                PortError::permanent(format!("a batch could not be decided: {error}"))
            }),
        }
    }
}

#[cfg(test)]
mod tests;
