//! The poll rule, decided over plain values: where a round begins, where the next page is asked from,
//! and when the bookmark moves.
//!
//! A round walks from the bookmark, less an overlap, to the present. Each page is asked from the second
//! newest instant of the page before, so that records which share the newest instant and did not fit are
//! asked for again, whether the upstream takes `since` as inclusive or exclusive. Where pages name the next
//! one, by `Link` or cursor, the round follows the names instead, whatever the order of the records. The
//! bookmark moves only when the round ends.
//!
//! A sweep is the same walk from much further back. It moves no bookmark, and counts what it finds that no
//! poll would have asked for again: so it proves or disproves the overlap.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::source::{Checkpoint, PagePlace, Round, Sweep, SweepRound};
use cresset_pipeline::process::Instants;

/// How far back a full overlap reaches.
pub const OVERLAP: Duration = Duration::from_mins(5);
/// How far back the polls between full overlaps reach.
pub const OVERLAP_SHORT: Duration = Duration::from_secs(10);
/// A full overlap is due at most this often.
pub const OVERLAP_EVERY: Duration = Duration::from_mins(1);
/// Where the bookmark stands at the first start, before now.
pub const LOOKBACK: Duration = Duration::from_hours(24);
/// Pages of one turn; a round that needs more goes on at once in the next.
pub const PAGES_MAX: u32 = 20;
/// A round that took longer than this, because it was cut, killed or retried, ends at its own beginning
/// and another begins at once. Otherwise a record that became visible behind it, late but within the
/// overlap, would fall out of the next round's reach: the bookmark would have outrun the overlap by the
/// time the round took.
pub const ROUND_YOUNG_MAX: Duration = Duration::from_mins(1);
/// How often the far past is swept.
pub const SWEEP_EVERY: Duration = Duration::from_hours(6);
/// How far back a sweep reaches.
pub const SWEEP_BACK: Duration = Duration::from_hours(24);
/// An identity whose alert is gone is kept this long after it was last seen, and longer where overlap or
/// sweep reach further back.
pub const TOMBSTONE_LIFE: Duration = Duration::from_hours(30);
/// Attempts of one request before the turn fails.
pub const ATTEMPTS_MAX: u32 = 3;

/// The settings of the poll rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollRule {
    /// See [`OVERLAP`].
    pub overlap: Duration,
    /// See [`OVERLAP_SHORT`].
    pub overlap_short: Duration,
    /// See [`LOOKBACK`].
    pub lookback: Duration,
    /// See [`PAGES_MAX`].
    pub pages_max: u32,
    /// See [`ATTEMPTS_MAX`].
    pub attempts_max: u32,
    /// The slow second look; `None` for none.
    pub sweep: Option<SweepRule>,
}

/// When and how far back a sweep reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepRule {
    /// See [`SWEEP_EVERY`].
    pub every: Duration,
    /// See [`SWEEP_BACK`].
    pub back: Duration,
}

impl Default for SweepRule {
    fn default() -> Self {
        Self {
            every: SWEEP_EVERY,
            back: SWEEP_BACK,
        }
    }
}

impl Default for PollRule {
    fn default() -> Self {
        Self {
            overlap: OVERLAP,
            overlap_short: OVERLAP_SHORT,
            lookback: LOOKBACK,
            pages_max: PAGES_MAX,
            attempts_max: ATTEMPTS_MAX,
            sweep: Some(SweepRule::default()),
        }
    }
}

impl PollRule {
    /// How long an identity whose alert is gone is kept after it was last seen: for longer than anything
    /// that is asked for again may lie back.
    pub fn identity_life(&self) -> Duration {
        let swept = self.sweep.map(|sweep| sweep.back + sweep.every);
        TOMBSTONE_LIFE
            .max(self.overlap * 2)
            .max(swept.unwrap_or_default())
    }
}

/// How the next page is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By the times of this one.
    ByTime,
    /// This page names it.
    To(PagePlace),
    /// Pages name the next one, and this one names none: it is the last.
    Last,
}

/// What a page that was taken in whole says about the way on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The newest distinct times of the page that lie not after its receipt: a record from the future is
    /// stored but drags nothing.
    pub instants: Instants,
    /// How the next page is found.
    pub way: Way,
}

