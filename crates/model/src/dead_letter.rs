//! Records that could not be used, kept so that they can be put through again.

use crate::batch::Reason;
use crate::outcome::Stage;
use crate::{AlertId, DeadLetterId, SourceId, Timestamp};

/// A dead letter, with the bytes that were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Identity: source and bytes.
    pub id: DeadLetterId,
    /// Place in the order of first arrival.
    pub seq: u64,
    /// The source it came from.
    pub source_id: SourceId,
    /// The stage that refused it.
    pub stage: Stage,
    /// The stable code.
    pub reason: Reason,
    /// A sentence for people.
    pub detail: String,
    /// The vendor's id, if it could be read.
    pub upstream_id: Option<String>,
    /// How often it came.
    pub count: u64,
    /// When it first came.
    pub first_seen: Timestamp,
    /// When it last came.
    pub last_seen: Timestamp,
    /// The record's whole length in bytes.
    pub full_bytes: u64,
    /// BLAKE3 over the whole record, in hexadecimal.
    pub full_hash: String,
    /// The kept beginning of the record; the whole record if `full_bytes` says so.
    pub raw: Vec<u8>,
    /// When a redrive succeeded.
    pub resolved_at: Option<Timestamp>,
    /// The alert that the redrive made; `None` when it made an event that is no alert.
    pub alert: Option<AlertId>,
}

impl DeadLetter {
    /// Whether all of its bytes were kept, so that it can be put through again.
    pub fn is_whole(&self) -> bool {
        self.raw.len() as u64 == self.full_bytes
    }
}

/// Which dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadLetterFilter {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only with this reason.
    pub reason: Option<Reason>,
    /// `Some(true)`: only resolved ones; `Some(false)`: only open ones.
    pub resolved: Option<bool>,
}
