//! Takes in what is pushed.

use std::time::Duration;

use bytes::Bytes;

use super::BoxFuture;
use crate::SourceId;
use crate::batch::Reason;
use crate::source::Counters;

/// Takes pushed records through the pipeline into the store.
pub trait Intake: Send + Sync {
    /// Answers after the commit, and accounts for every record.
    fn push(&self, push: PushBody) -> BoxFuture<'_, Result<PushReceipt, PushError>>;
}

/// What was pushed: one object, an array, or documents separated by white space or line feeds.
#[derive(Debug, Clone)]
pub struct PushBody {
    /// The source in the path.
    pub source: SourceId,
    /// The body as received.
    pub body: Bytes,
    /// How it is packed.
    pub encoding: Encoding,
    /// The client's `Idempotency-Key`.
    pub key: Option<String>,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PushReceipt {
    /// The counts of its commits; `read` is the number of records.
    pub counts: Counters,
    /// The records that became dead letters, by their index; at most 100 are listed.
    pub faults: Vec<RecordFaultAt>,
    /// Whether this is the stored answer to an earlier push with the same key.
    pub replayed: bool,
}

/// A record that became a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFaultAt {
    /// Its index in the push.
    pub index: u64,
    /// The stable code.
    pub reason: Reason,
    /// A sentence for people.
    pub detail: String,
}

/// Why a push was not taken. Nothing of it was stored, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// There is no such source that takes pushes.
    #[error("there is no source `{0}` that takes pushes")]
    UnknownSource(String),
    /// It is larger than allowed, packed or unpacked.
    #[error("the body is larger than {bytes_max} bytes{when}")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
        /// Empty, or `, unpacked`.
        when: &'static str,
    },
    /// It cannot be read at all: not JSON, cut, or not packed as it claims.
    #[error("{0}")]
    Malformed(String),
    /// The same key came with another body.
    #[error("the Idempotency-Key was used before with another body")]
    KeyReused,
    /// A push with the same key is still under way.
    #[error("a push with the same Idempotency-Key is under way")]
    KeyBusy,
    /// Too much is under way.
    #[error("too many pushes are under way")]
    Busy {
        /// When to come again.
        after: Duration,
    },
    /// The store or a sink does not take it now. Alerts of it may be stored; a repeat counts them `same`.
    #[error("{message}")]
    Unavailable {
        /// What happened.
        message: String,
        /// When to come again.
        after: Duration,
    },
}
