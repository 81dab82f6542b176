//! The commands of the server, carried out over the running sources.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::ports::{
    Announce, BoxFuture, ChaosDials, ChaosState, Clock, CommandRefused, Control, Dials, EventSink,
    PortError, Query, RedriveReport, RedriveSelection, Store, SyncRefused,
};
use cresset_model::source::{Attempt, SourceState, SyncStatus};
use cresset_model::{SourceId, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::warn;

use crate::chaos::Chaos;
use crate::handover::Handover;
use crate::poll::{PollCommand, PollPorts, Rewind};
use crate::redrive::{self, RedrivePorts};
use crate::source_cell::{Live, SourceCell};
use crate::stages::Stages;

/// The key of the interval that was set at run time; seed A's view of settings reads it.
pub const INTERVAL_SETTING: &str = "sync_interval_minutes";
/// The longest interval between polls in minutes: a week.
pub const INTERVAL_MINUTES_MAX: u32 = 10_080;

/// How long a rewind may take, beside the turn that it waits for.
const REWIND_TIMEOUT: Duration = Duration::from_secs(30);

/// The control of the running sources.
pub struct RuntimeControl {
    sources: Vec<Handle>,
    store: Arc<dyn Store>,
    query: Arc<dyn Query>,
    clock: Arc<dyn Clock>,
}

struct Handle {
    cell: Arc<SourceCell>,
    ports: RedrivePorts,
    /// Absent for a source that is not polled.
    poll: Option<PollEnds>,
    /// Absent unless the configuration names a mock.
    chaos: Option<Chaos>,
}

/// The ends of a poll loop that the control holds.
struct PollEnds {
    commands: mpsc::Sender<PollCommand>,
    interval: watch::Sender<u32>,
}

/// What the control works with.
pub struct ControlConfig {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The reads of the store.
    pub query: Arc<dyn Query>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

impl RuntimeControl {
    /// A control without sources.
    pub fn new(config: ControlConfig) -> Self {
        Self {
            sources: Vec::new(),
            store: config.store,
            query: config.query,
            clock: config.clock,
        }
    }

    /// Adds a source with its interval at the start, and returns the ends that its loop listens to:
    /// manual syncs and the interval.
    pub fn add(
        &mut self,
        cell: Arc<SourceCell>,
        ports: PollPorts,
        interval_minutes: u32,
    ) -> (mpsc::Receiver<PollCommand>, watch::Receiver<u32>) {
        let (sender, commands) = mpsc::channel(1);
        let (interval, changes) = watch::channel(interval_minutes);
        let ports = RedrivePorts {
            handover: ports.handover(),
            stages: ports.stages,
            clock: ports.clock,
        };
        let poll = Some(PollEnds {
            commands: sender,
            interval,
        });
        self.sources.push(Handle {
            cell,
            ports,
            poll,
            chaos: None,
        });
        (commands, changes)
    }

    /// Adds a source that is fed by others: shown, open to redrives, refused when a sync is asked for.
    pub fn add_unpolled(
        &mut self,
        cell: Arc<SourceCell>,
        stages: Stages,
        sinks: Vec<Arc<dyn EventSink>>,
    ) {
        let ports = RedrivePorts {
            stages,
            handover: Handover::new(Arc::clone(&self.store), sinks),
            clock: Arc::clone(&self.clock),
        };
        self.sources.push(Handle {
            cell,
            ports,
            poll: None,
            chaos: None,
        });
    }

    /// Lets the dials of a source's mock be turned.
    pub fn add_chaos(&mut self, source: &SourceId, dials: Arc<dyn ChaosDials>) {
        let found = self
            .sources
            .iter_mut()
            .find(|handle| handle.cell.id() == source);
        if let Some(handle) = found {
            handle.cell.set_chaos();
            handle.chaos = Some(Chaos::new(dials, Arc::clone(&self.clock)));
        }
    }

    /// Lets others hear when a source changes its state.
    pub fn announce_to(&self, watcher: &Arc<dyn Announce>) {
        for handle in &self.sources {
            handle.cell.announce_to(Arc::clone(watcher));
        }
    }

    /// A polled source.
    fn polled(&self, source: &SourceId) -> Result<(&Handle, &PollEnds), CommandRefused> {
        let handle = self
            .sources
            .iter()
            .find(|handle| handle.cell.id() == source)
            .ok_or_else(|| CommandRefused::Unknown(source.to_string()))?;
        let poll = handle.poll.as_ref().ok_or_else(|| {
            let kind = handle.cell.kind();
            CommandRefused::Conflict(format!(
                "the source `{source}` is of kind {kind}: only polled sources can be commanded"
            ))
        })?;
        Ok((handle, poll))
    }

    fn chaos_of(&self, source: &SourceId) -> Result<&Chaos, CommandRefused> {
        let (handle, _) = self.polled(source)?;
        handle.chaos.as_ref().ok_or_else(|| {
            CommandRefused::Conflict(format!(
                "the source `{source}` names no mock: set `chaos.url` in its configuration"
            ))
        })
    }

    async fn set_paused(&self, source: &SourceId, paused: bool) -> Result<(), CommandRefused> {
        let (handle, _) = self.polled(source)?;
        self.store
            .set_paused(source.clone(), paused)
            .await
            .map_err(CommandRefused::Port)?;
        handle.cell.lock().paused = paused;
        Ok(())
    }

    async fn ask_rewind(&self, source: &SourceId, to: Timestamp) -> Result<(), CommandRefused> {
        let (handle, poll) = self.polled(source)?;
        let (reply, answer) = oneshot::channel();
        {
            let mut live = handle.cell.lock();
            let refused = Handle::refusal(&handle.cell, &live, &*self.clock);
            let refused = refused.filter(|refused| !matches!(refused, SyncRefused::Paused(_)));
            if let Some(refused) = refused {
                return Err(CommandRefused::Conflict(refused.to_string()));
            }
            let command = PollCommand::Rewind(Rewind { to, reply });
            if poll.commands.try_send(command).is_err() {
                let text = "the source is busy with another command: try again".to_owned();
                return Err(CommandRefused::Conflict(text));
            }
            live.status = SyncStatus::Syncing;
        }
        match tokio::time::timeout(REWIND_TIMEOUT, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandRefused::Port(PortError::transient(
                "the source did not answer in time",
            ))),
        }
    }

    /// Sets the intervals of a changed configuration, in minutes; the one that was set at run time is
    /// forgotten. A source whose interval stays keeps its timer.
    pub async fn take_intervals(&self, intervals: &[(SourceId, u32)]) -> Result<(), PortError> {
        self.store.set_setting(INTERVAL_SETTING, None).await?;
        for (id, minutes) in intervals {
            let handle = self.sources.iter().find(|handle| handle.cell.id() == id);
            let Some(poll) = handle.and_then(|handle| handle.poll.as_ref()) else {
                continue;
            };
            poll.interval.send_if_modified(|current| {
                let changes = current != minutes;
                *current = *minutes;
                changes
            });
        }
        Ok(())
    }

    fn polls(&self) -> impl Iterator<Item = &PollEnds> {
        self.sources
            .iter()
            .filter_map(|handle| handle.poll.as_ref())
    }

    fn handles(&self, source: Option<&SourceId>) -> Result<Vec<&Handle>, SyncRefused> {
        let Some(id) = source else {
            let polled = self.sources.iter().filter(|handle| handle.poll.is_some());
            let (paused, running): (Vec<&Handle>, Vec<&Handle>) =
                polled.partition(|handle| handle.cell.lock().paused);
            // Paused ones do not hold the others up; that all are paused is worth a refusal.
            return Ok(if running.is_empty() { paused } else { running });
        };
        match self.sources.iter().find(|handle| handle.cell.id() == id) {
            Some(handle) if handle.poll.is_none() => Err(SyncRefused::NotPolled {
                id: id.to_string(),
                kind: handle.cell.kind(),
            }),
            Some(handle) => Ok(vec![handle]),
            None => Err(SyncRefused::Unknown(id.to_string())),
        }
    }
}

impl Handle {
    fn refusal(cell: &SourceCell, live: &Live, clock: &dyn Clock) -> Option<SyncRefused> {
        if live.status.is_busy() {
            return Some(SyncRefused::Busy(live.status));
        }
        if live.paused {
            return Some(SyncRefused::Paused(cell.id().to_string()));
        }
        live.not_before
            .filter(|until| *until > clock.now())
            .map(SyncRefused::NotBefore)
    }

    /// Marks the source as syncing before the loop has taken the command, so that who asks next sees it.
    /// Looks once more under the same lock: of two that ask at once only one may come through.
    /// One that is forced does not wait for the upstream; the log says so.
    fn start(&self, clock: &dyn Clock, forced: bool) -> Result<(), SyncRefused> {
        let mut live = self.cell.lock();
        match Self::refusal(&self.cell, &live, clock) {
            Some(SyncRefused::NotBefore(until)) if forced => {
                warn!(source.name = %self.cell.id(), retry_after.until = %until, "sync forced, though the upstream asked to wait");
            }
            Some(refused) => return Err(refused),
            None => {}
        }
        let sent = self
            .poll
            .as_ref()
            .map(|poll| poll.commands.try_send(PollCommand::Sync));
        if let Some(Ok(())) = sent {
            live.status = SyncStatus::Syncing;
        }
        Ok(())
    }
}

impl Control for RuntimeControl {
    fn sources(&self) -> Vec<SourceState> {
        let now = self.clock.now();
        self.sources
            .iter()
            .map(|handle| handle.cell.state(now))
            .collect()
    }

    fn attempts(&self, source: &SourceId) -> Option<Vec<Attempt>> {
        let handle = self
            .sources
            .iter()
            .find(|handle| handle.cell.id() == source)?;
        Some(handle.cell.attempts())
    }

    fn sync(&self, source: Option<&SourceId>) -> Result<(), SyncRefused> {
        let handles = self.handles(source)?;
        let clock = &*self.clock;
        let refusal = |handle: &&Handle| Handle::refusal(&handle.cell, &handle.cell.lock(), clock);
        if let Some(refused) = handles.iter().find_map(refusal) {
            return Err(refused);
        }
        handles
            .into_iter()
            .try_for_each(|handle| handle.start(clock, false))
    }

    fn force_sync(&self, source: &SourceId) -> Result<(), SyncRefused> {
        let handles = self.handles(Some(source))?;
        let mut handles = handles.into_iter();
        handles.try_for_each(|handle| handle.start(&*self.clock, true))
    }

    fn interval_minutes(&self) -> u32 {
        self.polls()
            .next()
            .map_or(0, |poll| *poll.interval.borrow())
    }

    fn set_interval_minutes(&self, minutes: u32) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            if !(1..=INTERVAL_MINUTES_MAX).contains(&minutes) {
                let message =
                    format!("the interval is 1 to {INTERVAL_MINUTES_MAX} minutes, not {minutes}");
                return Err(PortError::permanent(message));
            }
            self.store
                .set_setting(INTERVAL_SETTING, Some(minutes.to_string()))
                .await?;
            // The same value restarts the timer too: the interval counts from the moment it is set.
            for poll in self.polls() {
                poll.interval.send_replace(minutes);
            }
            Ok(())
        })
    }

    fn pause<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>> {
        Box::pin(self.set_paused(source, true))
    }

    fn resume<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>> {
        Box::pin(async move {
            let (handle, _) = self.polled(source)?;
            if !handle.cell.lock().paused {
                return Ok(());
            }
            self.set_paused(source, false).await?;
            // One that cannot start now, because the upstream asked to be left alone, follows its schedule.
            drop(handle.start(&*self.clock, false));
            Ok(())
        })
    }

    fn rewind<'a>(
        &'a self,
        source: &'a SourceId,
        to: Timestamp,
    ) -> BoxFuture<'a, Result<(), CommandRefused>> {
        Box::pin(self.ask_rewind(source, to))
    }

    fn chaos<'a>(
        &'a self,
        source: &'a SourceId,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>> {
        Box::pin(async move { self.chaos_of(source)?.state().await })
    }

    fn set_chaos<'a>(
        &'a self,
        source: &'a SourceId,
        dials: Option<Dials>,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>> {
        Box::pin(async move { self.chaos_of(source)?.set(dials).await })
    }

    fn redrive(
        &self,
        selection: RedriveSelection,
        dry_run: bool,
    ) -> BoxFuture<'_, Result<RedriveReport, PortError>> {
        Box::pin(async move {
            let letters = redrive::select(&*self.query, selection).await?;
            let mut report = RedriveReport {
                dry_run,
                items: letters.skipped,
            };
            for (source, letters) in letters.by_source {
                let handle = self
                    .sources
                    .iter()
                    .find(|handle| *handle.cell.id() == source);
                let items = match handle {
                    Some(handle) => {
                        redrive::run(&handle.ports, &handle.cell, letters, dry_run).await?
                    }
                    None => redrive::without_source(&letters),
                };
                report.items.extend(items);
            }
            Ok(report)
        })
    }
}

#[cfg(test)]
mod tests;
