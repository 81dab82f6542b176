//! The walk of a turn: page after page, attempt after attempt, until the round ends or the turn is over.

use std::time::Duration;

use cresset_model::ports::PortError;
use cresset_model::source::{Checkpoint, RetryState, SyncStatus};
use tracing::{info, warn};

use super::course::Course;
use super::memory::Memory;
use super::page::{PageEnd, PageError};
use super::rule::{Next, Way};
use super::runner::Poll;
use super::turn::{Account, Errand, RETRY_AFTER_WITHIN_TURN_MAX, TurnEnd};

/// Turns in a row that may fail at the page they go on with before the round begins anew: an upstream may
/// answer a page that it does not know any more with an error that looks as if it could pass.
const PLACE_TURNS_MAX: u32 = 3;

/// Why a turn was given up.
pub(super) struct GaveUp {
    /// The last error.
    pub(super) error: PageError,
    /// How long the upstream asked to be left alone.
    pub(super) wait: Option<Duration>,
}

impl From<PortError> for GaveUp {
    fn from(error: PortError) -> Self {
        PageError::Store(error).into()
    }
}

impl From<PageError> for GaveUp {
    fn from(error: PageError) -> Self {
        Self { error, wait: None }
    }
}

impl Poll {
    /// Walks until the round ends, the turn has taken its pages, or it is given up.
    pub(super) async fn walk(
        &self,
        errand: Errand,
        memory: &mut Memory,
        account: &mut Account,
    ) -> Result<TurnEnd, GaveUp> {
        self.enter(SyncStatus::Syncing).await?;
        if errand != Errand::Sweep {
            self.retain().await?;
        }
        let checkpoint = self.load_checkpoint().await?;
        account.attempt.bookmark_from = Some(checkpoint.bookmark);
        let mut course = self.course(errand, checkpoint, memory);
        loop {
            course.checkpoint.fetch += 1;
            let taken = self.attempt(&course, memory, account).await;
            if let Some(error) = taken.error {
                if course.begins_anew_after(&error, account.attempt.pages) {
                    self.begin_anew(&mut course, memory, &error);
                } else {
                    self.failed(error, errand, memory, account).await?;
                }
                continue;
            }
            account.failures = 0;
            account.attempt.pages += 1;
            memory.trail(errand).failed_turns = 0;
            self.notice(&course, &taken, memory);
            if let Some(end) = self.onward(&mut course, taken, memory).await? {
                return Ok(end);
            }
            if account.attempt.pages >= self.config.rule.pages_max {
                return Ok(TurnEnd::More);
            }
        }
    }

    fn course(&self, errand: Errand, checkpoint: Checkpoint, memory: &mut Memory) -> Course {
        let late = self.cell.lock().counters.late;
        let now = self.ports.clock.now();
        let mut course = Course::begin(&self.config.rule, errand, (checkpoint, late), now);
        let trail = memory.trail(errand);
        if course.is_fresh() {
            trail.clear();
            if errand != Errand::Sweep {
                memory.warnings.clear();
            }
        } else if trail.failed_turns >= PLACE_TURNS_MAX && course.round.place.is_some() {
            trail.clear();
            course.begin_anew(now);
        }
        course
    }

    fn begin_anew(&self, course: &mut Course, memory: &mut Memory, error: &PageError) {
        warn!(source.name = %self.cell.id(), error = %error, "page not known any more, round begins anew");
        memory.trail(course.errand).clear();
        course.begin_anew(self.ports.clock.now());
    }

