//! What it costs to build the project from nothing, and to try a change: in a copy, with a target folder of
//! its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use super::children::children_seconds;
use crate::copy::copy_project;
use crate::program::{cargo_command, target};
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Below the target folder; removed in the end.
const FOLDER: &str = "bench-build";
/// A line of the pipeline, and what it becomes: the tests pass either way.
const CHANGED: &str = "crates/pipeline/src/router/matcher.rs";
const LINE: &str = "const REGEX_BYTES_MAX: usize = 1 << 20;";
const LINE_AFTER: &str = "const REGEX_BYTES_MAX: usize = 1_000_000;";

/// What is measured: its name, how cargo is called, and the goals in seconds of the processor and of the wall
/// clock, if there are any.
struct Build {
    name: &'static str,
    arguments: &'static [&'static str],
    cpu_seconds_max: Option<f64>,
    wall_seconds_max: Option<f64>,
}

const CLEAN: [Build; 2] = [
    Build {
        name: "release, as `cargo run --release -- demo` builds it",
        arguments: &["build", "--release", "-p", "cresset"],
        cpu_seconds_max: Some(800.0),
        wall_seconds_max: None,
    },
    Build {
        name: "tests of all crates",
        arguments: &["test", "--workspace", "--no-run"],
        cpu_seconds_max: Some(900.0),
        wall_seconds_max: None,
    },
];

const CHANGE: Build = Build {
    name: "a line of `pipeline` changed, its tests built and run",
    arguments: &["test", "-p", "cresset-pipeline"],
    cpu_seconds_max: None,
    wall_seconds_max: Some(15.0),
};

/// Builds everything twice over and says what it took.
pub(crate) fn run() -> anyhow::Result<bool> {
    let folder = target()?.join(FOLDER);
    remove(&folder)?;
    let copy = folder.join("project");
    copy_project(&copy, &BTreeMap::new())?;
    let head = ["build", "CPU s", "goal", "wall s", "goal", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for build in &CLEAN {
        rows.push(measure(build, &folder)?);
    }
    // The pipeline alone has other features than all crates together.
    cargo(CHANGE.arguments, &folder)?;
    change(&copy)?;
    rows.push(measure(&CHANGE, &folder)?);
    remove(&folder)?;
    say("");
    table(&rows);
    Ok(true)
}

fn measure(build: &Build, folder: &Path) -> anyhow::Result<Vec<String>> {
    let (before, watch) = (children_seconds()?, Stopwatch::start());
    cargo(build.arguments, folder)?;
    let wall = watch.elapsed().as_secs_f64();
    let cpu = children_seconds()? - before;
    Ok(row(build, cpu, wall))
}

fn row(build: &Build, cpu: f64, wall: f64) -> Vec<String> {
    let goal = |most: Option<f64>| most.map_or_else(String::new, |most| format!("{most:.0}"));
    let is_over = |value: f64, most: Option<f64>| most.is_some_and(|most| value > most);
    let missed = is_over(cpu, build.cpu_seconds_max) || is_over(wall, build.wall_seconds_max);
    vec![
        build.name.to_owned(),
        format!("{cpu:.0}"),
        goal(build.cpu_seconds_max),
        format!("{wall:.1}"),
        goal(build.wall_seconds_max),
        if missed { "MISSED" } else { "" }.to_owned(),
    ]
}

fn cargo(arguments: &[&str], folder: &Path) -> anyhow::Result<()> {
    say(&format!("$ cargo {}", arguments.join(" ")));
    let output = cargo_command()
        .args(arguments)
        .arg("--quiet")
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(folder.join("project"))
        .output()
        .context("failed to run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo failed:\n{said}");
    Ok(())
}

fn change(copy: &Path) -> anyhow::Result<()> {
    let path = copy.join(CHANGED);
    let text = fs::read_to_string(&path).with_context(|| format!("read {CHANGED}"))?;
    let changed = changed(&text).with_context(|| format!("{CHANGED} lacks `{LINE}`"))?;
    fs::write(&path, changed).with_context(|| format!("write {CHANGED}"))
}

fn changed(text: &str) -> Option<String> {
    text.contains(LINE).then(|| text.replace(LINE, LINE_AFTER))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::root;

    #[test]
    fn the_line_that_is_changed_is_there() {
        let text = fs::read_to_string(root().join(CHANGED)).unwrap();
        assert!(changed(&text).unwrap().contains(LINE_AFTER));
        assert_eq!(changed("something else"), None);
    }

    #[test]
    fn a_missed_goal_is_marked() {
        let mark = |build, cpu, wall| row(build, cpu, wall).pop().unwrap();
        assert_eq!(mark(&CLEAN[0], 800.0, 999.0), "");
        assert_eq!(mark(&CLEAN[0], 801.0, 1.0), "MISSED");
        assert_eq!(mark(&CHANGE, 999.0, 15.0), "");
        assert_eq!(mark(&CHANGE, 1.0, 15.1), "MISSED");
    }
}
