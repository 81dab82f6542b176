//! What is known of a source: its checkpoint, its state, its attempts, its counters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{SourceId, Timestamp};

/// How far a poll source has been read. Both parts are stored; a round survives a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything up to here has been committed; `/health` shows it as `last_event_time`.
    pub bookmark: Timestamp,
    /// The round under way, if any.
    pub round: Option<Round>,
    /// Counter of fetches, so that a later fetch observes newer content.
    pub fetch: u64,
    /// The slow second look for what became visible too late.
    pub sweep: Sweep,
}

impl Checkpoint {
    /// A bookmark without a round under way and without a sweep.
    pub const fn at(bookmark: Timestamp) -> Self {
        Self {
            bookmark,
            round: None,
            fetch: 0,
            sweep: Sweep {
                last: None,
                floor: None,
                late: 0,
                round: None,
            },
        }
    }
}

/// A walk through the upstream's pages that has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// What the next page is asked from; where pages name the next one, what the first was asked from.
    pub since: Timestamp,
    /// The next page, where the page before has named it.
    pub place: Option<PagePlace>,
    /// The newest instant that has been seen and is not in the future.
    pub seen: Timestamp,
    /// When the round began.
    pub begun: Timestamp,
}

/// Where a walk by `Link` or cursor goes on. Only the adapter that gave it understands it. May hold a
/// secret of the upstream, so it is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PagePlace(Arc<str>);

impl PagePlace {
    /// The place with this name.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PagePlace({} bytes)", self.0.len())
    }
}

/// The sweeps of a source: how often the far past is read again, what that found, and the one under way.
/// A sweep never moves the bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sweep {
    /// When the latest one began that has come to its end; the first start counts as one, as it reads as
    /// far back. `None`: none yet, and one is due.
    pub last: Option<Timestamp>,
    /// Where the source was read from at first: no sweep goes behind it.
    pub floor: Option<Timestamp>,
    /// The late rows that the latest one found.
    pub late: u64,
    /// The one under way.
    pub round: Option<SweepRound>,
}

impl Sweep {
    /// When the next one is due: at once if there was none, or if the clock has been set back behind the
    /// latest, or while one is under way.
    pub fn due(&self, every: Duration, now: Timestamp) -> Timestamp {
        match self.last {
            Some(last) if self.round.is_none() && last <= now => last.plus(every),
            _ => now,
        }
    }
}

/// A sweep under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRound {
    /// Its walk.
    pub round: Round,
    /// New rows from before it are late: no poll would have asked for them again.
    pub reach: Timestamp,
    /// The late rows in the source's books when it began.
    pub late_before: u64,
}

/// What a source is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// Waiting for the next poll; the last one succeeded, or there was none.
    #[default]
    Idle,
    /// A request or its commits are under way.
    Syncing,
    /// Between two attempts of a failing poll.
    Retrying,
    /// The last poll failed for good; the next one is scheduled.
    Failed,
    /// The store cannot be written.
    SystemFailure,
}

impl SyncStatus {
    /// All of them, from the best to the worst.
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Syncing,
        Self::Retrying,
        Self::Failed,
        Self::SystemFailure,
    ];

    /// The word on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Syncing => "syncing",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
            Self::SystemFailure => "system_failure",
        }
    }

    /// The status of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a manual sync is refused.
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Syncing | Self::Retrying)
    }
}

/// What moved a poll to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The process started.
    Start,
    /// The interval passed.
    Schedule,
    /// Somebody asked.
    Manual,
    /// A stored round goes on.
    Resume,
    /// The far past is read again, for what became visible late.
    Sweep,
}

impl Trigger {
    /// The word on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Resume => "resume",
            Self::Sweep => "sweep",
        }
    }

    /// The trigger of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::Start,
            Self::Schedule,
            Self::Manual,
            Self::Resume,
            Self::Sweep,
        ];
        all.into_iter().find(|trigger| trigger.as_str() == word)
    }
}

/// One poll turn: up to three requests for each page, from trigger to success or failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What began it.
    pub trigger: Trigger,
    /// Requests sent, repeats included.
    pub requests: u32,
    /// Pages that were taken in whole.
    pub pages: u32,
    /// Records of all kinds read.
    pub read: u64,
    /// New alerts.
    pub new: u64,
    /// Changed alerts.
    pub changed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Alerts that were known already.
    pub same: u64,
    /// The HTTP status of the last answer, if one came.
    pub http_status: Option<u16>,
    /// The bookmark before it.
    pub bookmark_from: Option<Timestamp>,
    /// The bookmark after it.
    pub bookmark_to: Option<Timestamp>,
    /// Why it failed; `None` on success.
    pub error: Option<String>,
}

/// The part of a source's state that survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredState {
    /// Start or end of the latest attempt.
    pub last_sync: Option<Timestamp>,
    /// End of the latest successful sync.
    pub last_success: Option<Timestamp>,
    /// The error of the latest failure; cleared by a success.
    pub last_error: Option<String>,
    /// `Idle` or `Failed`, `Syncing` while one runs.
    pub status: SyncStatus,
}

