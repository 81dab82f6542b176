//! What the server commands.

use super::{BoxFuture, ChaosState, Dials, NotifierInfo, PortError};
use crate::batch::Reason;
use crate::dead_letter::DeadLetterFilter;
use crate::source::{Attempt, SourceState, SyncStatus};
use crate::{AlertId, DeadLetterId, SourceId, Timestamp};

/// Commands to the running system and its state.
pub trait Control: Send + Sync {
    /// All sources, in the order of the configuration.
    fn sources(&self) -> Vec<SourceState>;

    /// The latest turns of a source, the newest first; `None` for an unknown source.
    fn attempts(&self, source: &SourceId) -> Option<Vec<Attempt>>;

    /// Starts a sync in the background, of one source or of all; the status says `syncing` when this
    /// returns.
    fn sync(&self, source: Option<&SourceId>) -> Result<(), SyncRefused>;

    /// Starts a sync of one source although its upstream asked to be left alone; every other refusal stays.
    fn force_sync(&self, source: &SourceId) -> Result<(), SyncRefused>;

    /// Minutes between polls.
    fn interval_minutes(&self) -> u32;

    /// Sets and keeps the minutes between polls, 1 to 10,080, counted from now.
    fn set_interval_minutes(&self, minutes: u32) -> BoxFuture<'_, Result<(), PortError>>;

    /// Stops the polls of a source, over a restart too, until it is resumed. A turn under way comes to its
    /// end first.
    fn pause<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>>;

    /// Lets a paused source be polled again, at once.
    fn resume<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>>;

    /// Sets the bookmark of a source back and polls from there. Refused where the store may have
    /// forgotten identities, as records read again would then be taken for new ones and told again.
    fn rewind<'a>(
        &'a self,
        source: &'a SourceId,
        to: Timestamp,
    ) -> BoxFuture<'a, Result<(), CommandRefused>>;

    /// How the dials of a source's mock stand; refused unless the configuration names one.
    fn chaos<'a>(
        &'a self,
        source: &'a SourceId,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>>;

    /// Turns the dials of a source's mock. They go back by themselves to how they stood before the first
    /// turn; `None` puts them back now.
    fn set_chaos<'a>(
        &'a self,
        source: &'a SourceId,
        dials: Option<Dials>,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>>;

    /// Puts dead letters through the pipeline again; with `dry_run` only says what would happen.
    fn redrive(
        &self,
        selection: RedriveSelection,
        dry_run: bool,
    ) -> BoxFuture<'_, Result<RedriveReport, PortError>>;
}

/// Why a sync was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncRefused {
    /// One is under way.
    #[error("Sync already in progress (Status: {})", .0.as_str())]
    Busy(SyncStatus),
    /// The upstream asked to be left alone.
    #[error("Upstream asked to wait (Retry-After): next sync possible at {0}")]
    NotBefore(Timestamp),
    /// There is no such source.
    #[error("no source `{0}`")]
    Unknown(String),
    /// The source is paused.
    #[error("the source `{0}` is paused: resume it first")]
    Paused(String),
    /// The source is fed by others and cannot be asked.
    #[error("the source `{id}` is of kind {kind} and cannot be synced: only polled sources can")]
    NotPolled {
        /// The source.
        id: String,
        /// Its kind, such as `push`.
        kind: &'static str,
    },
}

/// Why a command to a source was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefused {
    /// There is no such source.
    #[error("no source `{0}`")]
    Unknown(String),
    /// It cannot be done to it, or not now: a sentence that says why, and what to do.
    #[error("{0}")]
    Conflict(String),
    /// The command makes no sense: a sentence that says why.
    #[error("{0}")]
    Invalid(String),
    /// The store or the mock failed.
    #[error(transparent)]
    Port(PortError),
}

/// Which dead letters to put through again. Resolved ones and those not kept whole are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveSelection {
    /// These.
    Ids(Vec<DeadLetterId>),
    /// All that match, at most `limit`, oldest first.
    Matching {
        /// The filter.
        filter: DeadLetterFilter,
        /// The most to take.
        limit: usize,
    },
}

/// What a redrive did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedriveReport {
    /// Whether it only looked.
    pub dry_run: bool,
    /// One entry for each selected dead letter.
    pub items: Vec<RedriveItem>,
}

/// What became, or would become, of one dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveItem {
    /// It is an alert now.
    Alert {
        /// The dead letter.
        id: DeadLetterId,
        /// The alert.
        alert: AlertId,
    },
    /// It is an event that is no alert; it went to the event sinks, where there are any.
    Passed {
        /// The dead letter.
        id: DeadLetterId,
    },
    /// It was refused again.
    Refused {
        /// The dead letter.
        id: DeadLetterId,
        /// The stable code.
        reason: Reason,
        /// A sentence for people.
        detail: String,
    },
    /// It was not tried.
    Skipped {
        /// The dead letter.
        id: DeadLetterId,
        /// Why not: unknown, resolved already, or not kept whole.
        why: String,
    },
}

/// The receivers of notifications.
pub trait Receivers: Send + Sync {
    /// All receivers, in the order of the configuration.
    fn list(&self) -> Vec<ReceiverInfo>;

    /// Sends a test message by each notifier of a receiver, once and without the outbox, and says for
    /// each whether it was taken.
    fn test<'a>(&'a self, name: &'a str)
    -> BoxFuture<'a, Result<NotifierResults, UnknownReceiver>>;
}

/// What became of a test of each notifier, such as `soc/0`.
pub type NotifierResults = Vec<(String, Result<(), PortError>)>;

/// A receiver, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReceiverInfo {
    /// Its configured name.
    pub name: String,
    /// Its notifiers; the place of one is the number behind the name, as in `soc/0`.
    pub notifiers: Vec<NotifierInfo>,
}

/// There is no such receiver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no receiver `{0}`")]
pub struct UnknownReceiver(pub String);

/// Takes over a changed configuration while the service runs.
pub trait Reload: Send + Sync {
    /// Reads the configuration again and takes over all of its changes, or none.
    fn reload(&self) -> BoxFuture<'_, Result<ReloadReport, ReloadRefused>>;
}

/// What a reload took over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReloadReport {
    /// The keys that changed, such as `pipelines.nullify.detect`; empty when nothing did.
    pub changed: Vec<String>,
}

/// Why a reload took over nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{}", self.sentences().join("; "))]
pub struct ReloadRefused {
    /// The keys whose change needs a restart, each with its why: `server.listen: addresses are bound once`.
    pub needs_restart: Vec<String>,
    /// The faults of the new configuration, as `cresset validate` says them.
    pub faults: Vec<String>,
}

impl ReloadRefused {
    /// All of it; a file with faults cannot be compared with what runs, so its faults come alone.
    fn sentences(&self) -> Vec<String> {
        if !self.faults.is_empty() {
            return self.faults.clone();
        }
        let needs = self.needs_restart.iter();
        needs
            .map(|need| format!("needs a restart: {need}"))
            .collect()
    }
}
