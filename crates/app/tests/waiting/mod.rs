//! Waiting for what must happen, by looking again until a deadline, shared by the test programs of this directory.

use std::time::{Duration, Instant};

use anyhow::bail;

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
pub(crate) fn look_until<T>(
    what: &str,
    (patience, every): (Duration, Duration),
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let stopwatch = Stopwatch::start();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if stopwatch.elapsed() > patience {
            bail!("waited {} s in vain until {what}", patience.as_secs());
        }
        std::thread::sleep(every);
    }
}
