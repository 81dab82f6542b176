//! Pushes, stored and acknowledged.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;

use super::client::{Client, join, start};
use super::judged::{Goal, judge, turns};
use super::stored::PUSHED;
use crate::process::Service;
use crate::raw::Rows;
use crate::report::Report;
use crate::service::{clock, now_seconds};
use crate::upstream;

/// Alerts of a batch, batches of a turn, and clients that push them.
const BATCH: u64 = 1_000;
const BATCHES: u64 = 100;
const BATCH_CLIENTS: u64 = 4;
/// Clients that push one alert a request, and for how long.
const CLIENTS: u64 = 64;
const LASTS: Duration = Duration::from_secs(4);
/// Events of a push that are no alerts, and pushes of a turn.
const EVENTS: u64 = 1_000;
const EVENT_PUSHES: u64 = 600;

/// All three.
pub(crate) fn push(report: &mut Report) -> anyhow::Result<()> {
    batches(report)?;
    singles(report)?;
    events(report)
}

fn batches(report: &mut Report) -> anyhow::Result<()> {
    let (mut rate, mut ratio, mut cpu) = (vec![], vec![], vec![]);
    for _ in 0..turns() {
        let directory = tempfile::tempdir()?;
        let service = Service::start_with(directory.path(), PUSHED)?;
        service.ready()?;
        let bodies: Vec<Vec<u8>> = records(BATCHES * BATCH)?
            .chunks(BATCH as usize)
            .map(|records| records.join(&b'\n'))
            .collect();
        let bodies = Arc::new(bodies);
        let port = service.port();
        let before = service.cpu_seconds()?;
        let begun = clock();
        let clients: Vec<_> = (0..BATCH_CLIENTS)
            .map(|client| {
                let bodies = Arc::clone(&bodies);
                start(move || {
                    let mut connection = Client::new(port)?;
                    for body in bodies
                        .iter()
                        .skip(client as usize)
                        .step_by(BATCH_CLIENTS as usize)
                    {
                        let answer = connection.push("pushed", body)?;
                        ensure!(says(&answer, r#""new":1000,"#), "{}", text(&answer));
                    }
                    Ok(())
                })
            })
            .collect();
        clients.into_iter().try_for_each(join)?;
        let seconds = begun.elapsed().as_secs_f64();
        let alerts = (BATCHES * BATCH) as f64;
        cpu.push(alerts / (service.cpu_seconds()? - before));
        let database = service.database.clone();
        service.stop()?;
        let raw = directory.path().join("raw.db");
        let raw = Rows::of(&database)?.insert(&raw, BATCH as usize, &[])?;
        rate.push(alerts / seconds);
        ratio.push(raw.wall_seconds / seconds);
    }
    let work = "push, 1,000 alerts a request, 4 clients";
    judge(report, (work, "alerts/s"), &rate, Goal::None);
    let work = "push of 1,000 / raw insert";
    judge(report, (work, ""), &ratio, Goal::AtLeast(0.7));
    let work = "push of 1,000, of a processor second";
    judge(report, (work, "alerts"), &cpu, Goal::None);
    Ok(())
}

fn singles(report: &mut Report) -> anyhow::Result<()> {
    let (mut one, mut many, mut ratio, mut cpu) = (vec![], vec![], vec![], vec![]);
    for turn in 0..turns() {
        let directory = tempfile::tempdir()?;
        let service = Service::start_with(directory.path(), PUSHED)?;
        service.ready()?;
        let name = |clients: u64| format!("{turn}-{clients}");
        let alone = pushed_singly(service.port(), 1, &name(1))?;
        let before = service.cpu_seconds()?;
        let together = pushed_singly(service.port(), CLIENTS, &name(CLIENTS))?;
        let lasts = LASTS.as_secs_f64();
        cpu.push((service.cpu_seconds()? - before) * 1e6 / together as f64);
        service.stop()?;
        one.push(alone as f64 / lasts);
        many.push(together as f64 / lasts);
        ratio.push(together as f64 / alone as f64);
    }
    let work = "push, 1 alert a request, 1 client";
    judge(report, (work, "alerts/s"), &one, Goal::None);
    let work = "push, 1 alert a request, 64 clients";
    judge(report, (work, "alerts/s"), &many, Goal::None);
    judge(
        report,
        ("64 clients / 1 client", ""),
        &ratio,
        Goal::AtLeast(10.0),
    );
    let work = "push, 1 alert a request, processor time of one";
    judge(report, (work, "us"), &cpu, Goal::None);
    Ok(())
}

/// How many alerts so many clients get stored in time.
fn pushed_singly(port: u16, clients: u64, name: &str) -> anyhow::Result<u64> {
    let now = now_seconds()?;
    let begun = clock();
    let clients: Vec<_> = (0..clients)
        .map(|client| {
            let name = name.to_owned();
            start(move || {
                let mut connection = Client::new(port)?;
                let mut number = 0;
                while begun.elapsed() < LASTS {
                    let body = format!(
                        r#"{{"id":"{name}-{client}-{number}","source":"firewall","severity":"high","description":"one of many","src_ip":"192.168.0.9","dst_ip":"8.8.8.8","created_at":{now}}}"#
                    );
                    let answer = connection.push("pushed", body.as_bytes())?;
                    ensure!(says(&answer, r#""new":1,"#), "{}", text(&answer));
                    number += 1;
                }
                Ok(number)
            })
        })
        .collect();
    clients.into_iter().map(join).sum()
}

fn events(report: &mut Report) -> anyhow::Result<()> {
    const REST: &str = "pipelines:\n  nullify:\n    source: { push: {} }\n    adapter: nullify\n    detect: [ threat: { severity: high } ]\n    alerts: detected\n";
    let event = |number: u64| {
        format!(
            r#"{{"timestamp":"2026-01-31T12:00:00Z","source_ip":"9.9.{}.{}","destination_ip":"10.0.0.5","event_type":"port_scan","severity":"low","description":"Port scan number {number} detected on a host"}}"#,
            number % 250,
            number % 249
        )
    };
    let body: Vec<String> = (0..EVENTS).map(event).collect();
    let body = body.join("\n").into_bytes();
    let (mut cpu, mut wall) = (vec![], vec![]);
    for _ in 0..turns() {
        let directory = tempfile::tempdir()?;
        let service = Service::start_with(directory.path(), REST)?;
        service.ready()?;
        let mut connection = Client::new(service.port())?;
        let before = service.cpu_seconds()?;
        let begun = clock();
        for _ in 0..EVENT_PUSHES {
            let answer = connection.push("nullify", &body)?;
            ensure!(says(&answer, r#""passed":1000,"#), "{}", text(&answer));
        }
        let events = (EVENTS * EVENT_PUSHES) as f64;
        wall.push(events / begun.elapsed().as_secs_f64());
        cpu.push(events / (service.cpu_seconds()? - before));
        service.stop()?;
    }
    let work = "push of events that are no alerts, of a processor second";
    judge(report, (work, "events"), &cpu, Goal::AtLeast(200_000.0));
    let work = "the same by the wall clock, 1,000 a request, 1 client";
    judge(report, (work, "events/s"), &wall, Goal::None);
    Ok(())
}

/// The upstream's alerts, each by itself.
fn records(count: u64) -> anyhow::Result<Vec<Vec<u8>>> {
    let now = now_seconds()?;
    let record = |index| upstream::alert(index, count, now).into_bytes();
    Ok((0..count).map(record).collect())
}

pub(crate) fn says(answer: &[u8], part: &str) -> bool {
    memchr::memmem::find(answer, part.as_bytes()).is_some()
}

fn text(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).into_owned()
}
