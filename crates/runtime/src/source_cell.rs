//! The state of one source, shared between its loop, which writes it, and the control, which shows it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::source::{
    Attempt, Checkpoint, Counters, RetryState, RoundState, SourceState, StoredState, SyncStatus,
};
use cresset_model::{SourceId, Timestamp};

/// Turns whose record is kept.
const ATTEMPTS_KEPT: usize = 60;

/// The state of one source.
#[derive(Debug)]
pub struct SourceCell {
    id: SourceId,
    kind: &'static str,
    address: String,
    live: Mutex<Live>,
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
    pub(crate) is_in_doubt: bool,
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
        }
    }

    /// The source's id.
    pub fn id(&self) -> &SourceId {
        &self.id
    }

    /// The state as the API shows it.
    pub fn state(&self, now: Timestamp) -> SourceState {
        let live = self.lock();
        let bookmark = live.checkpoint.map(|checkpoint| checkpoint.bookmark);
        SourceState {
            id: self.id.clone(),
            kind: self.kind,
            address: self.address.clone(),
            status: live.status,
            bookmark,
            round: live
                .checkpoint
                .and_then(|checkpoint| checkpoint.round)
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
            next_sync: live.next_sync,
            not_before: live.not_before.filter(|until| *until > now),
            interval_minutes: live.interval_minutes,
            warnings: Vec::new(),
            turns: live.turns,
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
        self.lock().counters.add(counts);
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
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
