//! The loop of one polled source: waits for its interval or a command, runs turns, stops when told.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::ports::{Clock, EventSink, Store, Upstream};
use cresset_model::source::{SyncStatus, Trigger};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::warn;

use super::memory::Memory;
use super::page::Paging;
use super::rewind::Rewind;
use super::rule::{OVERLAP_EVERY, PollRule};
use super::turn::{Errand, RETRY_AFTER_WITHIN_TURN_MAX, TurnEnd};
use crate::handover::Handover;
use crate::source_cell::SourceCell;
use crate::stages::Stages;

/// How long the loop waits before it asks a store again that could not be read at the start.
const STORE_RETRY: Duration = Duration::from_secs(2);

/// The settings of one polled source.
#[derive(Debug, Clone)]
pub struct PollConfig {
    /// The poll rule.
    pub rule: PollRule,
    /// The path of the array within the answer; `None` when the answer is the array.
    pub records: Option<String>,
    /// How its pages follow each other.
    pub paging: Paging,
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
    /// The pure part with its tables.
    pub stages: Stages,
    /// Where its events go, if anywhere.
    pub sinks: Vec<Arc<dyn EventSink>>,
}

impl PollPorts {
    /// The way of its outcomes.
    pub(crate) fn handover(&self) -> Handover {
        Handover::new(Arc::clone(&self.store), self.sinks.clone())
    }
}

/// One polled source.
pub struct Poll {
    pub(super) config: PollConfig,
    pub(super) ports: PollPorts,
    pub(super) cell: Arc<SourceCell>,
}

/// What a loop is told from outside.
#[derive(Debug)]
pub enum PollCommand {
    /// Sync now.
    Sync,
    /// Set the bookmark back, then sync unless paused.
    Rewind(Rewind),
}

/// When the next turn is due.
struct Schedule {
    interval_minutes: u32,
    due: Instant,
    last_full_overlap: Option<Instant>,
    pause: Option<Pause>,
}

