//! The store: alerts, dead letters, counters and checkpoints, in one commit.

use std::time::Duration;

use super::{BoxFuture, PortError};
use crate::alert::{Change, Position};
use crate::outcome::Outcome;
use crate::source::{Attempt, Checkpoint, Counters, StoredState};
use crate::{DeadLetterId, SourceId, Timestamp};

/// Writes, and reads what the pipeline's shell needs. All methods may be called from any task; one
/// writer serves them in the order of their lanes.
pub trait Store: Send + Sync {
    /// Commits all of it or nothing, grouped with other waiting requests. Returns after the commit is
    /// durable. A record the store cannot hold becomes a dead letter and does not fail the commit.
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>>;

    /// What a commit did whose answer was lost, by its ticket; `None` if it was not carried out. Of each
    /// source the receipts of the latest [`RECEIPTS_KEPT`] tickets are kept.
    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>>;

    /// What is stored about a source; the default for one never seen.
    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>>;

    /// Stores changes of a source's state that belong to no batch.
    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>>;

    /// Stores whether a source is paused; nothing else changes it.
    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>>;

    /// Change-log entries after the cursor, at most `limit`, oldest first.
    fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>>;

    /// The last position of the change log, without asking the disk.
    fn head(&self) -> Position;

    /// Deletes what is too old, in chunks between commits, and returns what went.
    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>>;

    /// A value that was set at run time.
    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>>;

    /// Sets a value at run time; `None` drops it.
    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>>;

    /// The answer to an earlier push with this key, unless it was stored before the given instant.
    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>>;

    /// How far the files of a source have been read, the latest stored first.
    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>>;
}

/// One request to the writer.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The source it belongs to.
    pub source: SourceId,
    /// Which requests go first.
    pub lane: Lane,
    /// `ingested_at` of new rows.
    pub at: Timestamp,
    /// What the pipeline decided; `None` to move only the checkpoint.
    pub outcome: Option<Outcome>,
    /// The checkpoint to store with it.
    pub checkpoint: Option<Checkpoint>,
    /// New alerts from before it count as late too; set by sweeps.
    pub late_before: Option<Timestamp>,
    /// For a redrive: the dead letter behind each record of the outcome, by index. Its records count as
    /// `redriven` and not as `read`; a record that was not refused again resolves its dead letter.
    pub redriven: Vec<DeadLetterId>,
    /// How far the source's files have been read with it; the store keeps the latest
    /// [`FILE_POSITIONS_MAX`] of each source.
    pub positions: Vec<FilePosition>,
    /// The answer to the push whose last commit this is.
    pub push: Option<StoredPush>,
    /// Under what its receipt is stored with it, to be asked for should the answer be lost.
    pub ticket: Option<Ticket>,
}

/// The name of one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// A random number of the process that made it: tickets of a former process are never met again.
    pub run: u64,
    /// Counts up within the process.
    pub number: u64,
}

/// How far one file has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePosition {
    /// What tells the file from others, whatever its name.
    pub fingerprint: u128,
    /// The offset of the first byte that has not been read.
    pub offset: u64,
    /// The number that the file system knows it by; 0 where there is none. A hint: copies have others.
    pub inode: u64,
    /// [`line_check`](super::line_check) of the bytes before `offset`, which tells it from a file that only
    /// begins alike.
    pub check: u64,
}

/// The answer to a push, stored with its last commit, so that a repeat gets the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPush {
    /// The client's `Idempotency-Key`.
    pub key: String,
    /// BLAKE3 over the body, to tell a repeat from another push under the same key.
    pub body_hash: [u8; 32],
    /// The answer, as its owner wrote it.
    pub answer: String,
}

/// The order in which waiting requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Marks of delivery and state; small and urgent.
    Urgent,
    /// Pushes: somebody waits for the answer.
    Push,
    /// Polls.
    Poll,
    /// Retention and other bulk work.
    Bulk,
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The counts that it added to the source's books.
    pub counts: Counters,
    /// What became of each alert of the outcome, in its order. An alert that the store refused is
    /// [`Upsert::Dead`].
    pub upserts: Vec<Upsert>,
    /// The last position of the change log after it.
    pub head: Position,
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// The alert was not there.
    New,
    /// Its content was replaced.
    Changed,
    /// Known, with the same or a newer content.
    Same,
    /// Refused by the store; a dead letter now.
    Dead,
}

/// What the store knows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredSource {
    /// Its checkpoint, `None` before its first start.
    pub checkpoint: Option<Checkpoint>,
    /// Its state.
    pub state: StoredState,
    /// Whether its polls were stopped by hand.
    pub paused: bool,
    /// Its books.
    pub counters: Counters,
    /// Its latest turns, the newest first, at most 60.
    pub attempts: Vec<Attempt>,
}

/// A change of a source's state.
#[derive(Debug, Clone)]
pub struct SourceUpdate {
    /// The source.
    pub source: SourceId,
    /// The state from now on.
    pub state: StoredState,
    /// A turn that has ended.
    pub attempt: Option<Attempt>,
}

/// What is too old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Only of this source, or of all.
    pub source: Option<SourceId>,
    /// Alerts ingested before this instant go.
    pub ingested_before: Timestamp,
    /// Identities whose alert is gone and that were last seen before this instant go too.
    pub unseen_since: Timestamp,
}

/// What retention took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retained {
    /// Alerts deleted.
    pub alerts: u64,
    /// Identities forgotten.
    pub identities: u64,
}

/// Positions of files kept of each source; the ones not stored for longest are dropped.
pub const FILE_POSITIONS_MAX: usize = 1_000;
/// Receipts kept of each source: more than commits of one source can be under way.
pub const RECEIPTS_KEPT: u64 = 1_024;
/// How long the answer to a push is kept.
pub const PUSH_ANSWER_AGE_MAX: Duration = Duration::from_hours(24);
