//! Processor time: it counts on a machine that does other things too, where the wall clock does not.

use anyhow::Context as _;

/// Clock ticks in a second of processor time, as `/proc` counts them.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time of a process so far, user and system, in seconds.
pub(crate) fn of_process(id: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |place: usize| -> anyhow::Result<f64> {
        let field = after_name
            .split_whitespace()
            .nth(place)
            .context("no such field")?;
        Ok(field.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// Processor time of this thread so far, in seconds and to the nanosecond.
fn of_thread() -> anyhow::Result<f64> {
    // Reading the one file brings the figure in the other up to date.
    std::fs::read_to_string("/proc/self/stat")?;
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = stat
        .split_whitespace()
        .next()
        .context("no figure")?
        .parse()?;
    Ok(nanos / 1e9)
}

/// The processor time that the work takes on this thread, in seconds.
pub(crate) fn spent(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let begun = of_thread()?;
    work()?;
    Ok(of_thread()? - begun)
}
