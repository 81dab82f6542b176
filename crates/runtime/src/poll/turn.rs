//! One turn of a poll: from its trigger through pages and attempts to success or failure.

use std::time::Duration;

use cresset_model::ports::{PortError, Retention, SourceUpdate};
use cresset_model::source::{Attempt, Checkpoint, RetryState, Round, SyncStatus, Trigger};
use tracing::{info, warn};

use super::page::{PageEnd, PageError};
use super::rule::{self, Next};
use super::runner::Poll;
use crate::pace::Pace;

/// A wait asked for by the upstream that is sat out within the turn; a longer one ends it.
pub(super) const RETRY_AFTER_WITHIN_TURN_MAX: Duration = Duration::from_secs(10);
/// An identity whose alert is gone is kept this long after it was last seen: a day and a quarter, longer
/// than any overlap reaches back.
pub(super) const TOMBSTONE_LIFE: Duration = Duration::from_hours(30);

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnEnd {
    /// The round ended.
    Done,
    /// The round needs more pages than one turn takes; it goes on at once.
    More,
    /// It failed; the upstream may have asked to be left alone for a while.
    Failed {
        /// How long.
        wait: Option<Duration>,
    },
}

/// The running account of a turn.
struct Account {
    attempt: Attempt,
    failures: u32,
}

impl Poll {
    /// Runs one turn. Everything it learns is committed page by page, so that it may be dropped at any
    /// await and nothing is lost.
    pub(super) async fn turn(
        &self,
        trigger: Trigger,
        overlap: Duration,
        pace: &mut Pace,
    ) -> TurnEnd {
        let begun = self.ports.clock.now();
        let mut account = Account {
            attempt: Attempt {
                begun,
                ended: begun,
                trigger,
                requests: 0,
                pages: 0,
                read: 0,
                new: 0,
                changed: 0,
                dead: 0,
                same: 0,
                http_status: None,
                bookmark_from: None,
                bookmark_to: None,
                error: None,
            },
            failures: 0,
        };
        let ended = self.walk(overlap, pace, &mut account).await;
        self.close(ended, account).await
    }

    async fn walk(
        &self,
        overlap: Duration,
        pace: &mut Pace,
        account: &mut Account,
    ) -> Result<TurnEnd, (PageError, Option<Duration>)> {
        let store_failed = |error| (PageError::Store(error), None);
        self.enter(SyncStatus::Syncing)
            .await
            .map_err(store_failed)?;
        self.retain().await.map_err(store_failed)?;
        let mut checkpoint = self.load_checkpoint().await.map_err(store_failed)?;
        account.attempt.bookmark_from = Some(checkpoint.bookmark);
        let mut round = rule::begin(&checkpoint, overlap, self.ports.clock.now());
        loop {
            checkpoint.fetch += 1;
            checkpoint.round = Some(round);
            let taken = self.attempt(round, checkpoint, pace, account).await;
            if let Some(error) = taken.error {
                self.failed(error, pace, account).await?;
                continue;
            }
            account.failures = 0;
            account.attempt.pages += 1;
            let now = self.ports.clock.now();
            match rule::after_page(&checkpoint, round, taken.total.instants, now) {
                Next::Ended(ended) => {
                    self.ports
                        .commit_checkpoint(&self.cell, ended)
                        .await
                        .map_err(store_failed)?;
                    return Ok(TurnEnd::Done);
                }
                Next::Again(ended) => {
                    self.ports
                        .commit_checkpoint(&self.cell, ended)
                        .await
                        .map_err(store_failed)?;
                    // A round of this very turn is old because the upstream is slow: the next one would be
                    // no younger. What came late behind it is in reach of the next poll's full overlap.
                    if round.begun >= account.attempt.begun {
                        return Ok(TurnEnd::Done);
                    }
                    checkpoint = ended;
                    round = rule::begin(&checkpoint, self.config.rule.overlap, now);
                }
                Next::Page(next) => {
                    round = next;
                    let stored = Checkpoint {
                        round: Some(round),
                        ..checkpoint
                    };
                    self.ports
                        .commit_checkpoint(&self.cell, stored)
                        .await
                        .map_err(store_failed)?;
                }
            }
            if account.attempt.pages >= self.config.rule.pages_max {
                return Ok(TurnEnd::More);
            }
        }
    }

    async fn attempt(
        &self,
        round: Round,
        checkpoint: Checkpoint,
        pace: &mut Pace,
        account: &mut Account,
    ) -> PageEnd {
        pace.request().await;
        {
            let mut live = self.cell.lock();
            live.status = SyncStatus::Syncing;
            live.retry = None;
            live.checkpoint = Some(checkpoint);
            live.stored.last_sync = Some(self.ports.clock.now());
        }
        account.attempt.requests += 1;
        let taken = self.page(round.since, checkpoint).await;
        let counts = &taken.total.counts;
        account.attempt.read += counts.read;
        account.attempt.new += counts.new;
        account.attempt.changed += counts.changed;
        account.attempt.dead += counts.dead;
        account.attempt.same += counts.same;
        account.attempt.http_status = match &taken.error {
            Some(PageError::Fetch(error)) => error.status,
            // An answer that was read is a 2xx; which one, nothing depends on.
            Some(PageError::Document(_)) | None => Some(200),
            Some(PageError::Store(_)) => account.attempt.http_status,
        };
        taken
    }

