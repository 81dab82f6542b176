//! What the clients do, and what the service makes of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::clients::Clients;
use crate::crash::{Process, free_port, get, wait_until};
use crate::program::{self, release_binary};
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Clients of each kind that never finish what they began.
const UNFINISHED: usize = 300;
/// Connections that do nothing.
const IDLE: usize = 10_000;
/// What the whole service may take with all of them, in KiB.
const IDLE_KIB_MAX: u64 = 400 << 10;
/// Listeners that do not read.
const STALLED: usize = 100;
/// Clients that ask for much and do not read it.
const SLOW: usize = 20;
/// Alerts that there are, so that an answer is larger than all buffers between the two ends.
const ALERTS: &str = "100000";
/// What the service may grow by while clients do nothing, in KiB.
const GROWTH_KIB_MAX: u64 = 32 << 10;
/// What clients may take of it whatever they do, in KiB.
const CEILING_KIB: u64 = 256 << 10;
/// Until those who were just connected have been answered as far as they read.
const SETTLE: Duration = Duration::from_secs(3);
/// How long the service may take to start, and to close a client.
const START_MAX: Duration = Duration::from_secs(20);
const CLOSED_MAX: Duration = Duration::from_mins(1);

const SILENT: &str = "";
const HALF_HEAD: &str = "GET /livez HTTP/1.1\r\nhost: loc";
const HALF_BODY: &str = "POST /config HTTP/1.1\r\nhost: localhost\r\n\
     content-type: application/json\r\ncontent-length: 40\r\n\r\n{\"sync_";
const HALF_PUSH: &str = "POST /api/v1/events/nullify HTTP/1.1\r\nhost: localhost\r\n\
     content-length: 8388608\r\n\r\n{\"id\":";
const ALIVE: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
const LISTEN: &str = "GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n";
const EVERYTHING: &str = "GET /alerts?limit=100000 HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Runs the campaign in a shell that allows as many open files as it may.
pub(crate) fn run_in_shell() -> anyhow::Result<bool> {
    let own = std::env::current_exe().context("find this program")?;
    let own = own.to_string_lossy();
    program::run(
        "sh",
        &["-c", "ulimit -n $(ulimit -H -n); exec \"$0\" edges", &own],
    )
}

/// The service under test.
struct Service {
    process: Process,
    port: u16,
}

impl Service {
    fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let config = folder.join("cresset.yaml");
        // All clients come from one address here.
        let text = format!(
            "version: 1\nstore: {{ sqlite: {{ path: \"{}\" }} }}\n\
             server: {{ listen: 127.0.0.1:{port}, connections_per_address: 12288 }}\n\
             pipelines:\n  nullify: {{ source: {{ push: {{}} }}, adapter: nullify, alerts: all }}\n",
            folder.join("cresset.db").display()
        );
        std::fs::write(&config, text).context("write the configuration")?;
        let arguments = ["run", "-c", &config.to_string_lossy()].map(str::to_owned);
        let log = folder.join("service.log");
        let mut process = Process::start("the service", program, &arguments, &log)?;
        wait_until("the service answers", START_MAX, || {
            process.check_running()?;
            Ok(get(port, "/livez").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self { process, port })
    }

    /// A figure of its memory in KiB, such as `VmRSS`.
    fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).context("read the memory of the service")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        figure.with_context(|| format!("the system says no {name}"))
    }

    /// What a metric says.
    fn metric(&self, name: &str) -> anyhow::Result<u64> {
        let metrics = get(self.port, "/metrics")?;
        let line = metrics.ok()?.lines().find_map(|line| {
            let value = line.strip_prefix(name)?;
            value.trim().parse().ok()
        });
        line.with_context(|| format!("no metric {name}"))
    }
}

/// Asks again and again until it is stopped; the slowest answer in milliseconds.
struct Asking<'a> {
    port: u16,
    stopped: &'a AtomicBool,
}

