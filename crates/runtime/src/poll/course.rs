//! Where a turn stands: its errand, the checkpoint, and the round that it walks.

use cresset_model::Timestamp;
use cresset_model::source::{Checkpoint, Round, SweepRound};

use super::page::PageError;
use super::rule::{self, Next, PollRule, Said};
use super::turn::Errand;

/// Statuses with which an upstream says that it does not know a page, or not any more.
const PLACE_GONE: [u16; 3] = [400, 404, 410];

/// Where a turn stands.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// What it is for.
    pub(super) errand: Errand,
    /// The checkpoint as it was loaded or committed last, with the number of the present fetch.
    pub(super) checkpoint: Checkpoint,
    /// The round that is walked.
    pub(super) round: Round,
    /// The sweep around the round, whose own round is older.
    sweep: Option<SweepRound>,
    is_fresh: bool,
    was_anew: bool,
}

impl Course {
    /// Goes on with the stored round of the errand, or begins one. `late` are the late rows in the books.
    pub(super) fn begin(
        rule: &PollRule,
        errand: Errand,
        (checkpoint, late): (Checkpoint, u64),
        now: Timestamp,
    ) -> Self {
        let (round, sweep, is_fresh) = match errand {
            Errand::Poll { overlap } => {
                let round = rule::begin(&checkpoint, overlap, now);
                (round, None, checkpoint.round.is_none())
            }
            Errand::Sweep => {
                let sweep = rule::begin_sweep(rule, &checkpoint, late, now);
                let is_fresh = checkpoint.sweep.round.is_none();
                (sweep.round.clone(), Some(sweep), is_fresh)
            }
        };
        Self {
            errand,
            checkpoint,
            round,
            sweep,
            is_fresh,
            was_anew: false,
        }
    }

    /// Whether the round began in this turn, and was not stored by a former one.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// The checkpoint with the round as it stands.
    pub(super) fn stored(&self) -> Checkpoint {
        let mut stored = self.checkpoint.clone();
        match &self.sweep {
            None => stored.round = Some(self.round.clone()),
            Some(sweep) => {
                stored.sweep.round = Some(SweepRound {
                    round: self.round.clone(),
                    ..sweep.clone()
                });
            }
        }
        stored
    }

    /// New alerts from before it are late.
    pub(super) fn late_before(&self) -> Option<Timestamp> {
        self.sweep.as_ref().map(|sweep| sweep.reach)
    }

    /// Whether the error says that the upstream does not know the page that it named before. Once a turn.
    /// `pages` are those the turn has taken: at the first one the place is a stored one, perhaps of an
    /// address that was since changed, so that whatever will stay does.
    pub(super) fn begins_anew_after(&self, error: &PageError, pages: u32) -> bool {
        if self.round.place.is_none() || self.was_anew {
            return false;
        }
        match error {
            PageError::Fetch(error) => {
                let is_gone = |status| PLACE_GONE.contains(&status);
                error.status.is_some_and(is_gone) || (!error.transient && pages == 0)
            }
            PageError::Document(_) | PageError::Paging(_) => pages == 0,
            PageError::Store(_) => false,
        }
    }

    /// Begins the round anew from its first page.
    pub(super) fn begin_anew(&mut self, now: Timestamp) {
        self.round = rule::begin_anew(&self.round, now);
        self.was_anew = true;
        self.is_fresh = true;
    }

    /// What follows a page; `late` are the late rows in the books.
    pub(super) fn after(&self, said: &Said, late: u64, now: Timestamp) -> Next {
        let round = self.round.clone();
        let Some(sweep) = &self.sweep else {
            return rule::after_page(&self.checkpoint, round, said, now);
        };
        let sweep = SweepRound {
            round,
            ..sweep.clone()
        };
        rule::after_sweep_page(&self.checkpoint, sweep, said, late)
    }
}
