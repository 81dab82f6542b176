//! Decides, from facts, an instant and limits, what is wrong. Knows no clock and no port.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::health::{Finding, Level, WatchLimits, Watchdog};
use cresset_model::ports::{StoreVitals, Waiting};
use cresset_model::source::{SourceState, SyncStatus};

/// What is judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    /// Each source, and how long it has made no progress.
    pub(super) sources: Vec<(SourceState, Duration)>,
    /// What the store says of itself, or how long it has said nothing. Why is for the log alone.
    pub(super) store: Result<StoreVitals, Duration>,
    /// Each reader of the change log that has something to read, and how long it has stood still.
    pub(super) cursors: Vec<(Standing, Duration)>,
    /// When a changed configuration was refused, and why, if that was the last word on it.
    pub(super) refused: Option<(Timestamp, String)>,
}

/// A reader of the change log that is behind its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) behind: u64,
}

/// What is wrong, the worst first.
pub(super) fn judge(facts: &Facts, now: Timestamp, limits: &WatchLimits) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &facts.store {
        Ok(vitals) => {
            findings.extend(disk(vitals, limits));
            let waiting = vitals.waiting.iter();
            findings.extend(waiting.filter_map(|waiting| outbox(waiting, now, limits)));
            findings.extend(dead_letters(vitals, now, limits));
        }
        Err(lasts) => findings.push(finding(
            (Watchdog::Store, "store", Level::Red),
            Some(now.minus(*lasts)),
            "the store does not answer".to_owned(),
        )),
    }
    for (source, quiet) in &facts.sources {
        findings.extend(writes(source));
        findings.extend(progress(source, *quiet, now, limits));
    }
    for (standing, lasts) in &facts.cursors {
        findings.extend(cursor(standing, *lasts, now, limits));
    }
    findings.extend(configuration(facts));
    // The order of watchdogs and of the configuration stays within a level.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    findings
}

fn finding(
    (watchdog, about, level): (Watchdog, &str, Level),
    since: Option<Timestamp>,
    what: String,
) -> Finding {
    Finding {
        watchdog,
        about: about.to_owned(),
        level,
        since,
        what,
        remedy: watchdog.remedy(),
    }
}

/// At the limit yellow, at twice the limit red.
fn level(lasts: Duration, limit: Duration) -> Level {
    if lasts >= limit.saturating_mul(2) {
        Level::Red
    } else if lasts >= limit {
        Level::Yellow
    } else {
        Level::Green
    }
}

fn disk(vitals: &StoreVitals, limits: &WatchLimits) -> Option<Finding> {
    let free = vitals.free_bytes?;
    let level = if free < limits.disk_bytes / 2 {
        Level::Red
    } else if free < limits.disk_bytes {
        Level::Yellow
    } else {
        return None;
    };
    let (free, least) = (free >> 20, limits.disk_bytes >> 20);
    let what = format!("{free} MiB are free on the disk of the store, less than {least} MiB");
    Some(finding((Watchdog::Disk, "store", level), None, what))
}

fn outbox(waiting: &Waiting, now: Timestamp, limits: &WatchLimits) -> Option<Finding> {
    let level = level(now.since(waiting.oldest), limits.outbox);
    if level == Level::Green {
        return None;
    }
    let rows = waiting.rows;
    let noun = if rows == 1 {
        "notification waits"
    } else {
        "notifications wait"
    };
    let mut what = format!("{rows} {noun}");
    if let Some(error) = &waiting.error {
        what = format!("{what}; the last try failed: {error}");
    }
    let about = (Watchdog::Outbox, waiting.receiver.as_str(), level);
    Some(finding(about, Some(waiting.oldest), what))
}

/// That records are gone for good is told for a while, and is never worse than yellow: it cannot be mended.
fn dead_letters(vitals: &StoreVitals, now: Timestamp, limits: &WatchLimits) -> Option<Finding> {
    let room = &vitals.dead_letters;
    let at = room.dropped_at?;
    if now.since(at) >= limits.dead_letters {
        return None;
    }
    let what = format!(
        "the oldest dead letters were dropped to keep {} MiB: {} records are gone since the store was made",
        room.bytes_max >> 20,
        room.dropped_in_all()
    );
    let about = (Watchdog::DeadLetters, "store", Level::Yellow);
    Some(finding(about, Some(at), what))
}

fn writes(source: &SourceState) -> Option<Finding> {
    if source.status != SyncStatus::SystemFailure {
        return None;
    }
    let error = source.last_error.as_deref().unwrap_or("no cause is known");
    let what = format!("what this source read last could not be stored: {error}");
    let about = (Watchdog::Store, source.id.as_str(), Level::Red);
    Some(finding(about, source.last_sync, what))
}

fn progress(
    source: &SourceState,
    quiet: Duration,
    now: Timestamp,
    limits: &WatchLimits,
) -> Option<Finding> {
    if source.paused {
        return None;
    }
    let interval = Duration::from_mins(u64::from(source.interval_minutes));
    let limit = limits
        .source
        .max(interval.saturating_mul(limits.source_intervals));
    let level = level(quiet, limit);
    if level == Level::Green {
        return None;
    }
    let what = match &source.last_error {
        Some(error) => format!("nothing was read with success: {error}"),
        None => "nothing was read with success".to_owned(),
    };
    let about = (Watchdog::Source, source.id.as_str(), level);
    Some(finding(about, Some(now.minus(quiet)), what))
}

fn cursor(
    standing: &Standing,
    lasts: Duration,
    now: Timestamp,
    limits: &WatchLimits,
) -> Option<Finding> {
    let level = level(lasts, limits.cursor);
    if level == Level::Green {
        return None;
    }
    let what = format!("it stands still, {} changes behind", standing.behind);
    let about = (Watchdog::Cursor, standing.name.as_str(), level);
    Some(finding(about, Some(now.minus(lasts)), what))
}

/// What ran goes on, so it is never worse than yellow.
fn configuration(facts: &Facts) -> Option<Finding> {
    let (at, why) = facts.refused.as_ref()?;
    let what = format!("the changed file was refused, the former configuration runs on: {why}");
    let about = (Watchdog::Configuration, "file", Level::Yellow);
    Some(finding(about, Some(*at), what))
}

#[cfg(test)]
mod tests;