    /// Waits before the next attempt, or gives the turn up.
    async fn failed(
        &self,
        error: PageError,
        pace: &mut Pace,
        account: &mut Account,
    ) -> Result<(), (PageError, Option<Duration>)> {
        account.failures += 1;
        let retry_after = match &error {
            PageError::Fetch(fetch) => fetch.retry_after,
            _ => None,
        };
        let attempts_max = self.config.rule.attempts_max;
        let sits_out = retry_after.is_none_or(|wait| wait <= RETRY_AFTER_WITHIN_TURN_MAX);
        if !error.is_transient() || account.failures >= attempts_max || !sits_out {
            return Err((error, retry_after));
        }
        let wait = pace.backoff(account.failures, retry_after);
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

    async fn close(
        &self,
        ended: Result<TurnEnd, (PageError, Option<Duration>)>,
        mut account: Account,
    ) -> TurnEnd {
        let now = self.ports.clock.now();
        account.attempt.ended = now;
        let checkpoint = self.cell.lock().checkpoint;
        account.attempt.bookmark_to = checkpoint.map(|checkpoint| checkpoint.bookmark);
        let end = match ended {
            Ok(end) => {
                self.cell.lock().stored.last_success = Some(now);
                let status = match end {
                    TurnEnd::More => SyncStatus::Syncing,
                    TurnEnd::Done | TurnEnd::Failed { .. } => SyncStatus::Idle,
                };
                self.set_end(status, None, None);
                info!(source.name = %self.cell.id(), records.read = account.attempt.read, alerts.new = account.attempt.new, pages = account.attempt.pages, "poll succeeded");
                end
            }
            Err((error, wait)) => {
                let status = match error {
                    PageError::Store(_) => SyncStatus::SystemFailure,
                    _ => SyncStatus::Failed,
                };
                let message = error.to_string();
                warn!(source.name = %self.cell.id(), requests = account.attempt.requests, error = %message, "poll gave up");
                account.attempt.error = Some(message.clone());
                self.set_end(status, Some(message), wait);
                TurnEnd::Failed { wait }
            }
        };
        let attempt = account.attempt;
        if let Err(error) = self.save(Some(attempt.clone())).await {
            warn!(source.name = %self.cell.id(), error = %error, "state of the source not stored");
        }
        self.cell.keep_attempt(attempt);
        self.cell.lock().turns += 1;
        end
    }

    /// Shows the end of a turn; with it, at once, until when the upstream is to be left alone.
    fn set_end(&self, status: SyncStatus, error: Option<String>, wait: Option<Duration>) {
        let now = self.ports.clock.now();
        let mut live = self.cell.lock();
        live.status = status;
        live.retry = None;
        live.not_before = wait.map(|wait| now.plus(wait));
        live.stored.status = status;
        live.stored.last_sync = Some(now);
        live.stored.last_error = error;
    }

    async fn enter(&self, status: SyncStatus) -> Result<(), PortError> {
        {
            let mut live = self.cell.lock();
            live.status = status;
            live.stored.status = status;
            live.stored.last_sync = Some(self.ports.clock.now());
        }
        self.save(None).await
    }

    async fn save(&self, attempt: Option<Attempt>) -> Result<(), PortError> {
        let state = self.cell.lock().stored.clone();
        let update = SourceUpdate {
            source: self.cell.id().clone(),
            state,
            attempt,
        };
        self.ports.store.update_source(update).await
    }

    /// The stored checkpoint; at the first start ever, one that is stored before anything is asked for.
    async fn load_checkpoint(&self) -> Result<Checkpoint, PortError> {
        let stored = self.ports.store.source(self.cell.id().clone()).await?;
        self.cell.settle(&stored.counters);
        if let Some(checkpoint) = stored.checkpoint {
            self.cell.lock().checkpoint = Some(checkpoint);
            return Ok(checkpoint);
        }
        let first = rule::first_checkpoint(&self.config.rule, self.ports.clock.now());
        self.ports.commit_checkpoint(&self.cell, first).await?;
        Ok(first)
    }

    async fn retain(&self) -> Result<(), PortError> {
        let Some(life) = self.ports.stages.retention() else {
            return Ok(());
        };
        let now = self.ports.clock.now();
        let rule = Retention {
            source: Some(self.cell.id().clone()),
            ingested_before: now.minus(life),
            unseen_since: now.minus(TOMBSTONE_LIFE.max(self.config.rule.overlap * 2)),
        };
        let retained = self.ports.store.retain(rule).await?;
        if retained.alerts > 0 {
            info!(source.name = %self.cell.id(), alerts.deleted = retained.alerts, "old alerts deleted");
        }
        Ok(())
    }
}
