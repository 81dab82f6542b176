//! What is read while alerts arrive, with a million of them stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::ensure;

use super::client::{Client, join, start};
use super::judged::{Goal, judge, quantile, turns};
use super::push::says;
use super::stored::{PUSHED, copy_into};
use crate::process::Service;
use crate::report::Report;
use crate::service::{clock, now_seconds};

/// Clients that read, one request after the other.
const CLIENTS: usize = 8;
/// Readings of each client in a turn.
const READINGS: usize = 25;
/// Pushes of a second, and alerts of each.
const PUSHES_PER_SECOND: u32 = 20;
const ALERTS: u32 = 50;
/// What is asked for.
const READS: [(&str, &str); 8] = [
    ("/alerts", "/alerts?hours=24&limit=100"),
    (
        "/alerts, filtered",
        "/alerts?hours=24&severity=critical&country=US&user=nobody",
    ),
    (
        "/api/v1/alerts with three filters",
        "/api/v1/alerts?q=severity:%3E%3Dhigh%20country:US%20from:-24h&limit=100",
    ),
    (
        "facets",
        "/api/v1/alerts/facets?q=severity:%3E%3Dhigh%20from:-24h&fields=severity,source,country,user",
    ),
    (
        "histogram",
        "/api/v1/alerts/histogram?q=severity:%3E%3Dhigh%20from:-24h",
    ),
    (
        "free text, a common word",
        "/api/v1/alerts?q=firewall&limit=100",
    ),
    (
        "free text, one alert has it",
        "/api/v1/alerts?q=-123457&limit=100",
    ),
    (
        "free text, none has it",
        "/api/v1/alerts?q=exfiltration&limit=100",
    ),
];

/// p95 of each under eight clients while 1,000 alerts a second arrive.
pub(crate) fn stored(report: &mut Report) -> anyhow::Result<()> {
    let mut taken: Vec<Vec<f64>> = READS.iter().map(|_| Vec::new()).collect();
    let directory = tempfile::tempdir()?;
    copy_into(directory.path())?;
    let service = Service::start_with(directory.path(), PUSHED)?;
    service.ready()?;
    wait_for_index(&service)?;
    let over = Arc::new(AtomicBool::new(false));
    let arrived = Arc::new(AtomicU64::new(0));
    let port = service.port();
    let (ending, counted) = (Arc::clone(&over), Arc::clone(&arrived));
    let arriving = start(move || arrive(port, &ending, &counted));
    let begun = clock();
    for _ in 0..turns() {
        for (taken, (_, path)) in taken.iter_mut().zip(READS) {
            taken.push(read(port, path)?);
        }
    }
    let rate = arrived.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    join(arriving)?;
    service.stop()?;
    for (taken, (name, _)) in taken.iter().zip(READS) {
        let work = format!("1,000,000 stored, {name}, p95");
        judge(report, (&work, "ms"), taken, Goal::AtMost(25.0));
    }
    report.row(
        "alerts that arrived meanwhile",
        "alerts/s",
        rate,
        "1,000 were due",
    );
    Ok(())
}

/// Waits until the live index answers.
pub(crate) fn wait_for_index(service: &Service) -> anyhow::Result<()> {
    let exact = "/api/v1/alerts/facets?fields=severity";
    for _ in 0..10_000 {
        let (status, body) = service.get(exact)?;
        ensure!(status == 200, "{}", String::from_utf8_lossy(&body));
        if says(&body, r#""exact":true"#) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    anyhow::bail!("the live index was not filled")
}

fn read(port: u16, path: &'static str) -> anyhow::Result<f64> {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            start(move || {
                let mut client = Client::new(port)?;
                let mut millis = Vec::new();
                for _ in 0..READINGS {
                    let begun = clock();
                    client.get(path)?;
                    millis.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                Ok(millis)
            })
        })
        .collect();
    let mut millis = Vec::new();
    for client in clients {
        millis.extend(join(client)?);
    }
    Ok(quantile(&mut millis, 95))
}

/// Pushes alerts until it is over.
fn arrive(port: u16, over: &AtomicBool, arrived: &AtomicU64) -> anyhow::Result<()> {
    let mut client = Client::new(port)?;
    let begun = clock();
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let body = alerts(number, ALERTS)?;
        let answer = client.push("pushed", body.as_bytes())?;
        ensure!(
            says(&answer, r#""dead":0,"#),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        arrived.fetch_add(u64::from(ALERTS), Ordering::Relaxed);
        number += 1;
        let due = begun + Duration::from_secs(1) * number / PUSHES_PER_SECOND;
        std::thread::sleep(due.saturating_duration_since(clock()));
    }
    Ok(())
}

/// New alerts, one a line.
pub(crate) fn alerts(number: u32, count: u32) -> anyhow::Result<String> {
    let now = now_seconds()?;
    let severity = ["low", "medium", "high", "critical"];
    let records: Vec<String> = (0..count)
        .map(|at| {
            let severity = severity[(at % 4) as usize];
            format!(
                r#"{{"id":"b-{now}-{number}-{at}","source":"firewall","severity":"{severity}","description":"alert {at} of push {number}","src_ip":"192.168.0.{at}","dst_ip":"8.8.8.{at}","created_at":{now}}}"#
            )
        })
        .collect();
    Ok(records.join("\n"))
}