/// The state of a source as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceState {
    /// Its id.
    pub id: SourceId,
    /// Its kind: `http_poll`.
    pub kind: &'static str,
    /// Where it reads: the address without secrets.
    pub address: String,
    /// What it is doing.
    pub status: SyncStatus,
    /// Everything up to here is committed; `None` before the first start has stored it.
    pub bookmark: Option<Timestamp>,
    /// The round under way.
    pub round: Option<RoundState>,
    /// Seconds from the bookmark to now.
    pub lag_seconds: Option<f64>,
    /// Start or end of the latest attempt.
    pub last_sync: Option<Timestamp>,
    /// End of the latest success.
    pub last_success: Option<Timestamp>,
    /// The latest failure's error.
    pub last_error: Option<String>,
    /// While retrying: which attempt failed, of how many, and when the next begins.
    pub retry: Option<RetryState>,
    /// When the next scheduled poll begins.
    pub next_sync: Option<Timestamp>,
    /// Until when the upstream asked to be left alone.
    pub not_before: Option<Timestamp>,
    /// Minutes between polls.
    pub interval_minutes: u32,
    /// What the poll rule noticed and cannot mend, until a later round shows that it is over.
    pub warnings: Vec<Warning>,
    /// The sweeps; `None` where there are none.
    pub sweep: Option<SweepState>,
    /// Turns that have ended since the process started; grows by one for each.
    pub turns: u64,
    /// Whether polls were stopped by hand.
    pub paused: bool,
    /// Whether the configuration names a mock whose dials can be turned.
    pub has_chaos: bool,
    /// What was counted within the last minute.
    pub minute: Counters,
    /// Since the store was made.
    pub counters: Counters,
}

/// Something that the poll rule noticed and cannot mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// For people: what, where, and what to do.
    pub detail: String,
}

/// The kinds of [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// A full page brought no progress: more records may share its instant than one page holds.
    SaturatedInstant,
    /// A full page begins with the newest record and does not reach back to what was asked for: what lies
    /// between may never come.
    GapSuspected,
}

impl WarningKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SaturatedInstant, Self::GapSuspected];

    /// The word on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SaturatedInstant => "saturated_instant",
            Self::GapSuspected => "gap_suspected",
        }
    }
}

/// [`Sweep`] for the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SweepState {
    /// When the latest one began that has come to its end; the first start counts as one.
    pub last: Option<Timestamp>,
    /// When the next one is due; it follows the poll after that.
    pub next: Timestamp,
    /// Whether one is under way.
    pub running: bool,
    /// The late rows that the latest one found.
    pub late: u64,
}

/// [`Round`] for the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RoundState {
    /// What the next page is asked from.
    pub since: Timestamp,
    /// The newest instant seen.
    pub seen: Timestamp,
    /// When the round began.
    pub begun: Timestamp,
}

/// Where a failing poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetryState {
    /// The attempt that just failed, from 1.
    pub attempt: u32,
    /// Attempts of a turn.
    pub attempts_max: u32,
    /// When the next attempt begins.
    pub next_at: Timestamp,
}

/// The books of one source: `read + redriven = new + changed + same + passed + filtered + dead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Records read from the source.
    pub read: u64,
    /// Dead letters put through again.
    pub redriven: u64,
    /// Alerts that were not there before.
    pub new: u64,
    /// Alerts whose content changed.
    pub changed: u64,
    /// Alerts that were known with the same or newer content.
    pub same: u64,
    /// Events that are no alerts.
    pub passed: u64,
    /// Events that a filter dropped.
    pub filtered: u64,
    /// Records that became dead letters, repeats counted.
    pub dead: u64,
    /// Events whose address no geography knows: no outcome of their own, so outside of the equation.
    /// Left out of JSON while there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub enrich_misses: u64,
    /// Those of the new alerts that lay before the reach of the polls, found by a sweep: a part of `new`.
    /// Left out of JSON while there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub late: u64,
}

impl Counters {
    /// What came in and what it became; equal when nothing was lost and nothing doubled.
    pub fn sides(&self) -> (u64, u64) {
        let became = self.new + self.changed + self.same + self.passed + self.filtered + self.dead;
        (self.read + self.redriven, became)
    }

    /// Adds each count.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.redriven += other.redriven;
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.passed += other.passed;
        self.filtered += other.filtered;
        self.dead += other.dead;
        self.enrich_misses += other.enrich_misses;
        self.late += other.late;
    }

    /// Each count with its name, in the order of the equation.
    pub fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("read", self.read),
            ("redriven", self.redriven),
            ("new", self.new),
            ("changed", self.changed),
            ("same", self.same),
            ("passed", self.passed),
            ("filtered", self.filtered),
            ("dead", self.dead),
        ]
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
