//! What watchdogs remember between two looks: since when something has not changed. By the monotonic
//! clock, so that a step of the wall clock neither starts nor ends an alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use cresset_model::alert::Position;
use cresset_model::ports::StoreVitals;
use cresset_model::source::{SourceState, SyncStatus};
use cresset_model::{SourceId, Timestamp};
use tokio::time::Instant;

use super::judge::Standing;

/// The kinds of sources that read by themselves, beside those that are polled.
const READING_KINDS: [&str; 2] = ["file", "stdin"];

/// Since when things are as they are.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sources: BTreeMap<SourceId, Unchanged<Progress>>,
    cursors: BTreeMap<String, Unchanged<Position>>,
    silent: Option<Instant>,
}

/// A value and since when it has been the same.
#[derive(Debug, Clone, Copy)]
struct Unchanged<T> {
    value: T,
    since: Instant,
}

impl<T: PartialEq> Unchanged<T> {
    fn see(&mut self, value: T, now: Instant) {
        if self.value != value {
            *self = Self { value, since: now };
        }
    }
}

/// What changes while a source gets on. A round that is cut off at the same place again and again changes
/// nothing of it, however much it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    last_success: Option<Timestamp>,
    bookmark: Option<Timestamp>,
    asked_from: Option<Timestamp>,
    kept: u64,
}

impl Progress {
    fn of(source: &SourceState) -> Self {
        Self {
            last_success: source.last_success,
            bookmark: source.bookmark,
            asked_from: source.round.map(|round| round.since),
            kept: source.counters.new + source.counters.changed,
        }
    }
}

impl Memory {
    /// How long a source has made no progress; zero for one that nobody waits for.
    pub(super) fn quiet(&mut self, source: &SourceState, now: Instant) -> Duration {
        let progress = Progress::of(source);
        let fresh = Unchanged {
            value: progress,
            since: now,
        };
        let seen = self.sources.entry(source.id.clone()).or_insert(fresh);
        seen.see(progress, now);
        if !is_awaited(source) {
            seen.since = now;
        }
        now.duration_since(seen.since)
    }

    /// The readers of the change log that are behind, and how long they have stood still. `routed` says
    /// whether the router runs at all.
    pub(super) fn standing(
        &mut self,
        vitals: &StoreVitals,
        routed: bool,
        now: Instant,
    ) -> Vec<(Standing, Duration)> {
        let mut standing = Vec::new();
        for (name, position) in &vitals.cursors {
            let fresh = Unchanged {
                value: *position,
                since: now,
            };
            let seen = self.cursors.entry(name.clone()).or_insert(fresh);
            seen.see(*position, now);
            let behind = vitals.head.saturating_sub(*position);
            if behind == 0 || !routed {
                seen.since = now;
                continue;
            }
            let name = name.clone();
            standing.push((Standing { name, behind }, now.duration_since(seen.since)));
        }
        standing
    }

    /// How long the store has not answered.
    pub(super) fn silence(&mut self, answers: bool, now: Instant) -> Duration {
        if answers {
            self.silent = None;
            return Duration::ZERO;
        }
        now.duration_since(*self.silent.get_or_insert(now))
    }
}

/// Whether a source ought to get on: one that is polled always, unless somebody paused it, one that waits
/// for lines only while it cannot read them.
fn is_awaited(source: &SourceState) -> bool {
    if source.paused {
        return false;
    }
    if source.interval_minutes > 0 {
        return true;
    }
    let fails = matches!(
        source.status,
        SyncStatus::Retrying | SyncStatus::Failed | SyncStatus::SystemFailure
    );
    READING_KINDS.contains(&source.kind) && fails
}

#[cfg(test)]
mod tests;
