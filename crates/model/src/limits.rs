//! The bounds of one record and one batch, each with a name, a unit and a default.

/// Bytes of one record; a longer one becomes a dead letter.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Nesting depth of one record, its outermost object counted as 1.
pub const DEPTH_MAX: usize = 64;
/// Keys of one object.
pub const KEYS_MAX: usize = 256;
/// Bytes of one JSON string as received, quotes excluded.
pub const STRING_BYTES_MAX: usize = 256 << 10;
/// Records in one batch.
pub const BATCH_RECORDS_MAX: usize = 1_000;
/// Bytes in one batch.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Raw bytes that a dead letter keeps; of a longer record its length and hash are kept besides.
pub const DEAD_LETTER_RAW_BYTES_MAX: usize = 64 << 10;

/// The bounds of one record and one batch, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// See [`RECORD_BYTES_MAX`].
    pub record_bytes_max: usize,
    /// See [`DEPTH_MAX`].
    pub depth_max: usize,
    /// See [`KEYS_MAX`].
    pub keys_max: usize,
    /// See [`STRING_BYTES_MAX`].
    pub string_bytes_max: usize,
    /// See [`BATCH_RECORDS_MAX`].
    pub batch_records_max: usize,
    /// See [`BATCH_BYTES_MAX`].
    pub batch_bytes_max: usize,
    /// See [`DEAD_LETTER_RAW_BYTES_MAX`].
    pub dead_letter_raw_bytes_max: usize,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self {
            record_bytes_max: RECORD_BYTES_MAX,
            depth_max: DEPTH_MAX,
            keys_max: KEYS_MAX,
            string_bytes_max: STRING_BYTES_MAX,
            batch_records_max: BATCH_RECORDS_MAX,
            batch_bytes_max: BATCH_BYTES_MAX,
            dead_letter_raw_bytes_max: DEAD_LETTER_RAW_BYTES_MAX,
        }
    }
}
