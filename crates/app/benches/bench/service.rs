//! The service as a whole: sync, list, start, memory.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cresset_model::Timestamp;

use crate::process::Service;
use crate::raw::Rows;
use crate::report::Report;
use crate::upstream;

/// Turns of each pair.
const TURNS: usize = 5;
/// Alerts of the sync bench.
const SYNC_ALERTS: u64 = 100_000;
/// Alerts in one commit of the raw insert.
const RAW_COMMIT: usize = 1_000;
const MIB: usize = 1 << 20;

/// Now, for measuring.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench makes alerts of the present"
)]
pub(crate) fn now_seconds() -> anyhow::Result<i64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_secs())?)
}

/// One page of 100,000 alerts, from the request to the moved bookmark, beside the raw insert.
pub(crate) fn sync(report: &mut Report) -> anyhow::Result<()> {
    let (mut rate, mut ratio, mut cpu, mut raw_rate, mut peak) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let directory = tempfile::tempdir()?;
        let now = now_seconds()?;
        let port = upstream::serve(move || Box::new(upstream::alerts(SYNC_ALERTS, now)))?;
        let service = Service::start(directory.path(), port)?;
        let source = service.turn()?;
        ensure!(
            source["counters"]["new"] == SYNC_ALERTS,
            "not all alerts arrived: {source}"
        );
        let seconds = turn_seconds(&source)?;
        cpu.push(service.cpu_seconds()? * 1e6 / SYNC_ALERTS as f64);
        peak.push(service.memory_mib("VmHWM")?);
        let database = service.database.clone();
        service.stop()?;
        let rows = Rows::read(&database)?;
        let raw = rows
            .insert(&directory.path().join("raw.db"), RAW_COMMIT)?
            .as_secs_f64();
        rate.push(SYNC_ALERTS as f64 / seconds);
        raw_rate.push(SYNC_ALERTS as f64 / raw);
        ratio.push(raw / seconds);
    }
    report.turns("sync of 100,000 alerts", "alerts/s", &rate);
    report.turns(
        "raw insert of the same rows, 1,000 a commit",
        "alerts/s",
        &raw_rate,
    );
    report.turns("sync / raw insert (goal 0.6)", "", &ratio);
    report.turns(
        "sync, processor time of an alert, start included",
        "us",
        &cpu,
    );
    report.turns("sync, peak memory", "MiB", &peak);
    Ok(())
}

fn turn_seconds(source: &serde_json::Value) -> anyhow::Result<f64> {
    let at = |name: &str| -> anyhow::Result<Timestamp> {
        let text = source["attempts"][0][name].as_str().context("no turn")?;
        Timestamp::parse(text).context("no instant")
    };
    Ok(at("ended")?.since(at("begun")?).as_secs_f64())
}

/// All of 100,000 alerts by `/alerts`.
pub(crate) fn list(report: &mut Report) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let now = now_seconds()?;
    let port = upstream::serve(move || Box::new(upstream::alerts(SYNC_ALERTS, now)))?;
    let service = Service::start(directory.path(), port)?;
    service.turn()?;
    let mut seconds = Vec::new();
    for _ in 0..TURNS {
        let begun = clock();
        let (status, body) = service.get("/alerts?limit=100000")?;
        ensure!(
            status == 200 && body.len() > 20 * MIB,
            "{status}, {} bytes",
            body.len()
        );
        seconds.push(begun.elapsed().as_secs_f64());
    }
    report.turns("/alerts?limit=100000 (goal below 1)", "s", &seconds);
    service.stop()
}

/// From the start of the process to ready, and what it takes when idle.
pub(crate) fn start(report: &mut Report) -> anyhow::Result<()> {
    let (mut millis, mut idle) = (vec![], vec![]);
    for _ in 0..TURNS {
        let directory = tempfile::tempdir()?;
        let port = upstream::serve(|| Box::new(std::iter::once(b"[]".to_vec())))?;
        let begun = clock();
        let service = Service::start(directory.path(), port)?;
        service.ready()?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        service.turn()?;
        std::thread::sleep(Duration::from_secs(1));
        idle.push(service.memory_mib("VmRSS")?);
        service.stop()?;
    }
    report.turns("start to ready (goal 100)", "ms", &millis);
    report.turns("memory, idle (goal 60)", "MiB", &idle);
    Ok(())
}

/// The peak while an answer of 100 MB is taken in, and while a record of 256 MiB is refused.
pub(crate) fn memory(report: &mut Report) -> anyhow::Result<()> {
    let now = now_seconds()?;
    let hundred = upstream::serve(move || Box::new(upstream::alerts(400_000, now)))?;
    report.row(
        "peak memory, answer of 100 MB (goal 200)",
        "MiB",
        peak(hundred, "new", 400_000)?,
        "",
    );
    let record = upstream::serve(|| {
        let body = std::iter::repeat_with(|| vec![b'a'; MIB]).take(256);
        let open = std::iter::once(br#"[{"id":""#.to_vec());
        Box::new(open.chain(body).chain(std::iter::once(br#""}]"#.to_vec())))
    })?;
    report.row(
        "peak memory, record of 256 MiB (goal 200)",
        "MiB",
        peak(record, "dead", 1)?,
        "",
    );
    Ok(())
}

fn peak(port: u16, counter: &str, count: u64) -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let service = Service::start(directory.path(), port)?;
    let source = service.turn()?;
    ensure!(
        source["counters"][counter] == count,
        "unexpected counts: {source}"
    );
    let peak = service.memory_mib("VmHWM")?;
    service.stop()?;
    Ok(peak)
}
