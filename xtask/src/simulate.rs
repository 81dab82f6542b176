//! Starts the simulation of the `sim` crate, and puts faults into a copy of the project to see that it finds
//! them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::copy::{apart, copy_project};
use crate::program::{cargo_command, cargo_with, root, target};
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Worlds of one run of the test command.
pub(crate) const SEEDS: u64 = 1_000;

/// Where the faults are listed.
const SABOTAGES: &str = "crates/sim/sabotages.json";
const RUN: &str = "runs::every_world_ends_well";
const STORY: &str = "runs::the_same_seed_tells_the_same_story";
/// What a run says before the number of a world that ended badly.
const BAD: &str = "seed ";

/// The test program, with one of its tests.
fn words<'a>(profile: &'a [&'a str], test: &'a str) -> Vec<&'a str> {
    let mut words = vec!["test", "--quiet"];
    words.extend(profile);
    words.extend([
        "-p",
        "cresset-sim",
        "--test",
        "simulate",
        "--",
        "--exact",
        test,
    ]);
    words.push("--nocapture");
    words
}

/// Runs so many worlds.
pub(crate) fn run(from: u64, seeds: u64) -> anyhow::Result<bool> {
    let stopwatch = Stopwatch::start();
    let (first, count) = (from.to_string(), seeds.to_string());
    let variables = [
        ("CRESSET_SIMULATE_FROM", first.as_str()),
        ("CRESSET_SIMULATE_SEEDS", count.as_str()),
    ];
    let passed = cargo_with(&words(&["--release"], RUN), &variables)?;
    if passed {
        let seconds = stopwatch.seconds();
        say(&format!(
            "{seeds} worlds from seed {from} ended well, {seconds} s with the build"
        ));
    }
    Ok(passed)
}

/// Tells what happens in one world.
pub(crate) fn story(seed: u64) -> anyhow::Result<bool> {
    let seed = seed.to_string();
    cargo_with(
        &words(&["--release"], STORY),
        &[("CRESSET_SIMULATE_STORY", &seed)],
    )
}

/// One line of the product, put wrong.
#[derive(Debug, PartialEq, Eq)]
struct Sabotage {
    name: String,
    file: String,
    find: String,
    replace: String,
    breaks: String,
}

/// What became of a sabotage.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// By the world of this seed.
    At(u64),
    No,
}

/// Puts each fault into a copy and runs worlds until one finds it; whether all are found.
pub(crate) fn sabotages(seeds: u64) -> anyhow::Result<bool> {
    let list = fs::read_to_string(root().join(SABOTAGES)).context("read the sabotages")?;
    let list = parse(&list).context("read the sabotages")?;
    let copy = target()?.join("sabotage");
    copy_project(&copy, &BTreeMap::new())?;
    let mut rows = vec![
        ["sabotage", "breaks", "seeds", "seconds"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut all_found = true;
    for sabotage in &list {
        let stopwatch = Stopwatch::start();
        let found = try_one(&copy, sabotage, seeds)
            .with_context(|| format!("try the sabotage `{}`", sabotage.name))?;
        let needed = match found {
            Found::At(seed) => (seed + 1).to_string(),
            Found::No => "NOT FOUND".to_owned(),
        };
        all_found &= found != Found::No;
        say(&format!("{}: {needed}", sabotage.name));
        let (name, breaks) = (sabotage.name.clone(), sabotage.breaks.clone());
        rows.push(vec![name, breaks, needed, stopwatch.seconds()]);
    }
    say("");
    table(&rows);
    Ok(all_found)
}

fn parse(text: &str) -> anyhow::Result<Vec<Sabotage>> {
    let Value::Array(list) = serde_json::from_str(text)? else {
        bail!("an array is expected");
    };
    list.iter()
        .map(|value| {
            let text = |key: &str| {
                let text = value.get(key).and_then(Value::as_str);
                text.map(str::to_owned)
                    .with_context(|| format!("a sabotage needs `{key}`"))
            };
            Ok(Sabotage {
                name: text("name")?,
                file: text("file")?,
                find: text("find")?,
                replace: text("replace")?,
                breaks: text("breaks")?,
            })
        })
        .collect()
}

fn try_one(copy: &Path, sabotage: &Sabotage, seeds: u64) -> anyhow::Result<Found> {
    let path = copy.join(&sabotage.file);
    let sound = fs::read_to_string(&path).context("read the file")?;
    let broken = apply(&sound, sabotage).context("the line is not there, or more than once")?;
    fs::write(&path, broken).context("write the file")?;
    let said = attempt(copy, seeds);
    fs::write(&path, sound).context("write the file")?;
    said
}

/// The text with its one line replaced.
fn apply(text: &str, sabotage: &Sabotage) -> Option<String> {
    let (find, replace) = (
        format!("{}\n", sabotage.find),
        format!("{}\n", sabotage.replace),
    );
    let found = text
        .split_inclusive('\n')
        .filter(|line| *line == find)
        .count();
    (found == 1).then(|| text.replacen(&find, &replace, 1))
}

/// Builds the copy as the tests are built, which takes less time, and runs worlds.
fn attempt(copy: &Path, seeds: u64) -> anyhow::Result<Found> {
    let output = cargo_command()
        .args(apart()?)
        .args(words(&[], RUN))
        .env("CARGO_TARGET_DIR", target()?)
        .env("CRESSET_SIMULATE_FROM", "0")
        .env("CRESSET_SIMULATE_SEEDS", seeds.to_string())
        .current_dir(copy)
        .output()
        .context("run cargo")?;
    if output.status.success() {
        return Ok(Found::No);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    first_bad(&said)
        .map(Found::At)
        .with_context(|| format!("no world has run:\n{said}"))
}

fn first_bad(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix(BAD))?;
    line.trim_end_matches(':').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sabotage(find: &str) -> Sabotage {
        Sabotage {
            name: "n".to_owned(),
            file: "f".to_owned(),
            find: find.to_owned(),
            replace: "c".to_owned(),
            breaks: "b".to_owned(),
        }
    }

    #[test]
    fn a_sabotage_replaces_one_whole_line() {
        let apply = |text: &str, find: &str| super::apply(text, &sabotage(find));
        assert_eq!(apply("a\n b\n", " b"), Some("a\nc\n".to_owned()));
        assert_eq!(apply("a\n b\n", "b"), None);
        assert_eq!(apply("b\nb\n", "b"), None);
    }

    #[test]
    fn the_world_that_ended_badly_is_read_from_what_was_said() {
        let said = "thread panicked at runs.rs:1:\nseed 17:\n  seed 3: of no matter\n";
        assert_eq!(first_bad(said), Some(17));
        assert_eq!(first_bad("error: it does not build"), None);
    }

    #[test]
    fn every_sabotage_of_the_list_can_be_read() {
        let list = fs::read_to_string(root().join(SABOTAGES)).unwrap();
        assert!(parse(&list).unwrap().len() >= 15);
        let error = parse("[{\"name\": \"n\"}]").unwrap_err();
        assert_eq!(error.to_string(), "a sabotage needs `file`");
    }
}
