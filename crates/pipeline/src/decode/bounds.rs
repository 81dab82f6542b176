//! Bounds that hold whatever is configured.

use cresset_model::limits::RecordLimits;

/// Spans are 32 bits wide: whatever is configured, a batch and a record stay below this.
const BUFFER_BYTES_MAX: usize = 1 << 30;

/// The limits, held within what spans can name; a batch holds at least one record.
pub(super) fn bounded(limits: RecordLimits) -> RecordLimits {
    RecordLimits {
        record_bytes_max: limits.record_bytes_max.min(BUFFER_BYTES_MAX),
        batch_bytes_max: limits.batch_bytes_max.clamp(1, BUFFER_BYTES_MAX),
        batch_records_max: limits.batch_records_max.max(1),
        ..limits
    }
}
