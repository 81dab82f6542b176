//! A wall clock that follows the clock of the runtime.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use tokio::time::Instant;

/// When every test begins: 2026-11-23T10:00:00Z.
pub(crate) const T0: Timestamp = Timestamp::from_nanos(1_795_428_000_000_000_000);

/// A span of time in seconds.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Says [`T0`] plus the time that passed on the clock of the runtime, which tests pause; unless it was set.
pub(crate) struct TestClock {
    begun: Instant,
    /// Seconds that it is wrong.
    error: AtomicI64,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            error: AtomicI64::new(0),
        }
    }

    /// Sets it: from now on it is wrong by so many seconds.
    pub(crate) fn set(&self, error: i64) {
        self.error.store(error, Ordering::Relaxed);
    }

    /// How long the test has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let right = T0.plus(self.elapsed()).nanos();
        let error = self.error.load(Ordering::Relaxed);
        Timestamp::from_nanos(right + error * 1_000_000_000)
    }
}

/// Always says [`T0`].
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        T0
    }
}

/// So many seconds before the tests begin.
pub(crate) fn ago(seconds: u64) -> Timestamp {
    T0.minus(Duration::from_secs(seconds))
}
