//! The benches: figures of the shipped binary beside what the machine can do at best, in turns.
//!
//! `cargo x bench [NAME]` runs them; `--json PATH` writes the figures for comparison,
//! `--full` takes the sizes that the goals name. `--inputs FOLDER` writes what other programs are measured with.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "figures of a bench are far below 2^52"
)]

mod city;
mod cores;
mod cpu;
mod events;
mod files;
mod geo;
mod inputs;
mod load;
mod mmdb;
mod numbers;
mod pipe;
mod pipe_file;
mod process;
mod raw;
mod reads;
mod report;
mod seed_a;
mod service;
mod upstream;
mod viewers;
mod ways;
mod webhook;

use std::path::Path;

use anyhow::Context as _;
use report::Report;

/// A bench: its name and what it does.
type Bench = (&'static str, fn(&mut Report) -> anyhow::Result<()>);

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BENCHES: [Bench; 18] = [
    ("pipe", pipe::pipe),
    ("indicators", pipe::indicators_cost),
    ("cores", cores::cores),
    ("files", files::pipe),
    ("geo", geo::geo),
    ("seed_a", seed_a::seed_a),
    ("produce", files::produce),
    ("webhook", webhook::webhook),
    ("sync", load::sync::sync),
    ("commit", load::commit::commit),
    ("list", service::list),
    ("start", load::ready::start),
    ("push", load::push::push),
    ("stored", load::reads::stored),
    ("retain", load::retain::retain),
    ("memory", service::memory),
    ("reads", reads::reads),
    ("viewers", viewers::viewers),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut wanted = Vec::new();
    let mut json = None;
    let mut report = Report::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => json = rest.next().cloned(),
            "--inputs" => return inputs::write(Path::new(rest.next().context("no folder")?)),
            "--full" => report.full = true,
            // Cargo adds it to every bench.
            "--bench" => {}
            name => wanted.push(name.to_owned()),
        }
    }
    cresset_connectors::tls::install();
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            bench(&mut report)?;
        }
    }
    report.print()?;
    json.map_or(Ok(()), |path| report.write(&path))
}
