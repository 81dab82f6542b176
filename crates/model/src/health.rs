//! Whether the service is well: watchdogs, their limits, and what they find.

use std::time::Duration;

use serde::Serialize;

use crate::Timestamp;

/// How well the service is, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All is well.
    #[default]
    Green,
    /// Somebody should look.
    Yellow,
    /// Somebody must act.
    Red,
}

impl Level {
    /// The word on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// 0 for green, 1 for yellow, 2 for red.
    pub fn number(self) -> u8 {
        match self {
            Self::Green => 0,
            Self::Yellow => 1,
            Self::Red => 2,
        }
    }
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Watchdog {
    /// Whether the store answers and takes writes.
    Store,
    /// Whether there is room on the store's disk.
    Disk,
    /// Whether each source gets on.
    Source,
    /// Whether those who read the change log get on.
    Cursor,
    /// Whether notifications reach their receivers.
    Outbox,
    /// Whether dead letters had to be dropped.
    DeadLetters,
    /// Whether the configuration file is the one that runs.
    Configuration,
}

impl Watchdog {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Store,
        Self::Disk,
        Self::Source,
        Self::Cursor,
        Self::Outbox,
        Self::DeadLetters,
        Self::Configuration,
    ];

    /// The word on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Disk => "disk",
            Self::Source => "source",
            Self::Cursor => "cursor",
            Self::Outbox => "outbox",
            Self::DeadLetters => "dead_letters",
            Self::Configuration => "configuration",
        }
    }

    /// What it says when it finds something, the same each time.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Store => "the store does not answer or takes no writes",
            Self::Disk => "the disk of the store is nearly full",
            Self::Source => "a source makes no progress",
            Self::Cursor => "a reader of the change log does not move on",
            Self::Outbox => "notifications do not reach their receiver",
            Self::DeadLetters => "dead letters were dropped to keep their bound",
            Self::Configuration => "the configuration file was not taken over",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Store => {
                "look at the log and at the disk of the data directory, then run `cresset doctor` on it; \
                 nothing is acknowledged meanwhile"
            }
            Self::Disk => "free space on the disk of the data directory, or shorten `retention`",
            Self::Source => {
                "look at its attempts on the Sources page: check address, credentials and network of what \
                 it reads; nothing is lost meanwhile, it goes on where it stopped"
            }
            Self::Cursor => {
                "look for \"router\" in the log, then restart the service: it goes on where it stopped"
            }
            Self::Outbox => {
                "test the receiver with `cresset outbox test`, look at its deliveries, mend it; then \
                 everything that waits is delivered in order"
            }
            Self::DeadLetters => {
                "see `cresset dlq reasons`: mend what sends them, redrive what waits, or raise \
                 `store.sqlite.dead_letter_budget`"
            }
            Self::Configuration => {
                "run `cresset validate` on the file, then `cresset config reload`, or restart where it says so"
            }
        }
    }
}

/// Something that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Who found it.
    pub watchdog: Watchdog,
    /// What it is about: a source, a receiver, a cursor, or the store.
    pub about: String,
    /// Yellow or red.
    pub level: Level,
    /// Since when it is so, as far as that is known.
    pub since: Option<Timestamp>,
    /// What is wrong, a sentence for people; may hold texts that others sent.
    pub what: String,
    /// What to do, a sentence for people.
    pub remedy: &'static str,
}

/// When watchdogs begin to complain. At the limit a finding is yellow, at twice the limit red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchLimits {
    /// Intervals that a polled source may be without progress.
    pub source_intervals: u32,
    /// How long a source may be without progress, if its intervals are shorter.
    pub source: Duration,
    /// How long a reader of the change log may stand still while there is something to read.
    pub cursor: Duration,
    /// How long a notification may wait for its receiver.
    pub outbox: Duration,
    /// How long it is told that dead letters were dropped.
    pub dead_letters: Duration,
    /// Free bytes on the store's disk; here yellow begins below it, and red below half of it.
    pub disk_bytes: u64,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            source_intervals: 3,
            source: Duration::from_mins(5),
            cursor: Duration::from_mins(1),
            outbox: Duration::from_mins(15),
            dead_letters: Duration::from_hours(1),
            disk_bytes: 512 << 20,
        }
    }
}

/// The worst level of some findings.
pub fn worst(findings: &[Finding]) -> Level {
    let levels = findings.iter().map(|finding| finding.level);
    levels.max().unwrap_or_default()
}
