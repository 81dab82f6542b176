//! The project's own commands. Knows none of the project's crates: it reads their files and runs
//! their programs.

mod arguments;
mod bench;
mod check;
mod crash;
mod date;
mod fuzz;
mod mutants;
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
  crash [--runs N] [--seed S]  kill the service at random moments and judge what it kept
  fuzz [TARGET] [--minutes N]  run the fuzz targets, 10 minutes each unless said otherwise; with
                               --minimize instead: keep the fewest inputs that reach the same
  mutants [MODULE]             change one thing at a time in the modules that bear the contract, and
                               see whether a test notices
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
            let runs = arguments.number("--runs")?.unwrap_or(crash::RUNS);
            let seed = arguments.number("--seed")?;
            arguments.finish()?;
            crash::run(runs, seed)
        }
        "fuzz" => {
            let minutes = arguments.number("--minutes")?.unwrap_or(fuzz::MINUTES);
            let minimize = arguments.flag("--minimize");
            let name = arguments.word();
            arguments.finish()?;
            if minimize {
                fuzz::minimize(name.as_deref())
            } else {
                fuzz::run(name.as_deref(), minutes)
            }
        }
        "mutants" => {
            let name = arguments.word();
            arguments.finish()?;
            mutants::run(name.as_deref())
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