impl Asking<'_> {
    fn run(&self) -> anyhow::Result<u128> {
        let mut slowest = 0;
        while !self.stopped.load(Ordering::Relaxed) {
            for path in ["/livez", "/alerts?limit=10", "/health"] {
                let stopwatch = Stopwatch::start();
                get(self.port, path)?.ok()?;
                slowest = slowest.max(stopwatch.elapsed().as_millis());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(slowest)
    }
}

/// Runs the campaign; whether the service kept its bounds and answered all the while.
pub(crate) fn run() -> anyhow::Result<bool> {
    let program = release_binary()?;
    ensure!(
        program.exists(),
        "{} is not there: cargo build --release",
        program.display()
    );
    let folder = tempfile::tempdir().context("create a folder for the run")?;
    let service = Service::start(&program, folder.path())?;
    fill(&program, service.port)?;
    let stopped = AtomicBool::new(false);
    let mut rows = vec![
        ["clients", "of them", "outcome", "kept"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let slowest = thread::scope(|scope| {
        let asking = Asking {
            port: service.port,
            stopped: &stopped,
        };
        let asking = scope.spawn(move || asking.run());
        let done = unfinished(&service, &mut rows)
            .and_then(|()| stalled(&service, &mut rows))
            .and_then(|()| idle(&service, &mut rows));
        stopped.store(true, Ordering::Relaxed);
        let slowest = asking.join().ok().context("the asking thread panicked")??;
        done.map(|()| slowest)
    })?;
    table(&rows);
    say(&format!("slowest answer to others meanwhile: {slowest} ms"));
    service.process.stop()?;
    let kept = rows
        .iter()
        .skip(1)
        .all(|row| row.last().is_some_and(|kept| kept == "yes"));
    Ok(kept)
}

/// Gives the service something to say.
fn fill(program: &Path, port: u16) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}");
    let words = [
        "--url", &url, "produce", "--to", "http", "--count", ALERTS, "--seed", "7",
    ];
    let done = program::run(&program.to_string_lossy(), &words)?;
    ensure!(done, "the alerts could not be pushed");
    Ok(())
}

fn row(rows: &mut Vec<Vec<String>>, name: &str, count: usize, outcome: (String, bool)) {
    let kept = if outcome.1 { "yes" } else { "NO" };
    rows.push(vec![
        name.to_owned(),
        count.to_string(),
        outcome.0,
        kept.to_owned(),
    ]);
}

fn closed(rows: &mut Vec<Vec<String>>, name: &str, clients: Clients) {
    let count = clients.count();
    let outcome = match clients.closed_within(CLOSED_MAX) {
        Ok(seconds) => (format!("all closed after {seconds} s"), true),
        Err(left) => (format!("{left} still open"), false),
    };
    row(rows, name, count, outcome);
}

/// Clients that begin and do not go on.
fn unfinished(service: &Service, rows: &mut Vec<Vec<String>>) -> anyhow::Result<()> {
    let port = service.port;
    let silent = Clients::connect(port, UNFINISHED, SILENT)?;
    let half_head = Clients::connect(port, UNFINISHED, HALF_HEAD)?;
    let half_body = Clients::connect(port, UNFINISHED, HALF_BODY)?;
    let before = service.memory("VmRSS:")?;
    let half_push = Clients::connect(port, UNFINISHED, HALF_PUSH)?;
    thread::sleep(Duration::from_secs(1));
    let growth = service.memory("VmRSS:")?.saturating_sub(before);
    let outcome = format!("grew by {} MiB", growth >> 10);
    let name = "8 MiB declared, 6 bytes sent";
    row(
        rows,
        name,
        half_push.count(),
        (outcome, growth <= GROWTH_KIB_MAX),
    );
    closed(rows, "silent", silent);
    closed(rows, "half a head", half_head);
    closed(rows, "half a body", half_body);
    closed(rows, "half a push", half_push);
    Ok(())
}

/// Clients that do not read: those of large answers are cut, and nothing piles up for any of them.
fn stalled(service: &Service, rows: &mut Vec<Vec<String>>) -> anyhow::Result<()> {
    let before = service.memory("VmRSS:")?;
    let mut listeners = Clients::connect(service.port, STALLED, LISTEN)?;
    listeners.answered()?;
    let slow = Clients::connect(service.port, SLOW, EVERYTHING)?;
    let cut = "cresset_http_connections_cut_total{deadline=\"stall\"}";
    let stopwatch = Stopwatch::start();
    thread::sleep(SETTLE);
    let settled = service.memory("VmRSS:")?;
    let mut most = settled;
    let all = wait_until("the slow are cut", CLOSED_MAX, || {
        most = most.max(service.memory("VmRSS:")?);
        Ok(service.metric(cut)? >= SLOW as u64)
    });
    let outcome = match &all {
        Ok(()) => format!("all cut after {} s", stopwatch.seconds()),
        Err(error) => format!("{error:#}"),
    };
    row(
        rows,
        "slow readers of 100,000 alerts",
        SLOW,
        (outcome, all.is_ok()),
    );
    let (begun, growth) = (settled.saturating_sub(before), most.saturating_sub(settled));
    let outcome = format!(
        "took {} MiB with the slow, then grew by {} MiB",
        begun >> 10,
        growth >> 10
    );
    let flat = begun <= CEILING_KIB && growth <= GROWTH_KIB_MAX;
    row(
        rows,
        "listeners that do not read",
        listeners.count(),
        (outcome, flat),
    );
    drop(slow);
    Ok(())
}

/// Clients that were answered once and stay.
fn idle(service: &Service, rows: &mut Vec<Vec<String>>) -> anyhow::Result<()> {
    let before = service.memory("VmRSS:")?;
    let mut idle = Clients::connect(service.port, IDLE, ALIVE)?;
    idle.answered()?;
    let open = service.metric("cresset_http_connections ")?;
    let now = service.memory("VmRSS:")?;
    let outcome = format!(
        "{open} open, {} MiB in all, {} MiB more",
        now >> 10,
        now.saturating_sub(before) >> 10
    );
    let kept = open >= IDLE as u64 && now <= IDLE_KIB_MAX;
    row(rows, "idle", idle.count(), (outcome, kept));
    Ok(())
}
