//! What a loop remembers between turns. All of it may be lost: it only saves work, or notices.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Validator;
use cresset_model::source::{PagePlace, Warning};
use tokio::time::Instant;

use super::course::Course;
use super::notice::PageSizes;
use super::page::{PageEnd, PageError};
use super::rule::Said;
use super::turn::Errand;
use crate::pace::Pace;

/// Places of one round that are remembered; beyond them it begins to remember anew.
const PLACES_MAX: usize = 65_536;
/// Pages without a record, one after the other, that may each name a next one.
pub(super) const EMPTY_PAGES_MAX: u32 = 100;
/// Pages whose content is remembered by its mark.
const PAGES_KNOWN_MAX: usize = 32;
/// For how long a page may be asked for by its mark alone. An identity must be seen within the life of a
/// tombstone, or what the page repeats would become new.
pub(super) const PAGE_KNOWN_FOR: Duration = Duration::from_hours(1);

/// What a loop remembers between turns.
pub(super) struct Memory {
    /// Waits.
    pub(super) pace: Pace,
    /// How large pages are.
    pub(super) sizes: PageSizes,
    /// What was noticed in the present round.
    pub(super) warnings: Vec<Warning>,
    /// The places of the present round, and those of the present sweep.
    trails: [Trail; 2],
    /// Pages that need not come again unless they have changed.
    pub(super) pages: KnownPages,
}

impl Memory {
    pub(super) fn new(jitter_seed: u64) -> Self {
        Self {
            pace: Pace::new(jitter_seed),
            sizes: PageSizes::default(),
            warnings: Vec::new(),
            trails: Default::default(),
            pages: KnownPages::default(),
        }
    }

    /// The trail of an errand: a poll and a sweep between whose turns it comes meet the same places.
    pub(super) fn trail(&mut self, errand: Errand) -> &mut Trail {
        let [poll, sweep] = &mut self.trails;
        match errand {
            Errand::Poll { .. } => poll,
            Errand::Sweep => sweep,
        }
    }
}

/// The places that a round has been sent to.
#[derive(Debug, Default)]
pub(super) struct Trail {
    hasher: RandomState,
    seen: HashSet<u64>,
    empty_pages: u32,
    /// Turns in a row that failed at their first page.
    pub(super) failed_turns: u32,
}

impl Trail {
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.empty_pages = 0;
        self.failed_turns = 0;
    }

    /// Looks at a place that a page with so many records names; an error if it leads nowhere.
    pub(super) fn look(&mut self, place: &PagePlace, records: u64) -> Result<(), PageError> {
        self.empty_pages = if records == 0 {
            self.empty_pages + 1
        } else {
            0
        };
        if self.empty_pages > EMPTY_PAGES_MAX {
            return Err(PageError::Paging(format!(
                "the upstream names a next page after {EMPTY_PAGES_MAX} pages without a record: the last \
                 page must name none"
            )));
        }
        if self.seen.contains(&self.hasher.hash_one(place)) {
            return Err(PageError::Paging(
                "the upstream names a next page for the second time: its pages go in a circle, and the \
                 last page must name none"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Goes to a place, once that is stored: one that was not will be named again.
    pub(super) fn tread(&mut self, place: &PagePlace) {
        if self.seen.len() >= PLACES_MAX {
            self.seen.clear();
        }
        self.seen.insert(self.hasher.hash_one(place));
    }
}

/// A page as it was taken in whole.
#[derive(Debug, Clone)]
pub(super) struct KnownPage {
    /// What marks its content.
    pub(super) validator: Validator,
    /// What it said about the way on.
    pub(super) said: Said,
}

/// Pages that were taken in whole, the latest last. Only a round that begins asks by them: the same
/// instant again means that the bookmark has not moved since.
#[derive(Debug, Default)]
pub(super) struct KnownPages(VecDeque<Known>);

#[derive(Debug)]
struct Known {
    since: Timestamp,
    place: Option<PagePlace>,
    epoch: u64,
    taken: Instant,
    page: KnownPage,
}

impl KnownPages {
    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The page that is asked for next, if it may be asked for by its mark. A sweep looks at everything.
    pub(super) fn find(&self, course: &Course, epoch: u64) -> Option<KnownPage> {
        if course.errand == Errand::Sweep || !course.is_fresh() {
            return None;
        }
        let known = self.0.iter().find(|known| known.is_of(course))?;
        let is_usable = known.epoch == epoch && known.taken.elapsed() < PAGE_KNOWN_FOR;
        is_usable.then(|| known.page.clone())
    }

    /// Remembers a page that was taken in whole; forgets it where its content has no mark.
    pub(super) fn keep(&mut self, course: &Course, epoch: u64, taken: &PageEnd) {
        if taken.is_unchanged || taken.error.is_some() {
            return;
        }
        self.0.retain(|known| !known.is_of(course));
        let (Ok(said), Some(validator)) = (&taken.said, &taken.validator) else {
            return;
        };
        if self.0.len() >= PAGES_KNOWN_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Known {
            since: course.round.since,
            place: course.round.place.clone(),
            epoch,
            taken: Instant::now(),
            page: KnownPage {
                validator: validator.clone(),
                said: said.clone(),
            },
        });
    }
}

impl Known {
    fn is_of(&self, course: &Course) -> bool {
        self.since == course.round.since && self.place == course.round.place
    }
}
