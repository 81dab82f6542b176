//! From the start of the process to ready, and what it takes when idle and when much comes in.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::client::{Client, join, start as start_client};
use super::judged::{Goal, judge, turns};
use super::reads::wait_for_index;
use super::stored::{PUSHED, copy_into};
use crate::process::Service;
use crate::report::Report;
use crate::service::clock;
use crate::upstream;

/// How long much comes in, and how many clients send it.
const LASTS: Duration = Duration::from_secs(10);
const CLIENTS: usize = 4;
/// Events of a push.
const EVENTS: usize = 8_000;
const MB: f64 = 1e6;

/// Empty and with a million alerts.
pub(crate) fn start(report: &mut Report) -> anyhow::Result<()> {
    let (mut empty, mut full) = ((vec![], vec![]), (vec![], vec![]));
    let stored = tempfile::tempdir()?;
    copy_into(stored.path())?;
    for _ in 0..turns() {
        let directory = tempfile::tempdir()?;
        let port = upstream::serve(|| Box::new(std::iter::once(b"[]".to_vec())))?;
        let service = ready(&mut empty.0, || Service::start(directory.path(), port))?;
        service.turn()?;
        idle(&mut empty.1, service)?;
        let service = ready(&mut full.0, || Service::start_with(stored.path(), PUSHED))?;
        wait_for_index(&service)?;
        idle(&mut full.1, service)?;
    }
    judge(
        report,
        ("start to ready, empty", "ms"),
        &empty.0,
        Goal::AtMost(100.0),
    );
    judge(
        report,
        ("memory, idle", "MiB"),
        &empty.1,
        Goal::AtMost(60.0),
    );
    let work = "start to ready, 1,000,000 stored";
    judge(report, (work, "ms"), &full.0, Goal::AtMost(100.0));
    let work = "memory, idle, 1,000,000 stored";
    judge(report, (work, "MiB"), &full.1, Goal::AtMost(100.0));
    under_load(report, stored.path())
}

fn ready(
    millis: &mut Vec<f64>,
    start: impl FnOnce() -> anyhow::Result<Service>,
) -> anyhow::Result<Service> {
    let begun = clock();
    let service = start()?;
    service.ready()?;
    millis.push(begun.elapsed().as_secs_f64() * 1e3);
    Ok(service)
}

fn idle(mib: &mut Vec<f64>, service: Service) -> anyhow::Result<()> {
    std::thread::sleep(Duration::from_secs(1));
    mib.push(service.memory_mib("VmRSS")?);
    service.stop()
}

/// The peak while events are pushed as fast as the service takes them.
fn under_load(report: &mut Report, directory: &Path) -> anyhow::Result<()> {
    const REST: &str = "pipelines:\n  nullify:\n    source: { push: {} }\n    adapter: nullify\n    detect: [ threat: { severity: high } ]\n    alerts: detected\n";
    let event = r#"{"timestamp":"2026-01-31T12:00:00Z","source_ip":"9.9.9.9","destination_ip":"10.0.0.5","event_type":"port_scan","severity":"low","description":"Port scan detected"}"#;
    let body = vec![event; EVENTS].join("\n").into_bytes();
    let (mut peak, mut rate) = (vec![], vec![]);
    for _ in 0..turns() {
        let service = Service::start_with(directory, REST)?;
        service.ready()?;
        let port = service.port();
        let begun = clock();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let body = body.clone();
                start_client(move || {
                    let mut client = Client::new(port)?;
                    let mut bytes = 0;
                    while begun.elapsed() < LASTS {
                        client.push("nullify", &body)?;
                        bytes += body.len();
                    }
                    Ok(bytes)
                })
            })
            .collect();
        let bytes = clients.into_iter().map(join).sum::<anyhow::Result<usize>>();
        let bytes = bytes.context("push under load")?;
        rate.push(bytes as f64 / MB / begun.elapsed().as_secs_f64());
        peak.push(service.memory_mib("VmHWM")?);
        service.stop()?;
    }
    let work = "events pushed as fast as they are taken";
    judge(report, (work, "MB/s"), &rate, Goal::AtLeast(200.0));
    let work = "the same with 1,000,000 stored, peak memory";
    judge(report, (work, "MiB"), &peak, Goal::AtMost(200.0));
    Ok(())
}
