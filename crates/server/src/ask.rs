//! Asks a port within a time limit and sorts what may go wrong.

use std::time::Duration;

use cresset_model::ports::{BoxFuture, PortError, StoreFacts};
use tracing::{error, warn};

use crate::services::App;

/// How long a port may take.
const PORT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a command over many rows may take.
const BULK_TIMEOUT: Duration = Duration::from_mins(1);
/// How long the store may take to say that it is there: the original's own dashboard waits 2 s for
/// `/health`.
const FACTS_TIMEOUT: Duration = Duration::from_millis(1_500);
/// What `Retry-After` says when the port names no delay.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Why a port gave no answer, as far as a client may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It may pass.
    Unavailable {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// It will stay; the log has the cause under this id.
    Internal {
        /// The id.
        id: String,
    },
}

impl Fault {
    /// A sentence for a client, without internals.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Unavailable {
                retry_after_seconds,
            } => format!("The store does not answer; try again in {retry_after_seconds} s"),
            Self::Internal { id } => internal_text(id),
        }
    }
}

/// What a client hears of an internal error.
pub(crate) fn internal_text(id: &str) -> String {
    format!("Internal error; the log names the cause under id {id}")
}

/// Waits for a port's answer.
pub(crate) async fn ask<T>(
    app: &App,
    future: BoxFuture<'_, Result<T, PortError>>,
) -> Result<T, Fault> {
    within(app, PORT_TIMEOUT, future).await
}

/// Waits for the answer of a command over many rows.
pub(crate) async fn ask_bulk<T>(
    app: &App,
    future: BoxFuture<'_, Result<T, PortError>>,
) -> Result<T, Fault> {
    within(app, BULK_TIMEOUT, future).await
}

/// Waits for the outcome of a command to another part of the process.
pub(crate) async fn command<T>(future: BoxFuture<'_, T>) -> Result<T, Fault> {
    tokio::time::timeout(BULK_TIMEOUT, future)
        .await
        .map_err(|_| {
            warn!(
                timeout_ms = u64::try_from(BULK_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
                "command timed out"
            );
            Fault::Unavailable {
                retry_after_seconds: RETRY_AFTER_SECONDS,
            }
        })
}

/// Whether the store answers, and facts about it.
pub(crate) async fn facts(app: &App) -> Result<StoreFacts, Fault> {
    within(app, FACTS_TIMEOUT, app.services.query.facts()).await
}

async fn within<T>(
    app: &App,
    limit: Duration,
    future: BoxFuture<'_, Result<T, PortError>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(limit, future).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(PortError::Transient { message, after })) => {
            warn!(error = %message, "store does not answer");
            let seconds = after.map_or(RETRY_AFTER_SECONDS, |after| after.as_secs().max(1));
            Err(Fault::Unavailable {
                retry_after_seconds: seconds,
            })
        }
        Ok(Err(PortError::Permanent { message })) => {
            let id = app.failure_id();
            error!(error.id = %id, error = %message, "store refuses a request");
            Err(Fault::Internal { id })
        }
        Err(_) => {
            warn!(
                timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
                "store timed out"
            );
            Err(Fault::Unavailable {
                retry_after_seconds: RETRY_AFTER_SECONDS,
            })
        }
    }
}
