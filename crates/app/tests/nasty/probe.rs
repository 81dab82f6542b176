//! How long the API takes to answer while the upstream misbehaves.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::http;
use crate::watch::Stopwatch;

/// Between two questions.
const EVERY: Duration = Duration::from_millis(40);
const PATHS: [&str; 4] = [
    "/livez",
    "/api/v1/alerts?limit=20",
    "/health",
    "/api/v1/sources",
];

/// Asks one thing after the other until it is ended.
pub(crate) struct Probe {
    stop: Sender<()>,
    thread: JoinHandle<Pulse>,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pulse {
    taken: Vec<Duration>,
    /// Questions without a good answer.
    pub(crate) failed: Vec<String>,
}

impl Pulse {
    /// The longest time that an answer took.
    pub(crate) fn slowest(&self) -> Duration {
        self.taken.iter().max().copied().unwrap_or_default()
    }

    /// The time within which 99 of 100 answers came.
    pub(crate) fn p99(&self) -> Duration {
        let mut taken = self.taken.clone();
        taken.sort_unstable();
        let at = (taken.len() * 99).div_ceil(100).saturating_sub(1);
        taken.get(at).copied().unwrap_or_default()
    }
}

impl Probe {
    pub(crate) fn start(port: u16) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut pulse = Pulse::default();
            for path in PATHS.iter().cycle() {
                let stopwatch = Stopwatch::start();
                let answer = http::ask(port, "GET", path, "");
                pulse.taken.push(stopwatch.elapsed());
                match answer {
                    Ok(answer) if answer.status == 200 => {}
                    Ok(answer) => pulse.failed.push(format!("{path}: {}", answer.status)),
                    Err(error) => pulse.failed.push(format!("{path}: {error:#}")),
                }
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            pulse
        });
        Self { stop, thread }
    }

    /// Ends it and says what it measured.
    pub(crate) fn end(self) -> Pulse {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}