    /// Takes what follows a page; `None` to go on with the next.
    async fn onward(
        &self,
        course: &mut Course,
        taken: PageEnd,
        memory: &mut Memory,
    ) -> Result<Option<TurnEnd>, GaveUp> {
        // The walk cannot go on from here; what the page brought is kept, and its place stays.
        let said = taken.said.map_err(GaveUp::from)?;
        let trail = memory.trail(course.errand);
        let records = taken.total.counts.read;
        if let Way::To(place) = &said.way
            && let Err(error) = trail.look(place, records)
        {
            // From its first page on: within the loop the next turn would only find the same.
            course.begin_anew(self.ports.clock.now());
            let stored = course.stored();
            self.ports.commit_checkpoint(&self.cell, stored).await?;
            return Err(error.into());
        }
        let late = self.cell.lock().counters.late;
        let now = self.ports.clock.now();
        match course.after(&said, late, now) {
            Next::Page(round) => {
                course.round = round;
                let stored = course.stored();
                self.ports.commit_checkpoint(&self.cell, stored).await?;
                if let Some(place) = &course.round.place {
                    trail.tread(place);
                }
                Ok(None)
            }
            Next::Ended(ended) => {
                let sweep = ended.sweep.late;
                self.ports.commit_checkpoint(&self.cell, ended).await?;
                self.end_round(course.errand, sweep, memory);
                Ok(Some(TurnEnd::Done))
            }
            Next::Again(ended) => {
                self.ports
                    .commit_checkpoint(&self.cell, ended.clone())
                    .await?;
                // A round of this very turn is old because the upstream is slow: the next one would be
                // no younger. What came late behind it is in reach of the next poll's full overlap.
                if course.is_fresh() {
                    self.end_round(course.errand, 0, memory);
                    return Ok(Some(TurnEnd::Done));
                }
                trail.clear();
                let overlap = self.config.rule.overlap;
                let poll = Errand::Poll { overlap };
                *course = Course::begin(&self.config.rule, poll, (ended, late), now);
                Ok(None)
            }
        }
    }

    fn end_round(&self, errand: Errand, late: u64, memory: &mut Memory) {
        match errand {
            Errand::Sweep => {
                info!(source.name = %self.cell.id(), alerts.late = late, "sweep ended");
            }
            Errand::Poll { .. } => self.settle_warnings(memory),
        }
    }

    async fn attempt(
        &self,
        course: &Course,
        memory: &mut Memory,
        account: &mut Account,
    ) -> PageEnd {
        memory.pace.request().await;
        {
            let mut live = self.cell.lock();
            live.status = SyncStatus::Syncing;
            live.retry = None;
            live.checkpoint = Some(course.stored());
            live.stored.last_sync = Some(self.ports.clock.now());
        }
        account.attempt.requests += 1;
        let epoch = self.ports.stages.epoch();
        let known = memory.pages.find(course, epoch);
        let taken = self.page(course, known).await;
        memory.pages.keep(course, epoch, &taken);
        let counts = &taken.total.counts;
        account.attempt.read += counts.read;
        account.attempt.new += counts.new;
        account.attempt.changed += counts.changed;
        account.attempt.dead += counts.dead;
        account.attempt.same += counts.same;
        account.attempt.http_status = match &taken.error {
            Some(PageError::Fetch(error)) => error.status,
            None if taken.is_unchanged => Some(304),
            // An answer that was read is a 2xx; which one, nothing depends on.
            Some(PageError::Document(_) | PageError::Paging(_)) | None => Some(200),
            Some(PageError::Store(_)) => account.attempt.http_status,
        };
        taken
    }

    /// Waits before the next attempt, or gives the turn up.
    async fn failed(
        &self,
        error: PageError,
        errand: Errand,
        memory: &mut Memory,
        account: &mut Account,
    ) -> Result<(), GaveUp> {
        account.failures += 1;
        let retry_after = match &error {
            PageError::Fetch(fetch) => fetch.retry_after,
            _ => None,
        };
        let attempts_max = self.config.rule.attempts_max;
        let sits_out = retry_after.is_none_or(|wait| wait <= RETRY_AFTER_WITHIN_TURN_MAX);
        if !error.is_transient() || account.failures >= attempts_max || !sits_out {
            if account.attempt.pages == 0 && matches!(error, PageError::Fetch(_)) {
                memory.trail(errand).failed_turns += 1;
            }
            return Err(GaveUp {
                error,
                wait: retry_after,
            });
        }
        let wait = memory.pace.backoff(account.failures, retry_after);
        let now = self.ports.clock.now();
        {
            let mut live = self.cell.lock();
            live.status = SyncStatus::Retrying;
            live.stored.last_error = Some(error.to_string());
            live.stored.last_sync = Some(now);
            live.retry = Some(RetryState {
                attempt: account.failures,
                attempts_max,
                next_at: now.plus(wait),
            });
        }
        warn!(source.name = %self.cell.id(), attempt = account.failures, wait_ms = wait.as_millis(), error = %error, "poll failed, retrying");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
