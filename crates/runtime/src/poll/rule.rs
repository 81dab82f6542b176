//! The poll rule, decided over plain values: where a round begins, where the next page is asked from,
//! and when the bookmark moves.
//!
//! A round walks from the bookmark, less an overlap, to the present. Each page is asked from the second
//! newest instant of the page before, so that records which share the newest instant and did not fit are
//! asked for again, whether the upstream takes `since` as inclusive or exclusive. The bookmark moves only
//! when the round ends.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::source::{Checkpoint, Round};
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
}

impl Default for PollRule {
    fn default() -> Self {
        Self {
            overlap: OVERLAP,
            overlap_short: OVERLAP_SHORT,
            lookback: LOOKBACK,
            pages_max: PAGES_MAX,
            attempts_max: ATTEMPTS_MAX,
        }
    }
}

/// What follows a page that was taken in whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    Checkpoint {
        bookmark: now.minus(rule.lookback),
        round: None,
        fetch: 0,
    }
}

/// The round to walk: the stored one, or a new one from the bookmark less the overlap.
pub fn begin(checkpoint: &Checkpoint, overlap: Duration, now: Timestamp) -> Round {
    checkpoint.round.unwrap_or(Round {
        since: checkpoint.bookmark.minus(overlap),
        seen: checkpoint.bookmark,
        begun: now,
    })
}

/// Decides what follows a page. `instants` are the newest distinct times of the page that lie not after
/// its receipt: a record from the future is stored but drags nothing.
pub fn after_page(
    checkpoint: &Checkpoint,
    round: Round,
    instants: Instants,
    now: Timestamp,
) -> Next {
    let Some(newest) = instants.newest else {
        return end(checkpoint, round, now);
    };
    let seen = round.seen.max(newest);
    let mut next = instants.second_newest.unwrap_or(newest);
    if next <= round.since {
        next = newest;
    }
    let round = Round { seen, ..round };
    if next <= round.since || newest >= round.begun {
        return end(checkpoint, round, now);
    }
    Next::Page(Round {
        since: next,
        ..round
    })
}

fn end(checkpoint: &Checkpoint, round: Round, now: Timestamp) -> Next {
    let young = now.since(round.begun) <= ROUND_YOUNG_MAX;
    let reached = if young {
        round.seen
    } else {
        round.seen.min(round.begun)
    };
    let bookmark = checkpoint.bookmark.max(reached);
    let ended = Checkpoint {
        bookmark,
        round: None,
        fetch: checkpoint.fetch,
    };
    if young {
        Next::Ended(ended)
    } else {
        Next::Again(ended)
    }
}

#[cfg(test)]
mod tests;
