//! The commands that go from file to file: `cresset produce` and `cresset pipe`.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use cresset_connectors::lookups::{read_city, read_indicators};
use cresset_model::city::CityField;
use cresset_pipeline::process::AlertRule;

use crate::city::City;
use crate::cpu;
use crate::events::{SEED, Senders, Size, indicators, lines};
use crate::pipe_file::{Geography, PipeFile};
use crate::process::{Usage, watch};
use crate::report::Report;
use crate::ways::Way as _;
use crate::ways::shipped::{Shipped, tables_with};

/// Turns of each command.
const TURNS: usize = 5;
/// Events of a turn.
const EVENTS: usize = 1_000_000;
/// The same with `--full`: 2 GB.
const EVENTS_FULL: usize = 7_800_000;
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_cresset"));
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

/// From file to file, with the built-in geography and with a large one, beside the core on the same lines;
/// and a line of a gibibyte.
pub(crate) fn pipe(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let count = if report.full { EVENTS_FULL } else { EVENTS };
    let (city, list) = (City::invent(SEED).file, indicators(INDICATORS));
    let input = lines(count, Senders::Talkers, Size::Short);
    let files: [(&str, &[u8]); 4] = [
        ("city.mmdb", &city),
        ("list.txt", list.as_bytes()),
        ("in.ndjson", &input),
        ("empty.ndjson", b""),
    ];
    for (name, content) in files {
        std::fs::write(folder.join(name), content)?;
    }
    drop(city);
    let table = Arc::new(read_city(
        &folder.join("city.mmdb"),
        "src_ip",
        &CityField::ALL,
    )?);
    let table_mib = table.size_bytes() as f64 / MIB as f64;
    let list = read_indicators(&folder.join("list.txt"), "list", None)?.list;
    let mut core = Shipped::new(tables_with(&table, Some(list)), AlertRule::Nothing);
    let by = |geography| PipeFile {
        folder,
        geography,
        processors: None,
    };
    let (small, large) = (by(Geography::Builtin), by(Geography::City));
    let mut turns = Turns::default();
    for _ in 0..TURNS {
        turns.small(small.run("in.ndjson")?, count);
        let core_seconds = cpu::spent(|| {
            core.run(&input, &mut |written| {
                black_box(written);
            })
        })?;
        // What it takes to read the database is no part of the events' cost.
        let alone = large.run("empty.ndjson")?;
        turns.large((alone, large.run("in.ndjson")?, core_seconds), count);
    }
    let size = format!("{} MB", input.len() / 1_000_000);
    turns.report(report, &size, table_mib);
    let line = long_line(&small)?;
    report.row(
        "pipe, a line of 1 GiB, peak memory (goal 150)",
        "MiB",
        line.peak_mib,
        "",
    );
    Ok(())
}

/// Figures of each turn.
#[derive(Default)]
struct Turns {
    rates: Vec<f64>,
    walls: Vec<f64>,
    peaks: Vec<f64>,
    large_rates: Vec<f64>,
    large_ratios: Vec<f64>,
    large_peaks: Vec<f64>,
    start_peaks: Vec<f64>,
}

impl Turns {
    fn small(&mut self, usage: Usage, count: usize) {
        self.rates.push(count as f64 / usage.cpu_seconds);
        self.walls.push(count as f64 / usage.wall_seconds);
        self.peaks.push(usage.peak_mib);
    }

    fn large(&mut self, (alone, usage, core_seconds): (Usage, Usage, f64), count: usize) {
        let seconds = usage.cpu_seconds - alone.cpu_seconds;
        self.large_rates.push(count as f64 / seconds);
        self.large_ratios.push(core_seconds / seconds);
        self.large_peaks.push(usage.peak_mib);
        self.start_peaks.push(alone.peak_mib);
    }

    fn report(&self, report: &mut Report, size: &str, table_mib: f64) {
        let work = |what: &str| format!("pipe, file to file, {size}, {what}");
        report.turns(&work("built-in geography"), "events/CPU s", &self.rates);
        report.turns(&work("the same by the wall clock"), "events/s", &self.walls);
        report.turns(&work("the same, peak (goal 150)"), "MiB", &self.peaks);
        let unit = "events/CPU s";
        report.turns(&work("city database"), unit, &self.large_rates);
        report.turns(&work("the same / pipe (goal 0.9)"), "", &self.large_ratios);
        let beside =
            |peaks: &[f64]| -> Vec<f64> { peaks.iter().map(|it| it - table_mib).collect() };
        report.turns(
            &work("peak beside the table (goal 143)"),
            "MiB",
            &beside(&self.large_peaks),
        );
        report.turns(
            "pipe, no input, peak beside the table",
            "MiB",
            &beside(&self.start_peaks),
        );
    }
}

/// One line of a gibibyte and an event after it.
fn long_line(pipe: &PipeFile<'_>) -> anyhow::Result<Usage> {
    let rejected = pipe.folder.join("rejected.ndjson");
    let out = pipe.folder.join("out.ndjson");
    let mut command = pipe.command()?;
    command
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
