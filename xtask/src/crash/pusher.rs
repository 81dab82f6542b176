//! Pushes records while the service lives and dies, and repeats each push until it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use super::http::post_with;
use crate::stopwatch::Stopwatch;

/// Records of one push.
const RECORDS: usize = 3;
/// From an answer to the next push.
const PACE: Duration = Duration::from_millis(100);
/// From a push without an answer to its repeat.
const AGAIN: Duration = Duration::from_millis(20);
/// How long one push may take with all its repeats.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was pushed.
#[derive(Debug, Default)]
pub(crate) struct Pushed {
    /// The descriptions of all records that were answered for.
    pub(crate) descriptions: Vec<String>,
    /// Pushes that were sent again, under their first key.
    pub(crate) repeats: usize,
}

/// A thread that pushes.
pub(crate) struct Pusher {
    finish: Arc<AtomicBool>,
    thread: Option<JoinHandle<anyhow::Result<Pushed>>>,
}

impl Pusher {
    /// Begins to push to this port.
    pub(crate) fn start(port: u16, path: &'static str) -> Self {
        let finish = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&finish);
        let thread = thread::spawn(move || push_on(port, path, &told));
        Self {
            finish,
            thread: Some(thread),
        }
    }

    /// Lets the push under way be answered, and says what was pushed.
    pub(crate) fn finish(mut self) -> anyhow::Result<Pushed> {
        self.finish.store(true, Ordering::SeqCst);
        let thread = self.thread.take().context("it is finished only once")?;
        thread.join().map_err(|_| anyhow!("the pusher broke off"))?
    }
}

impl Drop for Pusher {
    fn drop(&mut self) {
        // After a failure nobody waits for it; it ends after the push under way.
        self.finish.store(true, Ordering::SeqCst);
    }
}

fn push_on(port: u16, path: &str, finish: &AtomicBool) -> anyhow::Result<Pushed> {
    let mut pushed = Pushed::default();
    let mut number = 0;
    while !finish.load(Ordering::SeqCst) {
        let descriptions: Vec<String> = (0..RECORDS)
            .map(|at| format!("push {number}, record {at}"))
            .collect();
        let body: Vec<String> = descriptions.iter().map(|text| record(text)).collect();
        let key = [("idempotency-key", format!("push-{number}"))];
        let stopwatch = Stopwatch::start();
        loop {
            match post_with(port, path, &key, &body.join("\n")) {
                Ok(answer) if answer.status == 200 => break,
                // Under way still, no place, or not now: the same as no answer.
                Ok(answer) if matches!(answer.status, 409 | 429 | 503) => {}
                Ok(answer) => bail!("a push was answered {}: {}", answer.status, answer.body),
                Err(error) if stopwatch.elapsed() > PATIENCE => {
                    return Err(error.context("a push has no answer after all its repeats"));
                }
                Err(_) => {}
            }
            pushed.repeats += 1;
            thread::sleep(AGAIN);
        }
        pushed.descriptions.extend(descriptions);
        number += 1;
        thread::sleep(PACE);
    }
    Ok(pushed)
}

/// An event that is an alert.
fn record(description: &str) -> String {
    json!({
        "timestamp": "2026-01-31T12:00:00Z", "source_ip": "203.0.113.3",
        "destination_ip": "10.0.0.5", "event_type": "login_attempt", "severity": "high",
        "description": description,
    })
    .to_string()
}
