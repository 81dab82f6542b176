//! Waiting for what must happen: by looking again until a deadline, never for a fixed time.

use std::time::{Duration, Instant};

use anyhow::bail;

/// How long a test waits for something that must happen, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Measures from its start.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests time themselves and give up at a deadline; nothing else is decided by it"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Looks until there is something, and returns it; the error names what was waited for.
pub(crate) fn wait_for<T>(
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let stopwatch = Stopwatch::start();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if stopwatch.elapsed() > PATIENCE {
            bail!("waited {} s in vain until {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks until a condition holds.
pub(crate) fn wait_until(
    what: &str,
    mut holds: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    wait_for(what, || Ok(holds()?.then_some(())))
}

/// The machine's time.
#[expect(
    clippy::disallowed_methods,
    reason = "records need a time that is not long ago; nothing is compared with it"
)]
pub(crate) fn now_seconds() -> anyhow::Result<u64> {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(since_epoch.as_secs())
}
