//! The project's own commands. Knows none of the project's crates: it reads their files and runs
//! their programs.

mod arguments;
mod bench;
mod check;
mod crash;
mod date;
mod faults;
mod needs;
mod program;
mod real_servers;
mod stopwatch;
mod suites;
mod terminal;
mod tidy;

use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::arguments::Arguments;
use crate::terminal::say;

const USAGE: &str = "\
usage: cargo x <command>

  check                        format, clippy without warnings, tidy
  tidy                         the house rules: arrows, cycles, sizes, purity, words, links
  test [--fast]                every suite, timed; --fast leaves out the browser, the release build,
                               what needs it, and what needs servers of its own
  crash [--signal kill|term] [--runs N] [--seed S] [--program PATH]
                               kill or stop the service at random moments and judge what it kept
  faults [CHECK] [--commits N] [--seed S] [--program PATH]
                               a bad disk below the service: order, disk-full, copies, commits
  recovery [--alerts N] [--program PATH]
                               how long a start behind a kill takes with many alerts; a million by default
  bench [NAME]                 run the benches and print the change since the last run
  screenshots DIR              take a picture of every page in both themes";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(command) = words.next() else {
        say(USAGE);
        return ExitCode::from(2);
    };
    match run(&command, words.collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs one command; `false` means that it ran and the answer is no.
fn run(command: &str, words: Vec<String>) -> anyhow::Result<bool> {
    let mut arguments = Arguments::new(words);
    match command {
        "check" => {
            arguments.finish()?;
            check::all()
        }
        "tidy" => {
            arguments.finish()?;
            check::tidy()
        }
        "test" => {
            let fast = arguments.flag("--fast");
            arguments.finish()?;
            Ok(suites::run(fast))
        }
        "crash" => {
            let runs = arguments.number("--runs")?;
            let seed = arguments.number("--seed")?;
            let signal = crash::Signal::read(arguments.text("--signal")?.as_deref())?;
            let program = arguments.text("--program")?;
            arguments.finish()?;
            let runs = runs.unwrap_or(crash::KILLS_IN_TESTS);
            crash::run(runs, seed, signal, program.as_deref())
        }
        "faults" => {
            let commits = arguments.number("--commits")?;
            let seed = arguments.number("--seed")?;
            let program = arguments.text("--program")?;
            let name = arguments.word();
            arguments.finish()?;
            faults::run(name.as_deref(), program.as_deref(), (commits, seed))
        }
        "recovery" => {
            let alerts = arguments.number("--alerts")?.unwrap_or(1_000_000);
            let program = arguments.text("--program")?;
            arguments.finish()?;
            faults::recovery(alerts, program.as_deref())
        }
        "bench" => {
            let name = arguments.word();
            arguments.finish()?;
            bench::run(name.as_deref())
        }
        "screenshots" => {
            let directory = arguments.word().context("the folder is missing")?;
            arguments.finish()?;
            suites::screenshots(&directory)
        }
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(true)
        }
        other => bail!("no command `{other}`\n\n{USAGE}"),
    }
    .with_context(|| format!("failed to {command}"))
}
