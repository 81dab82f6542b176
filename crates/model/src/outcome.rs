//! What the pipeline decided about a batch: the value that crosses into the commit.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::batch::Reason;
use crate::provenance::{Context, Marks};
use crate::text::{Span, Text};
use crate::{AlertId, ContentHash, DeadLetterId, Severity, SourceId, Timestamp};

/// What became of the records of one batch. Every record is in exactly one of the lists or counts.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The source of the batch.
    pub source: SourceId,
    /// The sequence number of the batch.
    pub sequence: u64,
    /// The configuration's epoch it was decided under.
    pub epoch: u64,
    /// When the batch was read.
    pub received: Timestamp,
    /// Which fetch it belongs to; see [`Observation`].
    pub fetch: u64,
    /// Number of records that the batch held.
    pub read: u32,
    /// Events that are no alerts.
    pub passed: u32,
    /// Events that a filter dropped.
    pub filtered: u32,
    /// The received bytes; spans and raw bodies lie in them.
    pub bytes: Bytes,
    /// Texts that had to be written anew.
    pub arena: String,
    /// Which tables and adapter made it.
    pub context: Arc<Context>,
    /// The alerts, in the order of their records.
    pub alerts: Vec<AlertDraft>,
    /// The dead letters, in the order of their records.
    pub rejected: Vec<Rejected>,
}

impl Outcome {
    /// The text of a span.
    pub fn text(&self, text: Text) -> &str {
        text.resolve(&self.bytes, &self.arena)
    }

    /// The raw bytes of a record.
    pub fn raw(&self, span: Span) -> &[u8] {
        span.of(&self.bytes)
    }
}

/// An alert as the pipeline made it; the store decides whether it is new, changed or the same.
#[derive(Debug, Clone, Copy)]
pub struct AlertDraft {
    /// Index of its record in the batch.
    pub record: u32,
    /// Its identity.
    pub id: AlertId,
    /// What the record says, whatever the order of its keys.
    pub content: ContentHash,
    /// When its content was seen; the newer content wins.
    pub observed: Observation,
    /// The id the vendor gave it.
    pub upstream_id: Text,
    /// The vendor's own kind of source, such as `waf`, from the adapter's fixed list.
    pub source: &'static str,
    /// How bad it claims to be.
    pub severity: Severity,
    /// What it says.
    pub description: Text,
    /// The address that acted.
    pub src_ip: IpAddr,
    /// The address that was acted upon.
    pub dst_ip: IpAddr,
    /// When the vendor says it happened.
    pub created_at: Timestamp,
    /// ISO 3166-1 alpha-2 code of the country of `dst_ip`, upper case.
    pub country: Option<[u8; 2]>,
    /// The user behind `src_ip`.
    pub user: Option<Text>,
    /// The record as received.
    pub raw: Span,
    /// What happened on the way.
    pub marks: Marks,
}

/// The order in which contents of one alert were seen: by fetch, then by place within the fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Observation {
    /// Counter of fetches of the source, kept in its checkpoint.
    pub fetch: u64,
    /// Place within the fetch.
    pub place: u32,
}

impl Observation {
    /// One number that orders as the pair does; places beyond 2^24 of one fetch share the last.
    pub fn packed(self) -> i64 {
        let fetch = i64::try_from(self.fetch & ((1 << 39) - 1)).unwrap_or(i64::MAX >> 24);
        (fetch << 24) | i64::from(self.place.min((1 << 24) - 1))
    }
}

/// A record that could not be used, and why.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Index of its record in the batch.
    pub record: u32,
    /// Its identity: source and bytes.
    pub id: DeadLetterId,
    /// The stage that refused it.
    pub stage: Stage,
    /// The stable code.
    pub reason: Reason,
    /// A sentence for people: which field, what came, what is expected.
    pub detail: String,
    /// The vendor's id, if it could be read.
    pub upstream_id: Option<Text>,
    /// The bytes kept, at most [`crate::limits::DEAD_LETTER_RAW_BYTES_MAX`].
    pub raw: Span,
    /// The record's whole length in bytes.
    pub full_bytes: u64,
    /// BLAKE3 over the whole record.
    pub full_hash: [u8; 32],
}

/// The stage of the pipeline that refused a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Cutting and parsing.
    Decode,
    /// Mapping the vendor's fields.
    Normalize,
    /// The commit.
    Store,
}

impl Stage {
    /// The word on every wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Normalize => "normalize",
            Self::Store => "store",
        }
    }

    /// The stage of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Decode, Self::Normalize, Self::Store]
            .into_iter()
            .find(|stage| stage.as_str() == word)
    }
}
