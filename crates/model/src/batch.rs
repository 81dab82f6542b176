//! A batch of records as received, before anything is understood.

use bytes::Bytes;

use crate::text::Span;
use crate::{SourceId, Timestamp};

/// Records of one source, cut out of an answer, a push or a file, in the order they came.
#[derive(Debug, Clone)]
pub struct RawBatch {
    /// The source they came from.
    pub source: SourceId,
    /// Counts up by one for each batch of a source within a process: batches commit in this order.
    pub sequence: u64,
    /// When the batch was read.
    pub received: Timestamp,
    /// The configuration's epoch under which it was read.
    pub epoch: u64,
    /// Which fetch of the source it belongs to; a later fetch observes newer content.
    pub fetch: u64,
    /// Place of the first record within the fetch.
    pub first_place: u32,
    /// What tells its records apart when they carry no id of their own.
    pub identity: BatchIdentity,
    /// The bytes that the records' spans lie in.
    pub bytes: Bytes,
    /// The records.
    pub records: Vec<RawRecord>,
}

/// What tells records apart when they carry no id of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchIdentity {
    /// Records carry the vendor's id; without one the record's content stands for it.
    Vendor,
    /// A key, such as the fingerprint of a file, and each record's byte offset: `base` plus the start of
    /// its span.
    Offset {
        /// The key.
        key: u128,
        /// The offset of the batch's first byte.
        base: u64,
    },
    /// A key, such as that of a push, and each record's index: `base` plus its index in the batch.
    Index {
        /// The key.
        key: u128,
        /// The index of the batch's first record.
        base: u64,
    },
}

/// One record as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// Where its bytes lie; of an oversized record only the kept beginning.
    pub span: Span,
    /// Set when the slicing already found it unusable.
    pub fault: Option<RecordFault>,
}

/// A record that was found unusable while it was cut out, without being kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFault {
    /// Why.
    pub reason: Reason,
    /// A sentence for people, with figures.
    pub detail: String,
    /// Its whole length in bytes.
    pub full_bytes: u64,
    /// BLAKE3 over all of its bytes.
    pub full_hash: [u8; 32],
}

/// Why a record became a dead letter: a stable code, used in tables, metrics and the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Longer than the record limit.
    RecordTooLarge,
    /// Nested deeper than the limit.
    TooDeep,
    /// An object has more keys than the limit.
    TooManyKeys,
    /// A string is longer than the limit.
    StringTooLong,
    /// Not valid UTF-8.
    InvalidUtf8,
    /// Not valid JSON.
    InvalidJson,
    /// A number that fits neither a 64-bit integer nor a finite 64-bit float.
    NumberOutOfRange,
    /// The same key twice in one object.
    DuplicateKey,
    /// A value where an object is expected.
    NotAnObject,
    /// A mandatory field is absent.
    MissingField,
    /// A mandatory field is null.
    NullField,
    /// A field has a type that cannot be taken.
    WrongType,
    /// A field has the right type and a value that cannot be taken.
    InvalidValue,
    /// The value of `source` belongs to no known format.
    UnknownSource,
    /// The store refuses the row and would refuse it again.
    StoreRefused,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::RecordTooLarge,
        Self::TooDeep,
        Self::TooManyKeys,
        Self::StringTooLong,
        Self::InvalidUtf8,
        Self::InvalidJson,
        Self::NumberOutOfRange,
        Self::DuplicateKey,
        Self::NotAnObject,
        Self::MissingField,
        Self::NullField,
        Self::WrongType,
        Self::InvalidValue,
        Self::UnknownSource,
        Self::StoreRefused,
    ];

    /// The code on every wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RecordTooLarge => "record_too_large",
            Self::TooDeep => "too_deep",
            Self::TooManyKeys => "too_many_keys",
            Self::StringTooLong => "string_too_long",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
            Self::NumberOutOfRange => "number_out_of_range",
            Self::DuplicateKey => "duplicate_key",
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::NullField => "null_field",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::UnknownSource => "unknown_source",
            Self::StoreRefused => "store_refused",
        }
    }

    /// The reason of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
