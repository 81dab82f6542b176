//! How long a service with many alerts takes from its start behind a kill to ready.

use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::commits::PUSHED;
use super::load::{Load, Shape};
use crate::crash;
use crate::crash::http::get;
use crate::crash::process::wait_until;
use crate::crash::service::{DATABASE, Service};
use crate::program::release_binary;
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Kills and starts.
const STARTS: usize = 5;
/// What is promised.
const GOAL: Duration = Duration::from_secs(2);
/// How long filling may take.
const FILL_MAX: Duration = Duration::from_mins(30);
/// How long a start may take before nobody waits any more.
const START_MAX: Duration = Duration::from_mins(1);
/// Pushes of the life before each kill.
const PUSHES: u64 = 20;
/// The pushes.
const SHAPE: Shape = Shape {
    clients: 2,
    records: 1_000,
    padding: 0,
};

/// Fills a store with so many alerts, kills it while it writes, and starts it again, a few times.
pub(crate) fn run(alerts: u64, program: Option<&str>) -> anyhow::Result<bool> {
    let program = match program {
        Some(program) => std::path::absolute(program)?,
        None if crash::build()? => release_binary()?,
        None => return Ok(false),
    };
    let folder = tempfile::tempdir().context("create a folder")?;
    let service = Service::with(&program, folder.path(), PUSHED)?;
    let mut process = service.start()?;
    service.wait_for_answers(&mut process)?;
    let load = Load::start(service.port, SHAPE);
    wait_until("the store is filled", FILL_MAX, || {
        process.check_running()?;
        Ok(load.pushes() * 1_000 >= alerts)
    })?;
    let heads = ["start", "log to recover, MiB", "ready after, s", "result"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let mut passed = true;
    for start in 1..=STARTS {
        let before = load.pushes();
        wait_until("pushes go on", START_MAX, || {
            Ok(load.pushes() >= before + PUSHES)
        })?;
        process.kill()?;
        let log = service.data().join(format!("{DATABASE}-wal"));
        let bytes = std::fs::metadata(log).map_or(0, |file| file.len());
        let stopwatch = Stopwatch::start();
        process = service.start()?;
        loop {
            process.check_running()?;
            if get(service.port, "/readyz").is_ok_and(|answer| answer.status == 200) {
                break;
            }
            ensure!(
                stopwatch.elapsed() < START_MAX,
                "the service does not get ready"
            );
            thread::sleep(Duration::from_millis(1));
        }
        let elapsed = stopwatch.elapsed();
        passed &= elapsed < GOAL;
        rows.push(vec![
            start.to_string(),
            (bytes >> 20).to_string(),
            format!("{:.2}", elapsed.as_secs_f64()),
            if elapsed < GOAL {
                "in time"
            } else {
                "TOO LATE"
            }
            .to_owned(),
        ]);
    }
    drop(load);
    process.stop()?;
    ensure!(service.verify()?, "the books do not balance");
    say(&format!(
        "{alerts} alerts and more, killed while it takes more, goal {} s",
        GOAL.as_secs()
    ));
    table(&rows);
    Ok(passed)
}
