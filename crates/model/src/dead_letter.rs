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
    /// Only those that came at this instant or later, if only once more.
    pub since: Option<Timestamp>,
    /// Only those that first came before this instant.
    pub until: Option<Timestamp>,
}

impl DeadLetterFilter {
    /// Whether a dead letter is meant: of a time range one that came first before its end and last not
    /// before its beginning.
    pub fn matches(&self, letter: &DeadLetter) -> bool {
        self.source
            .as_ref()
            .is_none_or(|id| *id == letter.source_id)
            && self.reason.is_none_or(|reason| reason == letter.reason)
            && self
                .resolved
                .is_none_or(|resolved| resolved == letter.resolved_at.is_some())
            && self.since.is_none_or(|since| letter.last_seen >= since)
            && self.until.is_none_or(|until| letter.first_seen < until)
    }
}

/// Dead letters of one source with the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterGroup {
    /// The reason.
    pub reason: Reason,
    /// The source.
    pub source_id: SourceId,
    /// How many dead letters.
    pub letters: u64,
    /// How many of them were kept whole, so that they can be put through again.
    pub whole: u64,
    /// How often they came in all.
    pub records: u64,
    /// When the first of them first came.
    pub first_seen: Timestamp,
    /// When the last of them last came.
    pub last_seen: Timestamp,
    /// What the latest arrived of them says.
    pub example: String,
    /// The latest arrived of them.
    pub example_id: DeadLetterId,
}
