//! Time, and waiting for what must happen: by looking again until a deadline, never for a fixed time.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cresset_model::Timestamp;
use cresset_model::ports::Clock;

pub(crate) use crate::waiting::Stopwatch;
use crate::waiting::look_until;

/// How long may be waited for one thing, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(150);
const LOOK_EVERY: Duration = Duration::from_millis(60);

/// Looks until there is something, and returns it; the error names what was waited for.
pub(crate) fn wait_for<T>(
    what: &str,
    look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    look_until(what, (PATIENCE, LOOK_EVERY), look)
}

struct WallClock;

impl Clock for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the upstream of a test dates its alerts like any other one"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = since_epoch.unwrap_or_default().as_nanos();
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(WallClock)
}

/// A seed for this run.
pub(crate) fn seed() -> u64 {
    WallClock.now().nanos().unsigned_abs() % 1_000_000
}
