//! Processor time of the programs that were run.

use std::fs;

use anyhow::{Context, ensure};

/// Clock ticks in a second of processor time, as `/proc` counts them.
pub(super) const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time, user and system, of all processes that this one has started and waited for, and of what
/// they waited for, in seconds.
pub(super) fn children_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("read the processor time")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = after_name
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    ensure!(ticks.len() == 2, "the processor time is missing");
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}
