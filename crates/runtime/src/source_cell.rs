//! The state of one source, shared between its loop, which writes it, and the control, which shows it.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cresset_model::outcome::Observation;
use cresset_model::ports::{Announce, StoredSource};
use cresset_model::source::{
    Attempt, Checkpoint, Counters, RetryState, RoundState, SourceState, StoredState, SweepState,
    SyncStatus, Warning,
};
use cresset_model::{SourceId, Timestamp};

use crate::minute::Minute;
use crate::observer::Observer;

/// Turns whose record is kept.
const ATTEMPTS_KEPT: usize = 60;

/// The state of one source.
pub struct SourceCell {
    id: SourceId,
    kind: &'static str,
    address: String,
    live: Mutex<Live>,
    watcher: OnceLock<Arc<dyn Announce>>,
    has_chaos: AtomicBool,
    observer: Mutex<Observer>,
}

/// What changes while the source runs.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) status: SyncStatus,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) stored: StoredState,
    pub(crate) retry: Option<RetryState>,
    pub(crate) next_sync: Option<Timestamp>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) interval_minutes: u32,
    pub(crate) turns: u64,
    pub(crate) counters: Counters,
    pub(crate) minute: Minute,
    pub(crate) paused: bool,
    pub(crate) is_in_doubt: bool,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) sweep_every: Option<Duration>,
    pub(crate) attempts: Vec<Attempt>,
}

impl SourceCell {
    /// A source that has not been read yet. The address holds no secrets.
    pub fn new(id: SourceId, kind: &'static str, address: String) -> Self {
        Self {
            id,
            kind,
            address,
            live: Mutex::default(),
            watcher: OnceLock::new(),
            has_chaos: AtomicBool::new(false),
            observer: Mutex::default(),
        }
    }

    /// Lets others hear of changes from now on.
    pub fn announce_to(&self, watcher: Arc<dyn Announce>) {
        // Only the first one hears: there is one hub.
        drop(self.watcher.set(watcher));
    }

    /// Says that the configuration names a mock whose dials can be turned.
    pub(crate) fn set_chaos(&self) {
        self.has_chaos.store(true, Ordering::Relaxed);
    }

    /// The observation of the first of so many records that are taken in now.
    pub(crate) fn observe(&self, now: Timestamp, records: usize) -> Observation {
        let mut observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
        observer.take(now, records)
    }

    /// The source's id.
    pub fn id(&self) -> &SourceId {
        &self.id
    }

    /// The source's kind.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Takes over what a former process stored; whatever it was doing, it is idle now.
    pub(crate) fn recall(&self, stored: StoredSource) {
        let mut live = self.lock();
        live.checkpoint = stored.checkpoint;
        live.counters = stored.counters;
        live.paused = stored.paused;
        live.attempts = stored.attempts;
        live.stored = stored.state;
        if live.stored.status.is_busy() {
            live.stored.status = SyncStatus::Idle;
        }
    }

    /// Says that records were taken in.
    pub(crate) fn took(&self, counts: &Counters, now: Timestamp) {
        let mut live = self.lock();
        live.counters.add(counts);
        live.minute.add(counts);
        live.status = SyncStatus::Idle;
        live.stored.last_sync = Some(now);
        live.stored.last_success = Some(now);
        live.stored.last_error = None;
    }

    /// Says that records could not be taken in.
    pub(crate) fn failed(&self, status: SyncStatus, error: String, now: Timestamp) {
        let mut live = self.lock();
        live.status = status;
        live.stored.last_sync = Some(now);
        live.stored.last_error = Some(error);
    }

    /// The state as the API shows it.
    pub fn state(&self, now: Timestamp) -> SourceState {
        let live = self.lock();
        let checkpoint = live.checkpoint.as_ref();
        let bookmark = checkpoint.map(|checkpoint| checkpoint.bookmark);
        SourceState {
            id: self.id.clone(),
            kind: self.kind,
            address: self.address.clone(),
            status: live.status,
            bookmark,
            round: checkpoint
                .and_then(|checkpoint| checkpoint.round.as_ref())
                .map(|round| RoundState {
                    since: round.since,
                    seen: round.seen,
                    begun: round.begun,
                }),
            lag_seconds: bookmark.map(|bookmark| milliseconds(now.since(bookmark))),
            last_sync: live.stored.last_sync,
            last_success: live.stored.last_success,
            last_error: live.stored.last_error.clone(),
            retry: live.retry,
            next_sync: live.next_sync.filter(|_| !live.paused),
            not_before: live.not_before.filter(|until| *until > now),
            interval_minutes: live.interval_minutes,
            warnings: live.warnings.clone(),
            sweep: live.sweep(now),
            turns: live.turns,
            paused: live.paused,
            has_chaos: self.has_chaos.load(Ordering::Relaxed),
            minute: live.minute.sum(),
            counters: live.counters,
        }
    }

    /// The latest turns, the newest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.lock().attempts.clone()
    }

    pub(crate) fn keep_attempt(&self, attempt: Attempt) {
        let mut live = self.lock();
        live.attempts.insert(0, attempt);
        live.attempts.truncate(ATTEMPTS_KEPT);
    }

    pub(crate) fn count(&self, counts: &Counters) {
        let mut live = self.lock();
        live.counters.add(counts);
        live.minute.add(counts);
    }

    /// Says that a commit failed: it may have succeeded without telling.
    pub(crate) fn doubt(&self) {
        self.lock().is_in_doubt = true;
    }

    /// Settles a doubt by the stored books.
    pub(crate) fn settle(&self, stored: &Counters) {
        let mut live = self.lock();
        if live.is_in_doubt {
            live.is_in_doubt = false;
            live.counters = *stored;
        }
    }

    /// The state, to be read and changed; who watches hears of it once it is given back.
    pub(crate) fn lock(&self) -> Guard<'_> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        Guard {
            cell: self,
            before: live.visible(),
            live: Some(live),
        }
    }
}

/// What a watcher is told about.
type Visible = (SyncStatus, Option<RetryState>, bool, u32, u64);

impl Live {
    fn sweep(&self, now: Timestamp) -> Option<SweepState> {
        let sweep = &self.checkpoint.as_ref()?.sweep;
        Some(SweepState {
            last: sweep.last,
            next: sweep.due(self.sweep_every?, now),
            running: sweep.round.is_some(),
            late: sweep.late,
        })
    }

    fn visible(&self) -> Visible {
        let interval = self.interval_minutes;
        (self.status, self.retry, self.paused, interval, self.turns)
    }
}

/// The locked state of a source.
pub(crate) struct Guard<'a> {
    cell: &'a SourceCell,
    before: Visible,
    /// There until the guard is dropped.
    live: Option<MutexGuard<'a, Live>>,
}

impl Deref for Guard<'_> {
    type Target = Live;

    fn deref(&self) -> &Live {
        self.live.as_ref().expect("the lock is held until the drop")
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut Live {
        self.live.as_mut().expect("the lock is held until the drop")
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let is_changed = self.visible() != self.before;
        // The watcher must not be told under the lock: it may ask for the state.
        drop(self.live.take());
        if is_changed && let Some(watcher) = self.cell.watcher.get() {
            watcher.source_changed(&self.cell.id);
        }
    }
}

/// Seconds with a resolution of one millisecond, so that the number prints short.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 milliseconds are 285,000 years"
)]
fn milliseconds(duration: Duration) -> f64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) as f64 / 1_000.0
}
