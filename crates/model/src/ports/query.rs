//! What the server reads.

use super::{BoxFuture, PortError};
use crate::alert::{AlertDetail, AlertRow, Position, Seq};
use crate::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterGroup};
use crate::query::Filter;
use crate::{AlertId, DeadLetterId};

/// Reads for page, API and command line. Never blocks the writer.
pub trait Query: Send + Sync {
    /// A page of alerts, newest arrival first.
    fn alerts(
        &self,
        filter: Filter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<AlertPage, PortError>>;

    /// One alert with its bodies.
    fn alert(&self, id: AlertId) -> BoxFuture<'_, Result<Option<AlertDetail>, PortError>>;

    /// A page of dead letters, newest first arrival first; raw bytes included.
    fn dead_letters(
        &self,
        filter: DeadLetterFilter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<DeadLetterPage, PortError>>;

    /// One dead letter.
    fn dead_letter(&self, id: DeadLetterId)
    -> BoxFuture<'_, Result<Option<DeadLetter>, PortError>>;

    /// Matching dead letters by reason and source, the largest group first.
    fn dead_letter_groups(
        &self,
        filter: DeadLetterFilter,
    ) -> BoxFuture<'_, Result<Vec<DeadLetterGroup>, PortError>>;

    /// Whether the store answers, and facts about it. Fails when it does not.
    fn facts(&self) -> BoxFuture<'_, Result<StoreFacts, PortError>>;
}

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Only rows that arrived before this one.
    pub before: Option<Seq>,
    /// At most this many.
    pub limit: usize,
    /// Whether the total is wanted.
    pub total: bool,
}

/// A page of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertPage {
    /// The rows, newest arrival first.
    pub items: Vec<AlertRow>,
    /// The `before` of the next page; `None` on the last.
    pub next: Option<Seq>,
    /// How many match in all, if asked.
    pub total: Option<Total>,
}

/// A page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadLetterPage {
    /// The rows.
    pub items: Vec<DeadLetter>,
    /// The `before` of the next page.
    pub next: Option<u64>,
    /// How many match in all, if asked.
    pub total: Option<Total>,
}

/// A count, exact or a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Total {
    /// The count.
    pub value: u64,
    /// Whether it is exact; otherwise there are at least that many.
    pub exact: bool,
}

/// Facts about the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFacts {
    /// Engine and place, such as `sqlite data/cresset.db`.
    pub engine: String,
    /// Alerts stored now.
    pub alerts: u64,
    /// Open dead letters.
    pub dead_letters: u64,
    /// Last position of the change log.
    pub head: Position,
    /// Bytes on disk, journals included.
    pub disk_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// The live index.
    pub index: IndexState,
}

/// Whether the live index answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexState {
    /// Filled and in use.
    pub ready: bool,
    /// Rows in it.
    pub rows: u64,
    /// Bytes it takes.
    pub bytes: u64,
}
