//! The loop of one polled source: waits for its interval or a command, runs turns, stops when told.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::limits::RecordLimits;
use cresset_model::ports::{Clock, Store, Upstream};
use cresset_model::source::{SyncStatus, Trigger};
use cresset_pipeline::process::Pipeline;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::warn;

use super::rule::{OVERLAP_EVERY, PollRule};
use super::turn::TurnEnd;
use crate::live_tables::LiveTables;
use crate::pace::Pace;
use crate::source_cell::SourceCell;

/// How long the loop waits before it asks a store again that could not be read at the start.
const STORE_RETRY: Duration = Duration::from_secs(2);

/// The settings of one polled source.
#[derive(Debug, Clone)]
pub struct PollConfig {
    /// The poll rule.
    pub rule: PollRule,
    /// The bounds of records and batches.
    pub limits: RecordLimits,
    /// The path of the array within the answer; `None` when the answer is the array.
    pub records: Option<String>,
    /// Alerts older than this are deleted before each sync; `None` keeps them.
    pub retention: Option<Duration>,
    /// Spreads the jitter of waits; it decides nothing.
    pub jitter_seed: u64,
}

/// What a poll works with.
#[derive(Clone)]
pub struct PollPorts {
    /// The upstream.
    pub upstream: Arc<dyn Upstream>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The pure part.
    pub pipeline: Arc<Pipeline>,
    /// The tables of the enrichments.
    pub tables: Arc<LiveTables>,
}

/// One polled source.
pub struct Poll {
    pub(super) config: PollConfig,
    pub(super) ports: PollPorts,
    pub(super) cell: Arc<SourceCell>,
}

/// When the next turn is due.
struct Schedule {
    interval_minutes: u32,
    due: Instant,
    last_full_overlap: Option<Instant>,
    not_before: Option<Instant>,
}

impl Poll {
    /// A poll whose state is shown through `cell`.
    pub fn new(config: PollConfig, ports: PollPorts, cell: Arc<SourceCell>) -> Self {
        Self {
            config,
            ports,
            cell,
        }
    }

    /// Runs until `stop` becomes true or its sender is gone. A turn under way is dropped then: whatever it
    /// had committed stays, the rest is read again.
    pub async fn run(
        self,
        mut manual: mpsc::Receiver<()>,
        mut interval: watch::Receiver<u32>,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            // Dropping the loop at any await is safe: effects and checkpoint commit together.
            () = self.polls(&mut manual, &mut interval) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn polls(&self, manual: &mut mpsc::Receiver<()>, interval: &mut watch::Receiver<u32>) {
        self.recall().await;
        let mut pace = Pace::new(self.config.jitter_seed);
        let mut schedule = Schedule {
            interval_minutes: *interval.borrow_and_update(),
            due: Instant::now(),
            last_full_overlap: None,
            not_before: None,
        };
        schedule.due += schedule.interval();
        let mut trigger = Trigger::Start;
        loop {
            self.show(&schedule);
            let overlap = schedule.overlap(&self.config.rule, trigger);
            let end = self.turn(trigger, overlap, &mut pace).await;
            schedule.not_before = match end {
                TurnEnd::Failed { wait } => wait.map(|wait| Instant::now() + wait),
                TurnEnd::Done | TurnEnd::More => None,
            };
            if end == TurnEnd::More {
                trigger = Trigger::Resume;
                continue;
            }
            trigger = self.wait(&mut schedule, manual, interval).await;
        }
    }

    /// Reads back what a former process stored. Waits for the store rather than starting without it.
    async fn recall(&self) {
        loop {
            match self.ports.store.source(self.cell.id().clone()).await {
                Ok(stored) => {
                    let mut live = self.cell.lock();
                    live.checkpoint = stored.checkpoint;
                    live.counters = stored.counters;
                    live.attempts = stored.attempts;
                    live.stored = stored.state;
                    if live.stored.status.is_busy() {
                        live.stored.status = SyncStatus::Idle;
                    }
                    live.status = SyncStatus::Syncing;
                    return;
                }
                Err(error) => {
                    self.cell.lock().status = SyncStatus::SystemFailure;
                    warn!(source.name = %self.cell.id(), error = %error, "store not readable, waiting");
                    tokio::time::sleep(STORE_RETRY).await;
                }
            }
        }
    }

    async fn wait(
        &self,
        schedule: &mut Schedule,
        manual: &mut mpsc::Receiver<()>,
        interval: &mut watch::Receiver<u32>,
    ) -> Trigger {
        loop {
            self.show(schedule);
            // Each branch only waits: when another one wins, nothing is lost.
            tokio::select! {
                () = tokio::time::sleep_until(schedule.wakes()) => {
                    schedule.advance(Instant::now());
                    return Trigger::Schedule;
                }
                Some(()) = manual.recv() => return Trigger::Manual,
                Ok(()) = interval.changed() => {
                    schedule.interval_minutes = *interval.borrow_and_update();
                    schedule.due = Instant::now() + schedule.interval();
                }
            }
        }
    }

    fn show(&self, schedule: &Schedule) {
        let (now, here) = (self.ports.clock.now(), Instant::now());
        let at =
            |instant: Instant| -> Timestamp { now.plus(instant.saturating_duration_since(here)) };
        let mut live = self.cell.lock();
        live.interval_minutes = schedule.interval_minutes;
        live.next_sync = Some(at(schedule.wakes()));
        live.not_before = schedule.not_before.map(at);
    }
}

impl Schedule {
    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.interval_minutes) * 60)
    }

    /// The next turn: when it is due, and as soon as an upstream that asked for a pause may be asked again.
    fn wakes(&self) -> Instant {
        self.not_before.unwrap_or(self.due)
    }

    /// Moves to the next due time; those missed during a long turn are skipped.
    fn advance(&mut self, now: Instant) {
        self.not_before = None;
        while self.due <= now {
            self.due += self.interval();
        }
    }

    fn overlap(&mut self, rule: &PollRule, trigger: Trigger) -> Duration {
        let now = Instant::now();
        let due = self
            .last_full_overlap
            .is_none_or(|last| now - last >= OVERLAP_EVERY);
        if due || trigger == Trigger::Manual {
            self.last_full_overlap = Some(now);
            return rule.overlap;
        }
        rule.overlap_short
    }
}
