//! The time of the world, and the clock of the service, which may be wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use tokio::time::Instant;

/// When every world begins: Monday, 23 November 2026, 10:00:00 UTC.
pub(super) const T0: Timestamp = Timestamp::from_nanos(1_795_428_000_000_000_000);

/// An instant that many seconds after the beginning.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(T0.nanos() + seconds * 1_000_000_000)
}

/// The clock of the service is wrong by `error_s` from an instant on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockStep {
    pub(super) from: Duration,
    pub(super) error_s: i64,
}

/// How long the world has lasted: the lives of the service, each with a paused clock of its own, and the
/// time in between.
#[derive(Debug)]
pub(super) struct Time {
    state: Mutex<(Duration, Option<Instant>)>,
    steps: Vec<ClockStep>,
    /// The first start is at the right time: what "now" was then is in the first bookmark.
    may_err: AtomicBool,
}

impl Time {
    pub(super) fn new(steps: Vec<ClockStep>) -> Self {
        Self {
            state: Mutex::new((Duration::ZERO, None)),
            steps,
            may_err: AtomicBool::new(false),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, (Duration, Option<Instant>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A life begins, on the clock of its runtime.
    pub(super) fn begin_life(&self) {
        self.state().1 = Some(Instant::now());
    }

    /// The life has ended, and nothing runs for a while.
    pub(super) fn end_life(&self, pause: Duration) {
        let elapsed = self.elapsed();
        *self.state() = (elapsed + pause, None);
    }

    pub(super) fn elapsed(&self) -> Duration {
        let (before, begun) = *self.state();
        before + begun.map(|begun| begun.elapsed()).unwrap_or_default()
    }

    /// The true time, which the upstream knows.
    pub(super) fn now(&self) -> Timestamp {
        T0.plus(self.elapsed())
    }

    /// Whole seconds since the beginning.
    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.elapsed().as_secs()).expect("a world is short")
    }

    pub(super) fn let_err(&self) {
        self.may_err.store(true, Ordering::Relaxed);
    }

    /// Whether the clock was set between two times.
    pub(super) fn is_set_between(&self, from: Duration, to: Duration) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| step.from >= from && step.from <= to)
    }

    fn error_s(&self) -> i64 {
        if !self.may_err.load(Ordering::Relaxed) {
            return 0;
        }
        let elapsed = self.elapsed();
        let mut past = self.steps.iter().filter(|step| step.from <= elapsed);
        past.next_back().map_or(0, |step| step.error_s)
    }
}

/// The clock of the service.
pub(super) struct WallClock(pub(super) Arc<super::state::World>);

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let time = &self.0.time;
        Timestamp::from_nanos(time.now().nanos() + time.error_s() * 1_000_000_000)
    }
}