/// A pause that the upstream asked for.
#[derive(Clone, Copy)]
struct Pause {
    until: Instant,
    /// Whether the next turn begins as soon as it is over, due or not: the turn could not sit it out.
    is_long: bool,
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
        mut commands: mpsc::Receiver<PollCommand>,
        mut interval: watch::Receiver<u32>,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            // Dropping the loop at any await is safe: effects and checkpoint commit together.
            () = self.polls(&mut commands, &mut interval) => {}
        }
    }

    async fn polls(
        &self,
        commands: &mut mpsc::Receiver<PollCommand>,
        interval: &mut watch::Receiver<u32>,
    ) {
        self.cell.lock().sweep_every = self.config.rule.sweep.map(|sweep| sweep.every);
        self.recall().await;
        let mut memory = Memory::new(self.config.jitter_seed);
        let mut schedule = Schedule {
            interval_minutes: *interval.borrow_and_update(),
            due: Instant::now(),
            last_full_overlap: None,
            pause: None,
        };
        schedule.due += schedule.interval();
        let mut trigger = Trigger::Start;
        if self.cell.lock().paused {
            trigger = self
                .wait(&mut schedule, &mut memory, commands, interval)
                .await;
        }
        loop {
            trigger = self.take_command(commands, trigger, &mut memory).await;
            self.show(&schedule);
            let begun = Instant::now();
            let errand = schedule.errand(&self.config.rule, trigger);
            let end = {
                let turn = self.turn(trigger, errand, &mut memory);
                tokio::pin!(turn);
                loop {
                    // Cancel-safe: the turn is only borrowed, and a change that is not seen stays there.
                    tokio::select! {
                        biased;
                        end = &mut turn => break end,
                        Ok(()) = interval.changed() => {
                            schedule.set_interval(*interval.borrow_and_update());
                            self.show(&schedule);
                        }
                    }
                }
            };
            schedule.settle(errand, end, begun, &self.config.rule);
            trigger = match self.next_at_once(&mut schedule, errand, end) {
                Some(trigger) => trigger,
                None => {
                    self.wait(&mut schedule, &mut memory, commands, interval)
                        .await
                }
            };
        }
    }

    /// What follows a turn without a wait: more of its round, or a sweep that is due. A sweep lets the poll
    /// go first that has become due meanwhile.
    fn next_at_once(
        &self,
        schedule: &mut Schedule,
        errand: Errand,
        end: TurnEnd,
    ) -> Option<Trigger> {
        let is_sweep = errand == Errand::Sweep;
        match end {
            TurnEnd::Failed { .. } => return None,
            TurnEnd::Done if is_sweep => return None,
            TurnEnd::Done if !self.is_sweep_due() => return None,
            TurnEnd::Done | TurnEnd::More => {}
        }
        if !self.goes_on() {
            return None;
        }
        if end == TurnEnd::More && !is_sweep {
            return Some(Trigger::Resume);
        }
        let now = Instant::now();
        if is_sweep && schedule.due <= now {
            schedule.advance(now);
            return Some(Trigger::Schedule);
        }
        Some(Trigger::Sweep)
    }

    fn is_sweep_due(&self) -> bool {
        let now = self.ports.clock.now();
        let live = self.cell.lock();
        let due = |every| Some(live.checkpoint.as_ref()?.sweep.due(every, now));
        live.sweep_every.and_then(due).is_some_and(|due| due <= now)
    }

    /// A command that came before a turn began is served by that turn. From here on the status refuses
    /// further ones; both under one lock, so that none slips in between.
    async fn take_command(
        &self,
        commands: &mut mpsc::Receiver<PollCommand>,
        trigger: Trigger,
        memory: &mut Memory,
    ) -> Trigger {
        let command = {
            let mut live = self.cell.lock();
            live.status = SyncStatus::Syncing;
            commands.try_recv()
        };
        if let Ok(PollCommand::Rewind(rewind)) = command {
            memory.pages.clear();
            self.rewind(rewind).await;
            self.cell.lock().status = SyncStatus::Syncing;
            return Trigger::Manual;
        }
        match command {
            Ok(_) if matches!(trigger, Trigger::Schedule | Trigger::Sweep) => Trigger::Manual,
            _ => trigger,
        }
    }

    /// Whether a round that needs more pages goes on at once; not if it was paused meanwhile.
    fn goes_on(&self) -> bool {
        let mut live = self.cell.lock();
        if live.paused {
            live.status = SyncStatus::Idle;
        }
        !live.paused
    }

    /// Reads back what a former process stored. Waits for the store rather than starting without it.
    async fn recall(&self) {
        loop {
            match self.ports.store.source(self.cell.id().clone()).await {
                Ok(stored) => {
                    self.cell.recall(stored);
                    let mut live = self.cell.lock();
                    live.status = if live.paused {
                        live.stored.status
                    } else {
                        SyncStatus::Syncing
                    };
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
        memory: &mut Memory,
        commands: &mut mpsc::Receiver<PollCommand>,
        interval: &mut watch::Receiver<u32>,
    ) -> Trigger {
        loop {
            self.show(schedule);
            // Each branch only waits: when another one wins, nothing is lost.
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(schedule.wakes()) => {
                    schedule.advance(Instant::now());
                    if !self.cell.lock().paused {
                        return Trigger::Schedule;
                    }
                }
                Some(command) = commands.recv() => match command {
                    PollCommand::Sync => return Trigger::Manual,
                    PollCommand::Rewind(rewind) => {
                        memory.pages.clear();
                        if self.rewind(rewind).await && !self.cell.lock().paused {
                            return Trigger::Manual;
                        }
                    }
                },
                Ok(()) = interval.changed() => {
                    schedule.set_interval(*interval.borrow_and_update());
                }
            }
        }
    }

    fn show(&self, schedule: &Schedule) {
        let (now, here) = (self.ports.clock.now(), Instant::now());
        let left = schedule.wakes().saturating_duration_since(here);
        let mut live = self.cell.lock();
        live.interval_minutes = schedule.interval_minutes;
        live.next_sync = Some(now.plus(left));
    }
}

impl Pause {
    fn of(wait: Duration) -> Self {
        Self {
            until: Instant::now() + wait,
            is_long: wait > RETRY_AFTER_WITHIN_TURN_MAX,
        }
    }
}

impl Schedule {
    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.interval_minutes) * 60)
    }

    /// The interval counts from the moment it is set.
    fn set_interval(&mut self, minutes: u32) {
        self.interval_minutes = minutes;
        self.due = Instant::now() + self.interval();
    }

    /// The next turn: when it is due, never within a pause, and at once after a long one.
    fn wakes(&self) -> Instant {
        match self.pause {
            Some(pause) if pause.is_long => pause.until,
            Some(pause) => pause.until.max(self.due),
            None => self.due,
        }
    }

    /// Moves to the next due time; those missed during a long turn are skipped.
    fn advance(&mut self, now: Instant) {
        self.pause = None;
        while self.due <= now {
            self.due += self.interval();
        }
    }

    /// What the next turn is for.
    fn errand(&self, rule: &PollRule, trigger: Trigger) -> Errand {
        match trigger {
            Trigger::Sweep => Errand::Sweep,
            _ => Errand::Poll {
                overlap: self.overlap(rule, trigger),
            },
        }
    }

    /// Takes over what a turn that began at `begun` says about the next ones.
    fn settle(&mut self, errand: Errand, end: TurnEnd, begun: Instant, rule: &PollRule) {
        self.pause = None;
        let is_full = matches!(errand, Errand::Poll { overlap } if overlap == rule.overlap);
        match end {
            TurnEnd::Failed { wait } => self.pause = wait.map(Pause::of),
            TurnEnd::Done | TurnEnd::More if is_full => self.last_full_overlap = Some(begun),
            TurnEnd::Done | TurnEnd::More => {}
        }
    }

    /// A full overlap is due once a minute. Only a turn that succeeded has seen to it: otherwise the
    /// bookmark could pass what became visible late and was never asked for.
    fn overlap(&self, rule: &PollRule, trigger: Trigger) -> Duration {
        let is_due = self
            .last_full_overlap
            .is_none_or(|last| last.elapsed() >= OVERLAP_EVERY);
        if is_due || trigger == Trigger::Manual {
            rule.overlap
        } else {
            rule.overlap_short
        }
    }
}
