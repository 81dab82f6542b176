//! How the service is, and what the store says about itself.

use super::{BoxFuture, PortError};
use crate::alert::Position;
use crate::health::Finding;
use crate::{SourceId, Timestamp};

/// Says whether the service is well.
pub trait Health: Send + Sync {
    /// What the watchdogs find now. Answers also while the store does not.
    fn health(&self) -> BoxFuture<'_, HealthReport>;
}

/// What the watchdogs find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthReport {
    /// The findings, the worst first; empty while all is well.
    pub findings: Vec<Finding>,
    /// What the store says of itself; `None` while it does not answer.
    pub vitals: Option<StoreVitals>,
}

/// What the store says of itself.
pub trait Vitals: Send + Sync {
    /// All of it, as of one moment. Fails when the store does not answer.
    fn vitals(&self) -> BoxFuture<'_, Result<StoreVitals, PortError>>;
}

/// What tells whether a store is well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreVitals {
    /// Last position of the change log.
    pub head: Position,
    /// Who reads the change log, and how far.
    pub cursors: Vec<(String, Position)>,
    /// Receivers with notifications that were neither taken nor given up.
    pub waiting: Vec<Waiting>,
    /// The room of dead letters.
    pub dead_letters: DeadLetterRoom,
    /// Bytes that are free on the disk of the store, if it can be told.
    pub free_bytes: Option<u64>,
}

/// What waits for one notifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The notifier, such as `soc/0`.
    pub receiver: String,
    /// How many notifications.
    pub rows: u64,
    /// When the oldest of them was decided.
    pub oldest: Timestamp,
    /// Why the last try of the oldest failed, if it was tried.
    pub error: Option<String>,
}

/// How much dead letters take, and what had to go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadLetterRoom {
    /// Bytes of all of them.
    pub bytes: u64,
    /// Bytes that they may take; beyond it the oldest are dropped.
    pub bytes_max: u64,
    /// Records whose dead letters were dropped, by source, repeats counted as in the books.
    pub dropped: Vec<(SourceId, u64)>,
    /// When the latest were dropped.
    pub dropped_at: Option<Timestamp>,
}

impl DeadLetterRoom {
    /// Dropped records of all sources.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().map(|(_, records)| records).sum()
    }
}
