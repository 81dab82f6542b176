//! How the page says times, counts and states.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::source::SyncStatus;

use super::components::Tone;

/// A span of time in at most two units: `4 s`, `3 min`, `5 h 10 min`, `2 d 4 h`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds / 60, "min", 0, ""),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// How long ago.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        0 => "just now".to_owned(),
        _ => format!("{} ago", duration(now.since(at))),
    }
}

/// `2026-11-23 09:27:13`, where UTC is said elsewhere.
pub(crate) fn bare_instant(at: Timestamp) -> String {
    let text = at.to_z();
    let date = text.get(..10).unwrap_or_default();
    let time = text.get(11..19).unwrap_or_default();
    format!("{date} {time}")
}

/// A count with a comma before each three digits.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size in its largest unit: `512 B`, `4.2 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mut unit = (1_u64, "B");
    for (shift, name) in [(10, "KiB"), (20, "MiB"), (30, "GiB"), (40, "TiB")] {
        if bytes >= 1 << shift {
            unit = (1 << shift, name);
        }
    }
    let (size, name) = unit;
    match (bytes % size).saturating_mul(10) / size {
        0 => format!("{} {name}", bytes / size),
        tenth => format!("{}.{tenth} {name}", bytes / size),
    }
}

/// What a status is called, and its tone. The words are the original dashboard's.
pub(crate) fn status(status: SyncStatus) -> (Tone, &'static str) {
    match status {
        SyncStatus::Idle => (Tone::Ok, "Success"),
        SyncStatus::Syncing => (Tone::Run, "Syncing"),
        SyncStatus::Retrying => (Tone::Warn, "Retrying"),
        SyncStatus::Failed => (Tone::Err, "Failed"),
        SyncStatus::SystemFailure => (Tone::Err, "System failure"),
    }
}

/// How long ago in one unit, for lists: `12 s`, `4 m`, `3 h`, `2 d`.
pub(crate) fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `14:03:15` of the day in UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_z().get(11..19).unwrap_or_default().to_owned()
}

/// `11-23`: month and day.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_z().get(5..10).unwrap_or_default().to_owned()
}

/// `2026-11-23 09:27:13.204 UTC`.
pub(crate) fn exact_instant(at: Timestamp) -> String {
    let millis = at.nanos().rem_euclid(1_000_000_000) / 1_000_000;
    format!("{}.{millis:03} UTC", bare_instant(at))
}

/// `1 alert`, `2 alerts`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_counts_are_said_briefly() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (18_600, "5 h 10 min"),
            (86_400, "1 d"),
            (187_200, "2 d 4 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), said);
        }
        for (number, said) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), said);
        }
        for (size, said) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (256 << 20, "256 MiB"),
            (5 << 40, "5 TiB"),
        ] {
            assert_eq!(bytes(size), said);
        }
        let at = Timestamp::parse("2026-11-23T09:27:13.5Z").unwrap();
        assert_eq!(exact_instant(at), "2026-11-23 09:27:13.500 UTC");
        assert_eq!(
            (clock(at), day(at)),
            ("09:27:13".to_owned(), "11-23".to_owned())
        );
        assert_eq!(brief(Duration::from_mins(121)), "2 h");
        assert_eq!(
            (counted(1, "alert"), counted(2_000, "alert")),
            ("1 alert".to_owned(), "2,000 alerts".to_owned())
        );
        assert_eq!(ago(at, at), "just now");
    }
}
