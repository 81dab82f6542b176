//! What fixed work takes in allocations, and, under callgrind, in instructions: figures that a busy machine
//! does not change. `cargo x bench allocations` and `cargo x bench --count` run it.
//!
//! The work is the core's. The allocator is the system's behind a counter, not that of the program.

#![expect(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "modules are shared with the benches, which use more of them"
)]

mod allocations;
mod city;
mod cpu;
mod events;
mod mmdb;
mod numbers;
mod report;
mod rows;
mod seed_a;
mod upstream;
mod ways;
mod works;

use std::alloc::System;
use std::io::Write as _;

use anyhow::Context as _;
use report::Report;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use works::{Job, WORKS};

/// Counts what is asked of the system's allocator.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let behind = |flag: &str| arguments.iter().skip_while(|it| *it != flag).nth(1);
    if let Some(name) = behind("--work") {
        return once(name);
    }
    if arguments.iter().any(|it| it == "--works") {
        return list();
    }
    let mut report = Report::default();
    allocations::allocations(ALLOCATOR, &mut report)?;
    report.print()?;
    behind("--json").map_or(Ok(()), |path| report.write(path))
}

/// Prints the name of each work.
fn list() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (name, _) in WORKS {
        writeln!(out, "{name}")?;
    }
    Ok(())
}

/// Does one work once in [`the_counted_work`], and prints how many events it was.
fn once(name: &str) -> anyhow::Result<()> {
    let work = WORKS.iter().find(|(work, _)| *work == name);
    let (_, make) = work.with_context(|| format!("no work `{name}`"))?;
    let mut job = make()?;
    // What is set up with the first batch is no part of the others.
    (job.run)()?;
    the_counted_work(&mut job)?;
    writeln!(std::io::stdout(), "{}", job.events)?;
    Ok(())
}

/// The region that is counted: callgrind is told its name, so it must remain a function of its own.
#[inline(never)]
fn the_counted_work(job: &mut Job) -> anyhow::Result<()> {
    let done = (job.run)();
    // Not the last thing here, or it would be jumped to instead of called.
    std::hint::black_box(&done);
    done
}
