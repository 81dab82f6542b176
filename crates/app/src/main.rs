//! The `cresset` binary: reads the command line, wires the adapters to the ports, runs.

mod cli;
mod client;
mod clock;
mod commands;
mod config;
mod descriptors;
mod exit;
mod generate;
mod limited_intake;
mod notify;
mod output;
mod plan;
mod refresh;
mod reload;
mod running;
mod service;
mod signals;
mod sources;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};

/// Scales over threads where the system's allocator does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::complain(&format!("cresset: {error:#}"));
            error
                .downcast_ref::<Failure>()
                .map_or(Exit::No, |failure| failure.exit)
                .into()
        }
    }
}
