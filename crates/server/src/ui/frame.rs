//! What surrounds every page: what the sources do, what waits, and what the server is.

use std::time::Duration;

use cresset_model::health::Finding;
use cresset_model::ports::ChaosState;
use cresset_model::source::{SourceState, SyncStatus};
use cresset_model::{SourceId, Timestamp};
use futures_util::future::join_all;

use super::components::Tone;
use super::words;
use crate::ask;
use crate::seed_a::overall;
use crate::services::App;

/// The facts around a page.
pub(crate) struct Frame {
    /// The time.
    pub(crate) now: Timestamp,
    /// The sources.
    pub(crate) sources: Vec<SourceState>,
    /// Sources with a mock whose dials can be turned, and how they stand, if the mock answers.
    pub(crate) chaos: Vec<(SourceId, Option<ChaosState>)>,
    /// Whether the store answers.
    pub(crate) store: Result<StoreLine, String>,
    /// What the watchdogs find, the worst first.
    pub(crate) findings: Vec<Finding>,
    /// Whether everybody who reaches the server may use it.
    pub(crate) open: bool,
    /// The version of the program.
    pub(crate) version: String,
}

/// What the frame says of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreLine {
    /// Engine and place.
    pub(crate) engine: String,
    /// Alerts stored.
    pub(crate) alerts: u64,
    /// Open dead letters.
    pub(crate) dead_letters: u64,
}

impl Frame {
    /// Asks for the facts.
    pub(crate) async fn of(app: &App) -> Self {
        let (store, health) = tokio::join!(ask::facts(app), app.services.health.health());
        let store = match store {
            Ok(facts) => Ok(StoreLine {
                engine: facts.engine,
                alerts: facts.alerts,
                dead_letters: facts.dead_letters,
            }),
            Err(fault) => Err(fault.text()),
        };
        let sources = app.services.control.sources();
        Self {
            now: app.now(),
            chaos: chaos(app, &sources).await,
            sources,
            store,
            findings: health.findings,
            open: app.access.open,
            version: app.services.facts.version.clone(),
        }
    }

    /// The state of the whole: its tone and its word.
    pub(crate) fn status(&self) -> (Tone, &'static str) {
        if self.store.is_err() {
            return words::status(SyncStatus::SystemFailure);
        }
        words::status(overall(&self.sources).status)
    }

    /// Until when dials are turned, if any are.
    pub(crate) fn chaos_until(&self) -> Option<Timestamp> {
        self.chaos
            .iter()
            .filter_map(|(_, state)| state.as_ref()?.until)
            .max()
    }

    /// Whether any source is asked for what is new, so that there is something to sync.
    pub(crate) fn polls(&self) -> bool {
        self.sources.iter().any(is_polled)
    }

    /// Sources that fail.
    pub(crate) fn failing(&self) -> u64 {
        let fails = |source: &&SourceState| {
            matches!(
                source.status,
                SyncStatus::Failed | SyncStatus::SystemFailure
            )
        };
        self.sources.iter().filter(fails).count() as u64
    }
}

/// Whether a source is asked, and not fed by others.
pub(crate) fn is_polled(source: &SourceState) -> bool {
    source.kind == "http_poll"
}

/// Asks the mocks, which are part of a demo or a test: a page does not wait for one that is slow.
async fn chaos(app: &App, sources: &[SourceState]) -> Vec<(SourceId, Option<ChaosState>)> {
    const PATIENCE: Duration = Duration::from_millis(400);
    let asked = sources
        .iter()
        .filter(|source| source.has_chaos)
        .map(|source| async {
            let state =
                tokio::time::timeout(PATIENCE, app.services.control.chaos(&source.id)).await;
            (source.id.clone(), state.ok().and_then(Result::ok))
        });
    join_all(asked).await
}
