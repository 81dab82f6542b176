//! What live viewers cost: the shipped binary takes alerts while many read its stream and redraw the page as
//! their script does.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::process::Service;
use crate::report::Report;
use crate::service::clock;

/// Turns, each without viewers and with them.
const TURNS: usize = 5;
const VIEWERS: u32 = 100;
/// How long a turn lasts.
const LASTS: Duration = Duration::from_secs(12);
/// Pushes of a second, and alerts of a push.
const PUSHES_PER_SECOND: u32 = 10;
const ALERTS: u32 = 50;
/// How long the script of a page waits with a redraw after news of alerts.
const REDRAW_EVERY: Duration = Duration::from_secs(4);
/// How long a viewer waits for the next event.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// A hundred viewers of the overview at 500 alerts a second, as a share of one core.
pub(crate) fn viewers(report: &mut Report) -> anyhow::Result<()> {
    let (mut alone, mut watched, mut cost) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let without = turn(0)?;
        let with = turn(VIEWERS)?;
        alone.push(without);
        watched.push(with);
        cost.push(with - without);
    }
    report.turns("500 alerts/s, nobody looks, of a core", "%", &alone);
    report.turns("the same with 100 live viewers", "%", &watched);
    report.turns("what the viewers cost (goal 20)", "%", &cost);
    Ok(())
}

/// Percent of a core that the service takes.
fn turn(viewers: u32) -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let rest =
        "pipelines:\n  pushed:\n    source: { push: {} }\n    adapter: seed_a\n    alerts: all\n";
    let service = Service::start_with(directory.path(), rest)?;
    service.ready()?;
    let over = Arc::new(AtomicBool::new(false));
    let port = service.port();
    let looking: Vec<_> = (0..viewers)
        .map(|viewer| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || look(port, viewer, &over))
        })
        .collect();
    let begun = clock();
    let before = service.cpu_seconds()?;
    let mut number = 0;
    while begun.elapsed() < LASTS {
        push(port, number)?;
        number += 1;
        let due = begun + Duration::from_secs(1) * number / PUSHES_PER_SECOND;
        std::thread::sleep(due.saturating_duration_since(clock()));
    }
    let percent = (service.cpu_seconds()? - before) / begun.elapsed().as_secs_f64() * 100.0;
    over.store(true, Ordering::Relaxed);
    let events = looking.into_iter().map(|viewer| {
        let viewer = viewer.join();
        viewer.map_err(|_| anyhow::anyhow!("a viewer failed"))?
    });
    for events in events {
        ensure!(events? > 0, "a viewer heard nothing");
    }
    service.stop()?;
    Ok(percent)
}

fn push(port: u16, number: u32) -> anyhow::Result<()> {
    let now = crate::service::now_seconds()?;
    let severity = ["low", "medium", "high", "critical"];
    let records: Vec<String> = (0..ALERTS)
        .map(|at| {
            let severity = severity[(at % 4) as usize];
            format!(
                r#"{{"id":"a-{number}-{at}","source":"firewall","severity":"{severity}","description":"alert {at} of push {number}","src_ip":"192.168.0.{at}","dst_ip":"8.8.8.{at}","created_at":{now}}}"#
            )
        })
        .collect();
    let body = format!("[{}]", records.join(","));
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "POST /api/v1/events/pushed HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(
        answer.starts_with("HTTP/1.1 200") && answer.contains(r#""new":50,"#),
        "{answer}"
    );
    Ok(())
}

/// Reads the stream, and draws the page anew as its script does; says how many pieces came.
fn look(port: u16, viewer: u32, over: &AtomicBool) -> anyhow::Result<usize> {
    let mut stream = get(port, "/ui/live", "Accept: text/event-stream\r\n")?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    // Nobody opens the page at the same moment as the others.
    let mut redraw_at = clock() + REDRAW_EVERY * viewer / VIEWERS;
    let mut pieces = 0;
    let mut buffer = [0; 16 << 10];
    while !over.load(Ordering::Relaxed) {
        ensure!(stream.read(&mut buffer)? > 0, "the stream ended");
        pieces += 1;
        if clock() >= redraw_at {
            redraw_at = clock() + REDRAW_EVERY;
            let mut page = Vec::new();
            get(port, "/ui/", "HX-Request: true\r\nConnection: close\r\n")?
                .read_to_end(&mut page)?;
            let head = page.get(..12).context("no answer")?;
            ensure!(head == b"HTTP/1.1 200", "no page");
        }
    }
    Ok(pieces)
}

fn get(port: u16, path: &str, headers: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n"
    )?;
    Ok(stream)
}
