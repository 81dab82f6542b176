//! The service as a whole: list, memory.

use std::time::Instant;

use anyhow::ensure;

use crate::process::Service;
use crate::report::Report;
use crate::upstream;

/// Turns of each pair.
const TURNS: usize = 5;
/// Alerts of the sync bench.
const SYNC_ALERTS: u64 = 100_000;
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
