//! Other programs beside this one: the same events from the same file, in turns.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use super::children::{TICKS_PER_SECOND, children_seconds};
use super::peers::{PEERS, Peer};
use crate::crash;
use crate::program::{cargo, release_binary, root};
use crate::terminal::{say, table};

/// Where the configurations of the others lie.
const PEERS_FOLDER: &str = "bench/peers";
/// Turns of each pair.
const TURNS: usize = 5;
/// What stands in a line that tells of a threat.
const THREAT: &str = "\"threat_info\"";

/// What a run took and what it wrote.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Processor time, user and system, of the program and of what it started.
    cpu_seconds: f64,
    lines: usize,
    threats: usize,
}

/// Measures who is there and names who is not.
pub(crate) fn run() -> anyhow::Result<bool> {
    let mut present = Vec::new();
    for peer in &PEERS {
        match version(peer) {
            Some(version) => present.push((peer, version)),
            None => say(&format!(
                "`{}` is not on the path: {}",
                peer.program, peer.from
            )),
        }
    }
    if present.is_empty() {
        return Ok(true);
    }
    let folder = tempfile::tempdir().context("make a folder")?;
    let folder = folder.path();
    let path = folder.to_string_lossy().into_owned();
    let bench = [
        "bench", "-p", "cresset", "--bench", "bench", "--", "--inputs",
    ];
    if !(crash::build()? && cargo(&[&bench[..], &[&path]].concat())?) {
        return Ok(false);
    }
    let ours = release_binary()?;
    let head = [
        "other",
        "cresset, events/CPU s",
        "other, events/CPU s",
        "ratio",
        "what differs",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (peer, version) in present {
        say(&format!("{version}: {TURNS} turns"));
        let (own, other, ratio) = turns(&ours, peer, folder)?;
        rows.push(vec![
            version,
            format!("{own:.0}"),
            format!("{other:.0}"),
            format!("{ratio:.1}"),
            peer.differs.to_owned(),
        ]);
    }
    say("");
    table(&rows);
    Ok(true)
}

/// The first line that it says of itself, or nothing if it is not there.
fn version(peer: &Peer) -> Option<String> {
    let output = Command::new(peer.program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next()?.trim().to_owned();
    output.status.success().then_some(line)
}

/// Medians of our rate, of the other's, and of their ratio. What it takes to start, which is mostly to read
/// the database, is taken off.
fn turns(ours: &Path, peer: &Peer, folder: &Path) -> anyhow::Result<(f64, f64, f64)> {
    configure(peer, folder)?;
    let own_arguments = ["pipe", "-c", "city.yaml"].map(str::to_owned);
    let events = count_lines(&fs::read(folder.join("in.ndjson"))?);
    let events_figure = f64::from(u32::try_from(events).context("too many events")?);
    let (mut own, mut other, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let one = cost(&ours.to_string_lossy(), &own_arguments, folder)?;
        let two = cost(peer.program, &arguments(peer), folder)?;
        ensure!(one.lines == events, "{} of {events} lines", one.lines);
        (peer.check)(events, one.threats, two.lines)
            .with_context(|| format!("{} did other work", peer.name))?;
        own.push(events_figure / one.cpu_seconds);
        other.push(events_figure / two.cpu_seconds);
        ratios.push(two.cpu_seconds / one.cpu_seconds);
    }
    Ok((median(own), median(other), median(ratios)))
}

fn arguments(peer: &Peer) -> Vec<String> {
    peer.arguments.iter().map(|it| (*it).to_owned()).collect()
}

/// Puts its configuration into the folder, with what only the run knows.
fn configure(peer: &Peer, folder: &Path) -> anyhow::Result<()> {
    let template = root().join(PEERS_FOLDER).join(peer.configuration);
    let text = fs::read_to_string(&template)
        .with_context(|| format!("read {PEERS_FOLDER}/{}", peer.configuration))?;
    let list = fs::read_to_string(folder.join("list.txt")).context("read the list")?;
    let text = fill(&text, folder, &list);
    fs::write(folder.join(peer.configuration), text).context("write a configuration")
}

/// Only lines that are no comments are filled in.
fn fill(template: &str, folder: &Path, list: &str) -> String {
    let entries: Vec<&str> = list.lines().collect();
    let addresses = format!("[{}]", entries.join(", "));
    let mut text = String::new();
    for line in template.lines() {
        if line.starts_with('#') {
            continue;
        }
        let line = line.replace("FOLDER", &folder.to_string_lossy());
        text.push_str(&line.replace("ADDRESSES", &addresses));
        text.push('\n');
    }
    text
}

/// What the events take beyond no events.
fn cost(program: &str, arguments: &[String], folder: &Path) -> anyhow::Result<Run> {
    let alone = run_once(program, arguments, folder, "empty.ndjson")?;
    let run = run_once(program, arguments, folder, "in.ndjson")?;
    Ok(Run {
        // A program that is too quick for the clock took a tick.
        cpu_seconds: (run.cpu_seconds - alone.cpu_seconds).max(1.0 / TICKS_PER_SECOND),
        ..run
    })
}

fn run_once(
    program: &str,
    arguments: &[String],
    folder: &Path,
    input: &str,
) -> anyhow::Result<Run> {
    let (out, errors) = (folder.join("out"), folder.join("errors"));
    let before = children_seconds()?;
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::from(File::open(folder.join(input))?))
        .stdout(Stdio::from(File::create(&out)?))
        .stderr(Stdio::from(File::create(&errors)?))
        .status()
        .with_context(|| format!("failed to run `{program}`"))?;
    let cpu_seconds = children_seconds()? - before;
    if !status.success() {
        let said = fs::read(&errors)?;
        let said = String::from_utf8_lossy(&said);
        bail!("`{program}` ended with {status}: {}", said.trim());
    }
    let written = fs::read(&out)?;
    let text = String::from_utf8_lossy(&written);
    Ok(Run {
        cpu_seconds,
        lines: count_lines(&written),
        threats: text.matches(THREAT).count(),
    })
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with three events, two of them threats, and a script `pipe` that stands in for a program. It is
    /// read by a shell: a file that was just written cannot always be executed.
    fn stand_in(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let events = "{\"threat_info\":1}\n{}\n{\"threat_info\":2}\n";
        fs::write(folder.path().join("in.ndjson"), events).unwrap();
        fs::write(folder.path().join("empty.ndjson"), "").unwrap();
        fs::write(folder.path().join("list.txt"), "192.0.2.1\n192.0.2.2\n").unwrap();
        fs::write(folder.path().join("pipe"), script).unwrap();
        folder
    }

    fn check(script: &str, expected: Result<(usize, usize), &str>) {
        let folder = stand_in(script);
        let arguments = ["pipe", "--flag"].map(str::to_owned);
        let run = cost("sh", &arguments, folder.path());
        match (run, expected) {
            (Ok(run), Ok(expected)) => {
                assert_eq!((run.lines, run.threats), expected);
                assert!(run.cpu_seconds > 0.0);
            }
            (Err(error), Err(words)) => {
                let error = format!("{error:#}");
                assert!(error.contains(words), "{error}");
            }
            (run, _) => panic!("{run:?}"),
        }
    }

    #[test]
    fn a_program_gets_the_events_and_its_flags_and_its_lines_are_counted() {
        check("cat", Ok((3, 2)));
        check("test \"$1\" = --flag && grep threat", Err("ended with"));
        check("test \"$1\" = --flag && sed -n 1p", Ok((1, 1)));
        check("cat > /dev/null", Ok((0, 0)));
    }

    #[test]
    fn a_program_that_fails_is_named_with_what_it_said() {
        check("echo no such table >&2; exit 3", Err("no such table"));
    }

    #[test]
    fn a_peer_runs_in_turns_with_the_configuration_of_the_repository() {
        let folder = stand_in("cat");
        for peer in &PEERS {
            configure(peer, folder.path()).unwrap();
            let text = fs::read_to_string(folder.path().join(peer.configuration)).unwrap();
            assert!(!text.contains("FOLDER") && !text.contains("ADDRESSES"));
            assert!(text.contains("list.csv") || text.contains("[192.0.2.1, 192.0.2.2]"));
        }
        let peer = Peer {
            program: "sh",
            arguments: &["pipe"],
            check: |events, threats, lines| {
                ensure!((events, threats, lines) == (3, 2, 3), "other work");
                Ok(())
            },
            ..PEERS[0]
        };
        let (own, other, ratio) = turns(Path::new("sh"), &peer, folder.path()).unwrap();
        assert!(own > 0.0 && other > 0.0 && ratio > 0.0);
    }

    #[test]
    fn who_is_missing_has_no_version() {
        let peer = Peer {
            program: "a-program-that-nobody-has",
            ..PEERS[0]
        };
        assert_eq!(version(&peer), None);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let middle = median(vec![3.0, 1.0, 2.0]);
        assert!((1.5..2.5).contains(&middle), "{middle}");
    }
}
