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
    /// The detections that fired; each alert names its own by a range.
    pub matches: Vec<Match>,
    /// The records with their additions, one JSON document each, every one followed by a line feed. Empty
    /// when no event sink wants them; alerts' enriched bodies lie here too.
    pub out: Bytes,
    /// The lines of `out` that go to the event sinks, in the order of their records.
    pub events: Vec<OutEvent>,
    /// Events whose address no geography knows; they are handed on without the fields.
    pub enrich_misses: u32,
}

/// An event for the event sinks: a line of [`Outcome::out`], without its line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutEvent {
    /// Index of its record in the batch.
    pub record: u32,
    /// Its bytes.
    pub line: Span,
}

/// A detection that fired on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The rule, a configured or fixed name: `threat.severity`, `threat.list`, `indicators`.
    pub rule: Arc<str>,
    /// The field that matched.
    pub field: &'static str,
    /// The value that matched.
    pub value: Text,
    /// The list and what in it matched, for a list's match.
    pub entry: Option<ListEntry>,
}

/// The entry of an indicator list that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The configured name of the list.
    pub list: Arc<str>,
    /// The entry, in canonical form, in the arena of the batch.
    pub entry: Text,
    /// Where the list comes from.
    pub origin: Arc<str>,
}

impl Outcome {
    /// The text of a span.
    pub fn text(&self, text: Text) -> &str {
        text.resolve(&self.bytes, &self.arena)
    }

    /// The detections of an alert.
    pub fn matches_of(&self, alert: &AlertDraft) -> &[Match] {
        let (first, count) = (alert.matches.0 as usize, alert.matches.1 as usize);
        self.matches.get(first..first + count).unwrap_or_default()
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
    /// What a detection of ours says about it.
    pub title: Option<&'static str>,
    /// What it says.
    pub description: Text,
    /// The address that acted.
    pub src_ip: IpAddr,
    /// The address that was acted upon.
    pub dst_ip: Option<IpAddr>,
    /// When the vendor says it happened.
    pub created_at: Timestamp,
    /// ISO 3166-1 alpha-2 code of the country of `dst_ip`, upper case.
    pub country: Option<[u8; 2]>,
    /// The user behind `src_ip`.
    pub user: Option<Text>,
    /// The record as received.
    pub raw: Span,
    /// The record with its additions: a span of [`Outcome::out`].
    pub enriched: Option<Span>,
    /// Its detections: a range of [`Outcome::matches`], as first and number.
    pub matches: (u32, u32),
    /// What happened on the way.
    pub marks: Marks,
}

/// Places of one fetch that are told apart.
pub const OBSERVATION_PLACES: u32 = 1 << 24;

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
        (fetch << 24) | i64::from(self.place.min(OBSERVATION_PLACES - 1))
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
