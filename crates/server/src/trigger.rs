//! Starts a sync of all sources and says what came of it.

use cresset_model::SourceId;
use cresset_model::ports::SyncRefused;

use crate::services::App;

/// What came of the wish to sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Started {
    /// It runs.
    Yes,
    /// It does not: a sentence, and the seconds after which it may.
    No {
        /// Why not.
        text: String,
        /// When to try again, if known.
        retry_after_seconds: Option<u64>,
    },
}

/// Starts a sync of one source or of all.
pub(crate) fn trigger(app: &App, source: Option<&SourceId>) -> Started {
    told(app, app.services.control.sync(source))
}

/// Starts a sync of one source although its upstream asked to be left alone.
pub(crate) fn force(app: &App, source: &SourceId) -> Started {
    told(app, app.services.control.force_sync(source))
}

fn told(app: &App, result: Result<(), SyncRefused>) -> Started {
    let Err(refused) = result else {
        return Started::Yes;
    };
    let retry_after_seconds = match &refused {
        SyncRefused::NotBefore(at) => Some(at.since(app.now()).as_secs().max(1)),
        SyncRefused::Busy(_)
        | SyncRefused::Paused(_)
        | SyncRefused::Unknown(_)
        | SyncRefused::NotPolled { .. } => None,
    };
    Started::No {
        text: refused.to_string(),
        retry_after_seconds,
    }
}
