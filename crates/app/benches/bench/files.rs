//! The commands that go from file to file: `cresset produce` and `cresset pipe`.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::city::City;
use crate::events::{SEED, Senders, Size, indicators, lines};
use crate::process::{Usage, watch};
use crate::report::Report;

/// Turns of each command.
const TURNS: usize = 5;
/// Events of a turn.
const EVENTS: usize = 1_000_000;
/// Entries of the list.
const INDICATORS: usize = 10_000;
const MIB: usize = 1 << 20;
/// The exit code of a pipe that has refused a record.
const PARTLY: i32 = 6;

/// A million events into a file.
pub(crate) fn produce(report: &mut Report) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let out = directory.path().join("events.ndjson");
    let (mut wall, mut cpu, mut peak) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let mut command = cresset();
        command.args(["produce", "--to", "file", "--seed", "7", "--rate", "0"]);
        command
            .args(["--count", &EVENTS.to_string(), "--out"])
            .arg(&out);
        let usage = watch(&mut command, |_| Ok(()))?;
        ensure!(usage.code == 0, "produce ended with {}", usage.code);
        let written = std::fs::read(&out)?;
        let lines = memchr::memchr_iter(b'\n', &written).count();
        ensure!(lines == EVENTS, "{lines} events were written");
        wall.push(usage.wall_seconds);
        cpu.push(usage.cpu_seconds);
        peak.push(usage.peak_mib);
    }
    report.turns("produce, 1,000,000 events into a file (goal 3)", "s", &wall);
    report.turns("produce, processor time", "CPU s", &cpu);
    report.turns("produce, peak memory", "MiB", &peak);
    Ok(())
}

/// A million events from file to file, with the built-in geography and with a large one; and a line of a gibibyte.
pub(crate) fn pipe(report: &mut Report) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    std::fs::write(directory.join("city.mmdb"), City::invent(SEED).file)?;
    std::fs::write(directory.join("list.txt"), indicators(INDICATORS))?;
    let input = lines(EVENTS, Senders::Talkers, Size::Short);
    std::fs::write(directory.join("in.ndjson"), &input)?;
    let small = config(directory, "builtin")?;
    let large = config(directory, "city.mmdb")?;
    let empty = directory.join("empty.ndjson");
    std::fs::write(&empty, "")?;
    let (mut rates, mut walls, mut peaks) = (vec![], vec![], vec![]);
    let (mut large_rates, mut large_peaks) = (vec![], vec![]);
    for _ in 0..TURNS {
        let usage = file_to_file(directory, &small, "in.ndjson")?;
        rates.push(EVENTS as f64 / usage.cpu_seconds);
        walls.push(EVENTS as f64 / usage.wall_seconds);
        peaks.push(usage.peak_mib);
        // What it takes to read the database is no part of the events' cost.
        let alone = file_to_file(directory, &large, "empty.ndjson")?;
        let usage = file_to_file(directory, &large, "in.ndjson")?;
        large_rates.push(EVENTS as f64 / (usage.cpu_seconds - alone.cpu_seconds));
        large_peaks.push(usage.peak_mib);
    }
    report.turns(
        "pipe, file to file, built-in geography",
        "events/CPU s",
        &rates,
    );
    report.turns(
        "pipe, file to file, the same by the wall clock",
        "events/s",
        &walls,
    );
    report.turns(
        "pipe, file to file, the same, peak memory (goal 150)",
        "MiB",
        &peaks,
    );
    report.turns(
        "pipe, file to file, invented city database",
        "events/CPU s",
        &large_rates,
    );
    report.turns(
        "pipe, file to file, the same, peak with the database",
        "MiB",
        &large_peaks,
    );
    let line = long_line(directory, &small)?;
    report.row(
        "pipe, a line of 1 GiB, peak memory (goal 150)",
        "MiB",
        line.peak_mib,
        "",
    );
    Ok(())
}

fn cresset() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cresset"))
}

fn config(directory: &Path, database: &str) -> anyhow::Result<std::path::PathBuf> {
    let path = directory.join(format!("{database}.yaml"));
    let (list, database) = (
        directory.join("list.txt"),
        match database {
            "builtin" => database.to_owned(),
            name => directory.join(name).display().to_string(),
        },
    );
    let text = format!(
        "version: 1\nlists: {{ bad: {{ file: {} }} }}\npipelines:\n  nullify:\n    source: {{ stdin: {{}} }}\n    adapter: nullify\n    enrich: [ geo: {{ of: src_ip, database: {database}, fields: [ country, regionName, city, lat, lon ] }} ]\n    detect: [ threat: {{ severity: high, list: bad }} ]\n    alerts: detected\n    sinks: [ stdout: {{}} ]\n",
        list.display()
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

fn file_to_file(directory: &Path, config: &Path, input: &str) -> anyhow::Result<Usage> {
    let mut command = cresset();
    command
        .args(["pipe", "-c"])
        .arg(config)
        .stdin(File::open(directory.join(input))?)
        .stdout(File::create(directory.join("out.ndjson"))?);
    let usage = watch(&mut command, |_| Ok(()))?;
    ensure!(usage.code == 0, "pipe ended with {}", usage.code);
    Ok(usage)
}

/// One line of a gibibyte and an event after it.
fn long_line(directory: &Path, config: &Path) -> anyhow::Result<Usage> {
    let rejected = directory.join("rejected.ndjson");
    let out = directory.join("out.ndjson");
    let mut command = cresset();
    command
        .args(["pipe", "-c"])
        .arg(config)
        .arg("--rejected")
        .arg(&rejected)
        .stdin(Stdio::piped())
        .stdout(File::create(&out)?);
    let usage = watch(&mut command, |child| {
        let mut input = child.stdin.take().context("no standard input")?;
        let piece = vec![b'a'; MIB];
        input.write_all(br#"{"a":""#)?;
        for _ in 0..1_024 {
            input.write_all(&piece)?;
        }
        input.write_all(b"\"}\n")?;
        Ok(input.write_all(&lines(1, Senders::Talkers, Size::Short))?)
    })?;
    let count = |path: &Path| -> anyhow::Result<usize> {
        Ok(std::fs::read_to_string(path)?.lines().count())
    };
    ensure!(usage.code == PARTLY, "pipe ended with {}", usage.code);
    ensure!(
        (count(&rejected)?, count(&out)?) == (1, 1),
        "one record is refused, the other is not"
    );
    Ok(usage)
}
