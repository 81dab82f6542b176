//! Pushes from several clients at once; each push is repeated under its key until it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;

use crate::crash::http::post_with;
use crate::crash::process::wait_until;
use crate::crash::service::PUSH_PATH;

/// From a push without an answer to its repeat.
const AGAIN: Duration = Duration::from_millis(10);

/// How long the last answers may take.
const FINISH_MAX: Duration = Duration::from_mins(1);

/// The pushes and what became of them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pushed {
    /// Descriptions of the records that were answered with 200.
    pub(crate) answered: Vec<String>,
    /// Descriptions of those that never were.
    pub(crate) open: Vec<String>,
    /// Pushes that were answered with 200.
    pub(crate) pushes: u64,
    /// How many answers had each status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Answers that ask to come again and do not say when.
    pub(crate) without_when: u64,
}

/// How much each client pushes at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) clients: usize,
    pub(crate) records: usize,
    /// Bytes that make each record longer.
    pub(crate) padding: usize,
}

struct Shared {
    pushed: Mutex<Pushed>,
    finish: AtomicBool,
    abandon: AtomicBool,
}

impl Shared {
    fn pushed(&self) -> MutexGuard<'_, Pushed> {
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clients; they end when dropped.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins.
    pub(crate) fn start(port: u16, shape: Shape) -> Self {
        let shared = Arc::new(Shared {
            pushed: Mutex::new(Pushed::default()),
            finish: AtomicBool::new(false),
            abandon: AtomicBool::new(false),
        });
        let clients = (0..shape.clients).map(|client| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || push_on(port, client, shape, &shared))
        });
        Self {
            clients: clients.collect(),
            shared,
        }
    }

    /// What became of the pushes so far.
    pub(crate) fn so_far(&self) -> Pushed {
        self.shared.pushed().clone()
    }

    /// Pushes that were answered with 200 so far.
    pub(crate) fn pushes(&self) -> u64 {
        self.shared.pushed().pushes
    }

    /// Answers of a status so far.
    pub(crate) fn answers(&self, status: u16) -> u64 {
        let pushed = self.shared.pushed();
        pushed.statuses.get(&status).copied().unwrap_or(0)
    }

    /// Lets the pushes under way be answered, and says what became of all.
    pub(crate) fn finish(mut self) -> anyhow::Result<Pushed> {
        self.shared.finish.store(true, Ordering::SeqCst);
        // Dropped at an error, it abandons what is never answered.
        wait_until("the last pushes are answered", FINISH_MAX, || {
            Ok(self.clients.iter().all(JoinHandle::is_finished))
        })?;
        for client in self.clients.drain(..) {
            client.join().map_err(|_| anyhow!("a client broke off"))?;
        }
        Ok(self.so_far())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.finish.store(true, Ordering::SeqCst);
        self.shared.abandon.store(true, Ordering::SeqCst);
    }
}

fn push_on(port: u16, client: usize, shape: Shape, shared: &Shared) {
    let mut number = 0;
    while !shared.finish.load(Ordering::SeqCst) {
        let descriptions: Vec<String> = (0..shape.records)
            .map(|at| format!("client {client}, push {number}, record {at}"))
            .collect();
        let body: Vec<String> = descriptions
            .iter()
            .map(|description| record(description, shape.padding))
            .collect();
        let is_answered = push(
            port,
            &format!("{client}-{number}"),
            &body.join("\n"),
            shared,
        );
        let mut pushed = shared.pushed();
        if is_answered {
            pushed.pushes += 1;
            pushed.answered.extend(descriptions);
        } else {
            pushed.open.extend(descriptions);
        }
        number += 1;
    }
}

/// Repeats one push until it is answered; `false` when nobody waits for that any more.
fn push(port: u16, key: &str, body: &str, shared: &Shared) -> bool {
    let key = [("idempotency-key", key.to_owned())];
    while !shared.abandon.load(Ordering::SeqCst) {
        if let Ok(answer) = post_with(port, PUSH_PATH, &key, body) {
            let mut pushed = shared.pushed();
            *pushed.statuses.entry(answer.status).or_default() += 1;
            if matches!(answer.status, 429 | 503) && !answer.says_when {
                pushed.without_when += 1;
            }
            if answer.status == 200 {
                return true;
            }
        }
        thread::sleep(AGAIN);
    }
    false
}

/// An event that is an alert.
pub(crate) fn record(description: &str, padding: usize) -> String {
    json!({
        "timestamp": "2026-01-31T12:00:00Z", "source_ip": "203.0.113.3",
        "destination_ip": "10.0.0.5", "event_type": "login_attempt", "severity": "high",
        "description": description, "padding": "x".repeat(padding),
    })
    .to_string()
}
