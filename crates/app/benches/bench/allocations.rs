//! Allocations of an event on the hot path, once everything that is kept has its size.

use std::alloc::System;

use stats_alloc::{Region, StatsAlloc};

use crate::report::Report;
use crate::works::WORKS;

/// Works whose events shall cost no more than the goal.
const HOT: [&str; 3] = ["pipe, talkers", "pipe, uniform", "pipe, 1.8 KB"];
/// Allocations of an event.
const GOAL: f64 = 0.05;

/// A row for each work of the event path, and for the rows of alerts, which own their texts.
pub(crate) fn allocations(
    allocator: &'static StatsAlloc<System>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (name, make) in WORKS {
        let mut job = make()?;
        (job.run)()?;
        let region = Region::new(allocator);
        (job.run)()?;
        let counted = region.change();
        let events = job.events as f64;
        let each = (counted.allocations + counted.reallocations) as f64 / events;
        let bytes = counted.bytes_allocated as f64 / events;
        let goal = match (HOT.contains(&name), each <= GOAL) {
            (false, _) => String::new(),
            (true, true) => format!(", goal {GOAL} reached"),
            (true, false) => format!(", goal {GOAL} MISSED"),
        };
        report.row(
            &format!("allocations, {name}"),
            "an event",
            each,
            format!("{bytes:.0} bytes{goal}"),
        );
    }
    Ok(())
}
