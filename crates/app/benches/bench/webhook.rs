//! From the push of an event to the webhook that tells of it: the shipped binary between a client and a
//! receiver on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::process::Service;
use crate::report::Report;
use crate::service::clock;

/// Turns.
const TURNS: usize = 5;
/// Events of a turn, at a thousand a second.
const EVENTS: u32 = 8_000;
const EVENTS_PER_SECOND: u32 = 1_000;
/// Clients that push at once, one event a request.
const CLIENTS: u32 = 8;
/// Of so many events one is an alert.
const ALERT_EVERY: u32 = 10;
/// What stands before the number of an event.
const MARK: &[u8] = b"number ";
/// How long a webhook may take.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Half and 99 of a hundred webhooks arrive within.
pub(crate) fn webhook(report: &mut Report) -> anyhow::Result<()> {
    let (mut half, mut most, mut cpu) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let directory = tempfile::tempdir()?;
        let (arrived, arrivals) = channel();
        let receiver = receive(arrived)?;
        let rest = format!(
            "pipelines:\n  nullify:\n    source: {{ push: {{}} }}\n    adapter: nullify\n    enrich: [ geo: {{ of: src_ip, database: builtin, fields: [ country ] }} ]\n    detect: [ threat: {{ severity: high }} ]\n    alerts: detected\nroute: {{ receiver: hook }}\nreceivers: [ {{ name: hook, webhook: {{ url: \"http://127.0.0.1:{receiver}/\", allow_private: \"127.0.0.1:{receiver}\" }} }} ]\n"
        );
        let service = Service::start_with(directory.path(), &rest)?;
        service.ready()?;
        let begun = clock();
        let pushers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let port = service.port();
                std::thread::spawn(move || push(port, client, begun))
            })
            .collect();
        let mut millis = Vec::new();
        for _ in 0..EVENTS / ALERT_EVERY {
            let (number, at) = arrivals
                .recv_timeout(WAIT_MAX)
                .context("a webhook did not come")?;
            millis.push(at.duration_since(begun + due(number)).as_secs_f64() * 1e3);
        }
        for pusher in pushers {
            pusher
                .join()
                .map_err(|_| anyhow::anyhow!("a client failed"))??;
        }
        cpu.push(service.cpu_seconds()? * 1e6 / f64::from(EVENTS));
        service.stop()?;
        millis.sort_by(f64::total_cmp);
        half.push(millis[millis.len() / 2]);
        most.push(millis[millis.len() * 99 / 100]);
    }
    report.turns(
        "event pushed to webhook received, 1,000/s, p50",
        "ms",
        &half,
    );
    report.turns(
        "event pushed to webhook received, p99 (goal 50)",
        "ms",
        &most,
    );
    report.turns(
        "the same, processor time of an event, start included",
        "us",
        &cpu,
    );
    Ok(())
}

/// When an event is to be pushed: what keeps it waiting after that counts.
fn due(number: u32) -> Duration {
    Duration::from_secs(1) * number / EVENTS_PER_SECOND
}

/// Pushes every event of a client at its time, one a request.
fn push(port: u16, client: u32, begun: Instant) -> anyhow::Result<()> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port))?);
    stream.get_ref().set_nodelay(true)?;
    for number in (client..EVENTS).step_by(CLIENTS as usize) {
        let at = begun + due(number);
        std::thread::sleep(at.saturating_duration_since(clock()));
        let severity = if number.is_multiple_of(ALERT_EVERY) {
            "high"
        } else {
            "low"
        };
        let body = format!(
            r#"{{"timestamp":"2026-01-31T12:00:00Z","source_ip":"9.9.9.9","destination_ip":"10.0.0.5","event_type":"port_scan","severity":"{severity}","description":"number {number} of them"}}"#
        );
        let request = format!(
            "POST /api/v1/events/nullify HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes())?;
        let (head, body) = message(&mut stream)?.context("the service hung up")?;
        ensure!(
            head.starts_with("HTTP/1.1 2"),
            "{head}{}",
            String::from_utf8_lossy(&body)
        );
    }
    Ok(())
}

/// Takes webhooks, and says which event each tells of and when it came.
fn receive(arrived: Sender<(u32, Instant)>) -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let arrived = arrived.clone();
            // Whoever hangs up has told everything.
            std::thread::spawn(move || drop(hear(stream, &arrived)));
        }
    });
    Ok(port)
}

fn hear(stream: TcpStream, arrived: &Sender<(u32, Instant)>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some((_, body)) = message(&mut stream)? {
        let at = clock();
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        let start = memchr::memmem::find(&body, MARK).context("no number")? + MARK.len();
        let digits = body[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let number = digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        arrived.send((number, at))?;
    }
    Ok(())
}

/// The head and the body of a request or an answer with a length; `None` at the end.
fn message(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    let mut length = 0;
    loop {
        let start = head.len();
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        let line = head[start..].trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some((head, body)))
}
