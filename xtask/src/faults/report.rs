//! The checks, one after another, and their table.

use std::path::Path;

use anyhow::{Context, bail};

use super::{commits, copies, full, order};
use crate::program::release_binary;
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};
use crate::{crash, needs};

/// Pushes that are answered over a bad disk when the test command asks.
pub(crate) const COMMITS_IN_TESTS: u64 = 10_000;
/// The seed when nobody names one.
const SEED: u64 = 1;

/// What came out of a check.
pub(crate) struct Figures {
    pub(crate) passed: bool,
    pub(crate) text: String,
}

/// A check: its name, what must be installed for it, and what it does with the program, a folder of its own, the
/// number of commits and the seed.
type Check = (
    &'static str,
    &'static [&'static str],
    fn(&Path, &Path, (u64, u64)) -> anyhow::Result<Figures>,
);

const CHECKS: [Check; 4] = [
    ("order", &["strace"], |program, folder, _| {
        order::run(program, folder)
    }),
    ("disk full", &[], |program, folder, _| {
        full::run(program, folder)
    }),
    ("copies", &[], |program, folder, _| {
        copies::run(program, folder)
    }),
    ("commits", &["cc"], commits::run),
];

/// Runs the check of this name, or all; whether every one passed. Without a program of its own it builds one.
pub(crate) fn run(
    name: Option<&str>,
    program: Option<&str>,
    wanted: (Option<u64>, Option<u64>),
) -> anyhow::Result<bool> {
    let program = match program {
        Some(program) => std::path::absolute(program)?,
        None if crash::build()? => release_binary()?,
        None => return Ok(false),
    };
    let wanted = (
        wanted.0.unwrap_or(COMMITS_IN_TESTS),
        wanted.1.unwrap_or(SEED),
    );
    let chosen: Vec<&Check> = CHECKS
        .iter()
        .filter(|(own, ..)| name.is_none_or(|name| name == own.replace(' ', "-")))
        .collect();
    if chosen.is_empty() {
        let names = CHECKS.map(|(own, ..)| own.replace(' ', "-"));
        bail!("there is no such check; there are {}", names.join(", "));
    }
    let mut rows = vec![
        ["check", "result", "seconds", "figures"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut passed = true;
    for (name, needed, check) in chosen {
        let stopwatch = Stopwatch::start();
        let folder = tempfile::tempdir().context("create a folder for the check")?;
        let figures = needs::provide(needed)
            .map_err(anyhow::Error::msg)
            .and_then(|()| check(&program, folder.path(), wanted));
        let (result, text) = match figures {
            Ok(figures) if figures.passed => ("passed", figures.text),
            Ok(figures) => ("FAILED", figures.text),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        if result != "passed" {
            passed = false;
            say(&format!(
                "{name}: logs and data are kept in {}",
                folder.keep().display()
            ));
        }
        rows.push(
            [name, result, &stopwatch.seconds(), &text]
                .map(str::to_owned)
                .to_vec(),
        );
    }
    table(&rows);
    Ok(passed)
}
