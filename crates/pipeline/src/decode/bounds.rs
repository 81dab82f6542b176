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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_configured_spans_can_name_it_and_a_batch_holds_a_record() {
        let all = |value| RecordLimits {
            record_bytes_max: value,
            batch_bytes_max: value,
            batch_records_max: value,
            ..RecordLimits::default()
        };
        let held = |limits: RecordLimits| {
            let limits = bounded(limits);
            (
                limits.record_bytes_max,
                limits.batch_bytes_max,
                limits.batch_records_max,
            )
        };
        assert_eq!(held(all(0)), (0, 1, 1));
        assert_eq!(held(all(7)), (7, 7, 7));
        let most = BUFFER_BYTES_MAX;
        assert_eq!(held(all(most)), (most, most, most));
        assert_eq!(held(all(usize::MAX)), (most, most, usize::MAX));
    }
}
