//! One turn of a poll: from its trigger through pages and attempts to success or failure.

use std::time::Duration;

use cresset_model::ports::{PortError, Retention, SourceUpdate};
use cresset_model::source::{Attempt, Checkpoint, SyncStatus, Trigger};
use tracing::{info, warn};

use super::memory::Memory;
use super::page::PageError;
use super::rule;
use super::runner::Poll;
use super::walk::GaveUp;

/// A wait asked for by the upstream that is sat out within the turn; a longer one ends it.
pub(super) const RETRY_AFTER_WITHIN_TURN_MAX: Duration = Duration::from_secs(10);
/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    /// To read what is new.
    Poll {
        /// How far before the bookmark a round that begins asks.
        overlap: Duration,
    },
    /// To read the far past again, for what became visible late.
    Sweep,
}

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
pub(super) struct Account {
    pub(super) attempt: Attempt,
    /// Attempts of the present request that failed.
    pub(super) failures: u32,
}

impl Poll {
    /// Runs one turn. Everything it learns is committed page by page, so that it may be dropped at any
    /// await and nothing is lost.
    pub(super) async fn turn(
        &self,
        trigger: Trigger,
        errand: Errand,
        memory: &mut Memory,
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
        let ended = self.walk(errand, memory, &mut account).await;
        self.close(ended, account).await
    }

    async fn close(&self, ended: Result<TurnEnd, GaveUp>, mut account: Account) -> TurnEnd {
        let now = self.ports.clock.now();
        account.attempt.ended = now;
        let bookmark = |live: &Checkpoint| live.bookmark;
        account.attempt.bookmark_to = self.cell.lock().checkpoint.as_ref().map(bookmark);
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
            Err(GaveUp { error, wait }) => {
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

    pub(super) async fn enter(&self, status: SyncStatus) -> Result<(), PortError> {
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
    pub(super) async fn load_checkpoint(&self) -> Result<Checkpoint, PortError> {
        let stored = self.ports.store.source(self.cell.id().clone()).await?;
        self.cell.settle(&stored.counters);
        if let Some(checkpoint) = stored.checkpoint {
            self.cell.lock().checkpoint = Some(checkpoint.clone());
            return Ok(checkpoint);
        }
        let first = rule::first_checkpoint(&self.config.rule, self.ports.clock.now());
        self.ports
            .commit_checkpoint(&self.cell, first.clone())
            .await?;
        Ok(first)
    }

    pub(super) async fn retain(&self) -> Result<(), PortError> {
        let Some(life) = self.ports.stages.retention() else {
            return Ok(());
        };
        let now = self.ports.clock.now();
        let rule = Retention {
            source: Some(self.cell.id().clone()),
            ingested_before: now.minus(life),
            unseen_since: now.minus(self.config.rule.identity_life()),
        };
        let retained = self.ports.store.retain(rule).await?;
        if retained.alerts > 0 {
            info!(source.name = %self.cell.id(), alerts.deleted = retained.alerts, "old alerts deleted");
        }
        Ok(())
    }
}
