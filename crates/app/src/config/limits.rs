//! `limits:`, the bounds of one record and one batch.

use cresset_model::config::{ByteSize, Fault, Section, quote};
use cresset_model::limits::RecordLimits;

const RECORD_BYTES_MAX_MAX: u64 = 64 << 20;
const DEPTH_MAX_MAX: u64 = 256;
const KEYS_MAX_MAX: u64 = 65_536;
const BATCH_RECORDS_MAX_MAX: u64 = 100_000;
const BATCH_BYTES_MAX_MAX: u64 = 256 << 20;

pub(super) fn read(mut section: Section<'_>) -> RecordLimits {
    let default = RecordLimits::default();
    let limits = RecordLimits {
        record_bytes_max: size(
            &mut section,
            "record",
            default.record_bytes_max,
            RECORD_BYTES_MAX_MAX,
        ),
        depth_max: count(&mut section, "depth", default.depth_max, DEPTH_MAX_MAX),
        keys_max: count(&mut section, "keys", default.keys_max, KEYS_MAX_MAX),
        string_bytes_max: size(
            &mut section,
            "string",
            default.string_bytes_max,
            RECORD_BYTES_MAX_MAX,
        ),
        batch_records_max: count(
            &mut section,
            "batch_records",
            default.batch_records_max,
            BATCH_RECORDS_MAX_MAX,
        ),
        batch_bytes_max: size(
            &mut section,
            "batch",
            default.batch_bytes_max,
            BATCH_BYTES_MAX_MAX,
        ),
        ..default
    };
    fits(
        &section,
        ("string", limits.string_bytes_max),
        ("record", limits.record_bytes_max),
    );
    fits(
        &section,
        ("record", limits.record_bytes_max),
        ("batch", limits.batch_bytes_max),
    );
    section.finish();
    limits
}

fn size(section: &mut Section<'_>, key: &'static str, default: usize, most: u64) -> usize {
    let ByteSize(bytes) =
        section.in_range(key, ByteSize(default as u64), ByteSize(1)..=ByteSize(most));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn count(section: &mut Section<'_>, key: &'static str, default: usize, most: u64) -> usize {
    let number = section.in_range(key, default as u64, 1..=most);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Reports a smaller thing that is allowed to be larger than what it lies in.
fn fits(section: &Section<'_>, inner: (&str, usize), outer: (&str, usize)) {
    if inner.1 > outer.1 {
        let message = format!("{} is larger than {}", quote(inner.0), quote(outer.0));
        let hint = format!("a {} lies within a {}", inner.0, outer.0);
        section.report(Fault::at(section.place_of(inner.0), message).hint(hint));
    }
}
