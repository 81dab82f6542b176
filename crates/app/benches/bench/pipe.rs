//! The event path on one core: decode, place, threat test, splice; beside the limit and the obvious way.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use cresset_connectors::lookups::{read_city, read_indicators};
use cresset_model::city::{CityField, CityTable};
use cresset_model::indicator::IndicatorList;
use cresset_pipeline::process::AlertRule;

use crate::city::City;
use crate::cpu;
use crate::events::{SEED, Senders, Size, indicators, lines};
use crate::report::Report;
use crate::service::clock;
use crate::ways::Way;
use crate::ways::dynamic::Dynamic;
use crate::ways::limit::Limit;
use crate::ways::shipped::{Shipped, tables_with};

/// Turns of each way.
const TURNS: usize = 7;
/// Entries of the list.
const INDICATORS: usize = 10_000;
/// Entries of the large list.
const INDICATORS_MANY: usize = 1_000_000;
/// Events of a turn.
const SHORT: usize = 300_000;
const LONG: usize = 60_000;
/// Bytes of events whose lines must be the same whichever way they went, and of a short turn.
const SAMPLE_BYTES: usize = 4 << 20;
const MIB: f64 = 1_048_576.0;

/// The shipped way, the limit and the obvious way, in turns.
pub(crate) fn pipe(report: &mut Report) -> anyhow::Result<()> {
    let city = City::invent(SEED);
    let table = Arc::new(table(&city, Some(report))?);
    let list = indicators(INDICATORS);
    let tables = tables_with(&table, Some(list_of(&list)?));
    let mut shipped = Shipped::new(tables.clone(), AlertRule::Nothing);
    let mut alerting = Shipped::new(tables, AlertRule::Detected);
    let mut limit = Limit::new(&city, &list)?;
    let mut dynamic = Dynamic::new(&city.file, &list)?;
    for (name, goal, count, senders, size) in [
        (
            "250 bytes, 20,000 talkers",
            "goal 1,000,000",
            SHORT,
            Senders::Talkers,
            Size::Short,
        ),
        (
            "250 bytes, uniform",
            "goal 700,000",
            SHORT,
            Senders::Uniform,
            Size::Short,
        ),
        (
            "1.8 KB, 20,000 talkers",
            "goal 250,000",
            LONG,
            Senders::Talkers,
            Size::Long,
        ),
    ] {
        let lines = lines(count, senders, size);
        let mut ways: [&mut dyn Way; 4] = [&mut shipped, &mut limit, &mut dynamic, &mut alerting];
        same_lines(&mut ways, &lines).context(name)?;
        let mut rates: [Vec<f64>; 4] = Default::default();
        for _ in 0..TURNS {
            for (way, rates) in ways.iter_mut().zip(&mut rates) {
                rates.push(count as f64 / seconds(*way, &lines)?);
            }
        }
        let [shipped, limit, dynamic, alerting] = &rates;
        let unit = "events/CPU s";
        report.turns(&format!("pipe, {name} ({goal})"), unit, shipped);
        report.turns(&format!("pipe and its alerts, {name}"), unit, alerting);
        report.turns(&format!("limit, {name}"), unit, limit);
        report.turns(&format!("dynamic, {name}"), unit, dynamic);
        report.turns(
            &format!("pipe / limit, {name} (goal 0.6)"),
            "",
            &ratios(shipped, limit),
        );
        report.turns(
            &format!("pipe / dynamic, {name}"),
            "",
            &ratios(shipped, dynamic),
        );
    }
    Ok(())
}

