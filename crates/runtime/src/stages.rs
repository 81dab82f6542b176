//! The pure part of a pipeline as the runners use it: decided on worker threads, with the answers of a
//! remote look-up where there is one.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::batch::RawBatch;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Answers, Lookup, PortError};
use cresset_pipeline::process::{Pipeline, Prepared, Scratch};
use tokio::task::spawn_blocking;

use crate::live_tables::LiveTables;

/// How long a batch waits for the answers to its look-ups; without them the tables in memory stand in.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(20);

/// The pure part of one pipeline and what it looks up.
#[derive(Clone)]
pub struct Stages {
    /// The pure part.
    pub pipeline: Arc<Pipeline>,
    /// The tables of the enrichments.
    pub tables: Arc<LiveTables>,
    /// A remote enrichment, if one is configured.
    pub lookup: Option<Arc<dyn Lookup>>,
}

impl Stages {
    /// Decides a batch, under the tables as they are now; gives the scratch back.
    pub(crate) async fn decide(
        &self,
        batch: RawBatch,
        mut scratch: Scratch,
    ) -> Result<(Outcome, Scratch), PortError> {
        let (stages, tables) = (self.clone(), self.tables.current());
        let now = batch.received;
        let Some(lookup) = &self.lookup else {
            return on_worker(move || {
                let prepared = stages.pipeline.prepare(batch, &mut scratch);
                let answers = Answers::default();
                let outcome =
                    stages
                        .pipeline
                        .finish(&tables, prepared, &answers, now, &mut scratch);
                (outcome, scratch)
            })
            .await;
        };
        let (prepared, mut scratch) = on_worker(move || {
            let prepared = stages.pipeline.prepare(batch, &mut scratch);
            (prepared, scratch)
        })
        .await?;
        let answers = ask(&**lookup, &prepared).await;
        let stages = self.clone();
        on_worker(move || {
            let outcome = stages
                .pipeline
                .finish(&tables, prepared, &answers, now, &mut scratch);
            (outcome, scratch)
        })
        .await
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

/// Runs on a worker thread what would hold up an async one.
pub(crate) async fn on_worker<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PortError> {
    spawn_blocking(work)
        .await
        .map_err(|error| PortError::permanent(format!("a batch could not be decided: {error}")))
}

/// The number of the observation of what is pushed or read at an instant: hundredths of a second since the
/// epoch, so that what comes later is newer, after a restart too.
pub(crate) fn observed_at(received: Timestamp) -> u64 {
    u64::try_from(received.nanos() / 10_000_000).unwrap_or(0)
}
