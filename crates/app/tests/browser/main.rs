//! The pages in a real browser, served by the real binary.
//!
//! `cargo test -p cresset --test browser [NAME…]` runs the tests; they need `chromium`, `chromedriver` and
//! `faketime`, which `cargo x test` installs. `cargo x screenshots DIR` takes a picture of every page.

mod clock;
mod data;
mod driver;
mod flow;
mod http;
mod list;
mod look;
mod outbox;
mod page;
#[path = "../ports/mod.rs"]
mod ports;
mod runner;
mod service;
mod session;
mod shell;
mod shots;
mod sources;
mod stage;
mod wait;
#[path = "../waiting/mod.rs"]
mod waiting;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use runner::Test;

/// Every test there is, the longest first.
const TESTS: [Test; 22] = [
    ("demo_flow", flow::demo_flow),
    ("accessibility", look::accessibility),
    ("widths", look::widths),
    ("failing_pattern", flow::failing_pattern),
    ("reconnect", shell::reconnect),
    ("list_filters", list::filters),
    ("from_the_overview", list::from_the_overview),
    ("list_keys", list::keys),
    ("live_bar", list::live_bar),
    ("alert", list::alert),
    ("dead_letters", outbox::dead_letters),
    ("deliveries", outbox::deliveries),
    ("emptiness", outbox::emptiness),
    ("columns", list::columns),
    ("list_without_script", list::without_script),
    ("source_commands", sources::commands),
    ("chaos_ends", sources::chaos_ends),
    ("hostile", look::hostile),
    ("keys_of_the_shell", shell::keys_of_the_shell),
    ("two_tabs", shell::two_tabs),
    ("themes", shell::themes),
    ("without_script", shell::without_script),
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            runner::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs what the arguments ask for; whether all is well.
fn run() -> anyhow::Result<bool> {
    let mut words = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--screenshots" => {
                let directory = arguments.next().context("--screenshots DIR")?;
                shots::take(Path::new(&directory))?;
                return Ok(true);
            }
            // Cargo hands on flags of its own harness, such as `--quiet`.
            flag if flag.starts_with('-') => {}
            _ => words.push(argument),
        }
    }
    runner::run(&TESTS, &words)
}
