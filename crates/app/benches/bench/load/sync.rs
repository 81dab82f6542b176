//! Syncs of 100,000 and of a million alerts, from the upstream's answer to the moved bookmark, beside the raw insert
//! of the same rows.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use cresset_model::Timestamp;

use super::judged::{Goal, judge, turns};
use crate::process::Service;
use crate::raw::Rows;
use crate::report::Report;
use crate::service::now_seconds;
use crate::upstream;

/// Alerts of each.
const SIZES: [(u64, &str); 2] = [(100_000, "100,000"), (1_000_000, "1,000,000")];
/// Alerts in one commit of the raw insert.
const RAW_COMMIT: usize = 1_000;

/// What one sync took.
#[derive(Default)]
struct Taken {
    rate: Vec<f64>,
    raw_rate: Vec<f64>,
    ratio: Vec<f64>,
    per_cpu_second: Vec<f64>,
    raw_per_cpu_second: Vec<f64>,
    peak: Vec<f64>,
}

/// Both sizes in turns, so that the second can be held against the first.
pub(crate) fn sync(report: &mut Report) -> anyhow::Result<()> {
    let mut taken = [Taken::default(), Taken::default()];
    for _ in 0..turns() {
        for (taken, (alerts, _)) in taken.iter_mut().zip(SIZES) {
            turn(taken, alerts)?;
        }
    }
    for (taken, (_, size)) in taken.iter().zip(SIZES) {
        let work = format!("sync of {size} alerts");
        judge(report, (&work, "alerts/s"), &taken.rate, Goal::None);
        let raw = format!("raw insert of the same {size}, 1,000 a commit");
        judge(report, (&raw, "alerts/s"), &taken.raw_rate, Goal::None);
        let cpu = format!("{work}, of a processor second");
        let goal = Goal::AtLeast(100_000.0);
        judge(report, (&cpu, "alerts"), &taken.per_cpu_second, goal);
        let cpu = format!("{raw}, of a processor second");
        judge(
            report,
            (&cpu, "alerts"),
            &taken.raw_per_cpu_second,
            Goal::None,
        );
        let ratio = format!("{work} / raw insert");
        judge(report, (&ratio, ""), &taken.ratio, Goal::AtLeast(0.7));
        let peak = format!("{work}, peak memory");
        judge(report, (&peak, "MiB"), &taken.peak, Goal::AtMost(200.0));
    }
    let [few, many] = &taken;
    let slower: Vec<f64> = few
        .rate
        .iter()
        .zip(&many.rate)
        .map(|(few, many)| many / few)
        .collect();
    let work = "a million / 100,000, alerts a second";
    judge(report, (work, ""), &slower, Goal::AtLeast(1.0));
    Ok(())
}

fn turn(taken: &mut Taken, alerts: u64) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let now = now_seconds()?;
    let (open, gate) = channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let port = upstream::serve(move || {
        // The answer waits until the service has started, whose own work is not that of the sync.
        let gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.recv().ok();
        Box::new(upstream::alerts(alerts, now))
    })?;
    let service = Service::start(directory.path(), port)?;
    service.ready()?;
    std::thread::sleep(std::time::Duration::from_millis(200));
    let before = service.cpu_seconds()?;
    let begun = instant()?;
    open.send(())?;
    let source = service.turn()?;
    let cpu = service.cpu_seconds()? - before;
    ensure!(
        source["counters"]["new"] == alerts,
        "not all alerts arrived: {source}"
    );
    let ended = source["attempts"][0]["ended"].as_str().context("no turn")?;
    let seconds = Timestamp::parse(ended)
        .context("no instant")?
        .since(begun)
        .as_secs_f64();
    taken.peak.push(service.memory_mib("VmHWM")?);
    let database = service.database.clone();
    service.stop()?;
    let raw = Rows::of(&database)?.insert(&directory.path().join("raw.db"), RAW_COMMIT, &[])?;
    let alerts = alerts as f64;
    taken.rate.push(alerts / seconds);
    taken.raw_rate.push(alerts / raw.wall_seconds);
    taken.ratio.push(raw.wall_seconds / seconds);
    taken.per_cpu_second.push(alerts / cpu);
    taken.raw_per_cpu_second.push(alerts / raw.cpu_seconds);
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures real time, here as the service tells it"
)]
fn instant() -> anyhow::Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Timestamp::from_nanos(i64::try_from(since.as_nanos())?))
}
