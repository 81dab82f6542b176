//! How the page says times, counts and states.

use std::time::Duration;

use cresset_model::source::SyncStatus;
use cresset_model::{Severity, Timestamp};

/// A span of time in at most two units: `4 s`, `3 min`, `5 h 10 min`, `2 d 4 h`.
pub(super) fn duration(duration: Duration) -> String {
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
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        0 => "just now".to_owned(),
        _ => format!("{} ago", duration(now.since(at))),
    }
}

/// `2026-11-23 09:27:13 UTC`.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{} UTC", bare_instant(at))
}

/// `2026-11-23 09:27:13`, where UTC is said elsewhere.
pub(super) fn bare_instant(at: Timestamp) -> String {
    let text = at.to_z();
    let date = text.get(..10).unwrap_or_default();
    let time = text.get(11..19).unwrap_or_default();
    format!("{date} {time}")
}

/// A count with a comma before each three digits.
pub(super) fn count(count: u64) -> String {
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

/// What a status is called, and the class of its color.
pub(super) fn status(status: SyncStatus) -> (&'static str, &'static str) {
    match status {
        SyncStatus::Idle => ("Healthy", "ok"),
        SyncStatus::Syncing => ("Syncing…", "run"),
        SyncStatus::Retrying => ("Retrying", "warn"),
        SyncStatus::Failed => ("Failed", "err"),
        SyncStatus::SystemFailure => ("System failure", "err"),
    }
}

/// The class of a severity's tag.
pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "tag critical",
        Severity::High => "tag high",
        Severity::Medium => "tag medium",
        Severity::Low => "tag low",
        Severity::Info | Severity::Unknown => "tag info",
    }
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
        let at = Timestamp::parse("2026-11-23T09:27:13.5Z").unwrap();
        assert_eq!(instant(at), "2026-11-23 09:27:13 UTC");
        assert_eq!(ago(at, at), "just now");
    }
}