/// What follows a page that was taken in whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The round goes on from here.
    Page(Round),
    /// The round has ended at the present; this is the checkpoint to commit.
    Ended(Checkpoint),
    /// The round has ended, but it was old: commit this and begin another at once.
    Again(Checkpoint),
}

/// The checkpoint of a source that was never read.
pub fn first_checkpoint(rule: &PollRule, now: Timestamp) -> Checkpoint {
    let bookmark = now.minus(rule.lookback);
    Checkpoint {
        sweep: Sweep {
            last: Some(now),
            floor: Some(bookmark),
            ..Sweep::default()
        },
        ..Checkpoint::at(bookmark)
    }
}

/// The round to walk: the stored one, or a new one from the bookmark less the overlap.
pub fn begin(checkpoint: &Checkpoint, overlap: Duration, now: Timestamp) -> Round {
    let fresh = || Round {
        since: checkpoint.bookmark.minus(overlap),
        place: None,
        seen: checkpoint.bookmark,
        begun: now,
    };
    checkpoint.round.clone().unwrap_or_else(fresh)
}

/// The same round from its first page on, where the upstream does not know its place any more.
pub fn begin_anew(round: &Round, now: Timestamp) -> Round {
    Round {
        place: None,
        begun: now,
        ..round.clone()
    }
}

/// Decides what follows a page.
pub fn after_page(checkpoint: &Checkpoint, round: Round, said: &Said, now: Timestamp) -> Next {
    match step(round, said) {
        Step::Page(round) => Next::Page(round),
        Step::End(round) => end(checkpoint, &round, now),
    }
}

enum Step {
    Page(Round),
    End(Round),
}

fn step(round: Round, said: &Said) -> Step {
    let seen = round.seen.max(said.instants.newest.unwrap_or(round.seen));
    let round = Round { seen, ..round };
    match (&said.way, said.instants.newest) {
        (Way::To(place), _) => Step::Page(Round {
            place: Some(place.clone()),
            ..round
        }),
        (Way::Last, _) | (Way::ByTime, None) => Step::End(round),
        (Way::ByTime, Some(newest)) => {
            let mut next = said.instants.second_newest.unwrap_or(newest);
            if next <= round.since {
                next = newest;
            }
            if next <= round.since || newest >= round.begun {
                return Step::End(round);
            }
            Step::Page(Round {
                since: next,
                ..round
            })
        }
    }
}

fn end(checkpoint: &Checkpoint, round: &Round, now: Timestamp) -> Next {
    let young = now.since(round.begun) <= ROUND_YOUNG_MAX;
    let reached = if young {
        round.seen
    } else {
        round.seen.min(round.begun)
    };
    let ended = Checkpoint {
        bookmark: checkpoint.bookmark.max(reached),
        round: None,
        ..checkpoint.clone()
    };
    if young {
        Next::Ended(ended)
    } else {
        Next::Again(ended)
    }
}

/// The sweep to walk: the stored one, or a new one. `late` are the late rows in the source's books.
pub fn begin_sweep(
    rule: &PollRule,
    checkpoint: &Checkpoint,
    late: u64,
    now: Timestamp,
) -> SweepRound {
    if let Some(stored) = &checkpoint.sweep.round {
        return stored.clone();
    }
    let since = now.minus(rule.sweep.unwrap_or_default().back);
    SweepRound {
        round: Round {
            since: checkpoint
                .sweep
                .floor
                .map_or(since, |floor| since.max(floor)),
            place: None,
            seen: checkpoint.bookmark,
            begun: now,
        },
        reach: checkpoint.bookmark.minus(rule.overlap),
        late_before: late,
    }
}

/// Decides what follows a page of a sweep. However old it has become, it ends: another is due in time.
pub fn after_sweep_page(
    checkpoint: &Checkpoint,
    sweep: SweepRound,
    said: &Said,
    late: u64,
) -> Next {
    match step(sweep.round, said) {
        Step::Page(round) => Next::Page(round),
        Step::End(round) => Next::Ended(Checkpoint {
            sweep: Sweep {
                last: Some(round.begun),
                late: late.saturating_sub(sweep.late_before),
                round: None,
                ..checkpoint.sweep.clone()
            },
            ..checkpoint.clone()
        }),
    }
}

#[cfg(test)]
mod tests;
