//! `watchdogs:`, when the service says that something is not well.

use std::time::Duration;

use cresset_model::config::{ByteSize, Section};
use cresset_model::health::WatchLimits;

/// The shortest time of any watchdog.
const TIME_MIN: Duration = Duration::from_secs(1);
/// The longest.
const TIME_MAX: Duration = Duration::from_hours(30 * 24);
/// The most intervals that a source may be without progress.
const INTERVALS_MAX: u32 = 1_000;
/// The most free disk that may be asked for.
const DISK_BYTES_MAX: u64 = 1 << 40;

pub(super) fn read(mut section: Section<'_>) -> WatchLimits {
    let default = WatchLimits::default();
    let source_intervals = section.in_range(
        "source_intervals",
        default.source_intervals,
        0..=INTERVALS_MAX,
    );
    let source = section.in_range("source", default.source, TIME_MIN..=TIME_MAX);
    let cursor = section.in_range("cursor", default.cursor, TIME_MIN..=TIME_MAX);
    let outbox = section.in_range("outbox", default.outbox, TIME_MIN..=TIME_MAX);
    let dead_letters = section.in_range("dead_letters", default.dead_letters, TIME_MIN..=TIME_MAX);
    let ByteSize(disk_bytes) = section.in_range(
        "disk",
        ByteSize(default.disk_bytes),
        ByteSize(0)..=ByteSize(DISK_BYTES_MAX),
    );
    section.finish();
    WatchLimits {
        source_intervals,
        source,
        cursor,
        outbox,
        dead_letters,
        disk_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_end, loaded, minimal_with};
    use super::*;

    /// To break it: leave a key out, or widen a bound.
    #[test]
    fn limits_hold_at_their_ends() {
        for (keys, expected) in [
            ("source: 1s, cursor: 1s, outbox: 1s, dead_letters: 1s", None),
            (
                "source: 30d, cursor: 30d, outbox: 30d, dead_letters: 30d",
                None,
            ),
            ("source_intervals: 0, disk: 0B", None),
            ("source_intervals: 1000, disk: 1024GiB", None),
            (
                "source: 999ms",
                Some("8:22: \"source\" is out of range: 999ms: from 1s to 30d are allowed"),
            ),
            (
                "cursor: 31d",
                Some("8:22: \"cursor\" is out of range: 31d: from 1s to 30d are allowed"),
            ),
            (
                "outbox: 0s",
                Some("8:22: \"outbox\" is out of range: 0ms: from 1s to 30d are allowed"),
            ),
            (
                "dead_letters: 300d",
                Some("8:28: \"dead_letters\" is out of range: 300d: from 1s to 30d are allowed"),
            ),
            (
                "source_intervals: 1001",
                Some(
                    "8:32: \"source_intervals\" is out of range: 1001: from 0 to 1000 are allowed",
                ),
            ),
            (
                "disk: 1025GiB",
                Some("8:20: \"disk\" is out of range: 1025GiB: from 0B to 1024GiB are allowed"),
            ),
        ] {
            let text = format!("watchdogs: {{ {keys} }}\n");
            check_end(&text, &expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_key_sets_its_limit() {
        let text = "watchdogs: { source_intervals: 9, source: 2s, cursor: 3s, outbox: 4s, \
                    dead_letters: 5s, disk: 6B }\n";
        let limits = loaded(&minimal_with(text), &[]).watchdogs;
        let expected = WatchLimits {
            source_intervals: 9,
            source: Duration::from_secs(2),
            cursor: Duration::from_secs(3),
            outbox: Duration::from_secs(4),
            dead_letters: Duration::from_secs(5),
            disk_bytes: 6,
        };
        assert_eq!(limits, expected);
        assert_eq!(
            loaded(&minimal_with(""), &[]).watchdogs,
            WatchLimits::default()
        );
    }
}