/// A million indicators: how long they take to load, and what they cost an event.
pub(crate) fn indicators_cost(report: &mut Report) -> anyhow::Result<()> {
    let table = Arc::new(table(&City::invent(SEED), None)?);
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("list.txt");
    std::fs::write(&path, indicators(INDICATORS_MANY))?;
    let (mut wall, mut spent, mut many) = (vec![], vec![], None);
    for _ in 0..TURNS {
        let begun = clock();
        spent.push(cpu::spent(|| {
            many = Some(read_indicators(&path, "list", None)?.list);
            Ok(())
        })?);
        wall.push(begun.elapsed().as_secs_f64());
    }
    report.turns("1,000,000 indicators, load (goal 2)", "s", &wall);
    report.turns(
        "1,000,000 indicators, load, processor time",
        "CPU s",
        &spent,
    );
    let few = list_of(&indicators(INDICATORS))?;
    let mut ways = [None, Some(few), many]
        .map(|list| Shipped::new(tables_with(&table, list), AlertRule::Nothing));
    for (name, senders) in [
        ("20,000 talkers", Senders::Talkers),
        ("uniform", Senders::Uniform),
    ] {
        let lines = lines(SHORT, senders, Size::Short);
        let mut costs: [Vec<f64>; 2] = Default::default();
        for _ in 0..TURNS {
            let mut nanos = [0.0; 3];
            // Turns of a few thousand events: whatever else the machine does is spread over all of them.
            let mut rest = &lines[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(lines_end(rest));
                rest = after;
                for (way, nanos) in ways.iter_mut().zip(&mut nanos) {
                    *nanos += seconds(way, piece)? * 1e9 / SHORT as f64;
                }
            }
            let [without, few, many] = nanos;
            costs[0].push(few - without);
            costs[1].push(many - without);
        }
        report.turns(
            &format!("10,000 indicators, cost of an event, {name}"),
            "ns",
            &costs[0],
        );
        report.turns(
            &format!("1,000,000 indicators, the same, {name} (goal 100)"),
            "ns",
            &costs[1],
        );
    }
    Ok(())
}

/// The database as the program reads it from a file.
fn table(city: &City, report: Option<&mut Report>) -> anyhow::Result<CityTable> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("city.mmdb");
    std::fs::write(&path, &city.file)?;
    let mut table = None;
    let seconds = cpu::spent(|| {
        table = Some(read_city(&path, "src_ip", &CityField::ALL)?);
        Ok(())
    })?;
    let table = table.context("no table")?;
    if let Some(report) = report {
        let note = format!(
            "{} MiB, {} nodes, {} ranges, {} places",
            city.file.len() >> 20,
            city.nodes,
            table.ranges(),
            table.fragments()
        );
        report.row("invented city database, read", "CPU s", seconds, note);
        let mib = table.size_bytes() as f64 / MIB;
        report.row("invented city database, table", "MiB", mib, "");
    }
    Ok(table)
}

fn list_of(text: &str) -> anyhow::Result<IndicatorList> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("list.txt");
    std::fs::write(&path, text)?;
    Ok(read_indicators(&path, "list", None)?.list)
}

fn seconds(way: &mut dyn Way, lines: &[u8]) -> anyhow::Result<f64> {
    cpu::spent(|| {
        way.run(lines, &mut |written| {
            black_box(written);
        })
    })
}

/// Whoever leaves work out is not faster.
fn same_lines(ways: &mut [&mut dyn Way], lines: &[u8]) -> anyhow::Result<()> {
    let sample = lines.get(..lines_end(lines)).unwrap_or_default();
    let mut first: Option<Vec<u8>> = None;
    for way in ways {
        let mut written = Vec::new();
        way.run(sample, &mut |lines| written.extend_from_slice(lines))?;
        ensure!(written.len() > sample.len(), "nothing was added");
        let first = first.get_or_insert_with(|| written.clone());
        let differs = first
            .split(|byte| *byte == b'\n')
            .zip(written.split(|byte| *byte == b'\n'))
            .find(|(a, b)| a != b);
        if let Some((one, other)) = differs {
            anyhow::bail!(
                "{}\n{}",
                String::from_utf8_lossy(one),
                String::from_utf8_lossy(other)
            );
        }
        ensure!(first.len() == written.len(), "lines are missing");
    }
    Ok(())
}

/// The end of the last line within [`SAMPLE_BYTES`].
fn lines_end(lines: &[u8]) -> usize {
    let near = lines.get(..SAMPLE_BYTES).unwrap_or(lines);
    memchr::memrchr(b'\n', near).map_or(lines.len(), |last| last + 1)
}

fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect()
}
