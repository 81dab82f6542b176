//! Waiting for what must happen: by looking again until a deadline, never for a fixed time.

use std::time::Duration;

pub(crate) use crate::waiting::Stopwatch;
use crate::waiting::look_until;

/// How long a test waits for something that must happen, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Looks until there is something, and returns it; the error names what was waited for.
pub(crate) fn wait_for<T>(
    what: &str,
    look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    look_until(what, (PATIENCE, LOOK_EVERY), look)
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
