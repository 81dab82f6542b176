//! The project's own commands. Knows none of the project's crates: it reads their files and runs
//! their programs.

mod arguments;
mod bench;
mod check;
mod conformance;
mod copy;
mod crash;
mod date;
mod edges;
mod faults;
mod fuzz;
mod mutants;
mod needs;
mod program;
mod python;
mod real_servers;
mod simulate;
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
  conformance                  the release binary against the description of its API
  edges                        silent, slow, idle and stalled clients against the release binary
  simulate [--seeds N] [--from S]
                               run worlds from their seeds and judge how they end
  simulate --seed S            tell the story of one
  simulate --sabotages         put each listed fault into a copy and see that it is found
  fuzz [TARGET] [--minutes N]  run the fuzz targets, 10 minutes each unless said otherwise; with
                               --minimize instead: keep the fewest inputs that reach the same
  mutants [MODULE]             change one thing at a time in the modules that bear the contract, and
                               see whether a test notices
  bench [NAME] [--full]        run the benches and print the change since the last run; --full takes the
                               sizes of the goals, some minutes more
  bench build                  what it takes to build the project from nothing, and to try a change
  bench --compare              measure other programs, where they are installed, beside this one
  bench --count [--accept]     count instructions of fixed work and compare with the committed figures, or
                               keep the new ones
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
        "bench" => measure(arguments),
        "screenshots" => {
            let directory = arguments.word().context("the folder is missing")?;
            arguments.finish()?;
            suites::screenshots(&directory)
        }
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(true)
        }
        other => prove(other, arguments),
    }
    .with_context(|| format!("failed to {command}"))
}

/// Runs benches, counts instructions, or measures other programs.
fn measure(mut arguments: Arguments) -> anyhow::Result<bool> {
    let (count, accept) = (arguments.flag("--count"), arguments.flag("--accept"));
    let (peers, full) = (arguments.flag("--compare"), arguments.flag("--full"));
    let name = arguments.word();
    arguments.finish()?;
    match (count, peers, name) {
        (true, false, None) => {
            needs::provide(&["valgrind"]).map_err(anyhow::Error::msg)?;
            bench::count::run(accept)
        }
        (false, true, None) => bench::compare::run(),
        (false, false, Some(name)) if !accept && name == "build" => bench::builds::run(),
        (false, false, name) if !accept => bench::run(name.as_deref(), full),
        _ => bail!("`--count` or `--compare` stand alone, `--accept` stands with `--count`"),
    }
}

/// Runs a command that puts the product to the proof.
fn prove(command: &str, mut arguments: Arguments) -> anyhow::Result<bool> {
    match command {
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
        "conformance" => {
            arguments.finish()?;
            conformance::run()
        }
        "edges" => {
            arguments.finish()?;
            edges::run()
        }
        "simulate" => {
            let (seeds, from) = (arguments.number("--seeds")?, arguments.number("--from")?);
            let seed = arguments.number("--seed")?;
            let sabotages = arguments.flag("--sabotages");
            arguments.finish()?;
            match seed {
                _ if sabotages => simulate::sabotages(seeds.unwrap_or(simulate::SEEDS)),
                Some(seed) => simulate::story(seed),
                None => simulate::run(from.unwrap_or(0), seeds.unwrap_or(simulate::SEEDS)),
            }
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
        other => bail!("no command `{other}`\n\n{USAGE}"),
    }
}
