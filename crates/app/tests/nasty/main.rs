//! A hostile upstream against the real binary: each scenario has a service of its own, and a judge.
//!
//! `cargo test --release -p cresset --test nasty -- [NAME…] [--seed N]`. It writes gigabytes, so plain
//! `cargo test` leaves it out; `cargo x test` runs it.

mod http;
mod judge;
mod letters;
mod limits;
mod play;
#[path = "../ports/mod.rs"]
mod ports;
mod probe;
mod runner;
mod service;
mod table;
#[path = "../waiting/mod.rs"]
mod waiting;
mod watch;

use std::process::ExitCode;

use anyhow::Context as _;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            table::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Plays what the arguments ask for; whether all is well.
fn run() -> anyhow::Result<bool> {
    let (mut words, mut seed) = (Vec::new(), watch::seed());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => {
                let text = arguments.next().context("--seed N")?;
                seed = text.parse().context("--seed takes a whole number")?;
            }
            // Cargo hands on flags of its own harness, such as `--quiet`.
            flag if flag.starts_with('-') => {}
            _ => words.push(argument),
        }
    }
    runner::run(&words, seed)
}
