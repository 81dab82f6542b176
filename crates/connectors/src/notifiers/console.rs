//! `console`: one line of JSON for each notification, to the output that the app gives.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Clock, Notifier, NotifierInfo, PortError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::told::Told;

/// How long the output may take a line.
pub const CONSOLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes notifications to an output such as the standard one.
pub struct Console {
    output: Arc<Mutex<Box<dyn Write + Send>>>,
    /// One line at a time: an output that takes nothing blocks one thread, not many.
    turn: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

impl Console {
    /// Writes to `output`, and takes the time of each line from `clock`.
    pub fn new(output: Box<dyn Write + Send>, clock: Arc<dyn Clock>) -> Self {
        Self {
            output: Arc::new(Mutex::new(output)),
            turn: Arc::new(Semaphore::new(1)),
            clock,
            timeout: CONSOLE_TIMEOUT,
        }
    }

    async fn write(&self, line: String) -> Result<(), PortError> {
        let turn = Arc::clone(&self.turn);
        let output = Arc::clone(&self.output);
        let written = async move {
            let turn = turn
                .acquire_owned()
                .await
                .map_err(|closed| io::Error::other(closed.to_string()))?;
            let write = move || {
                // The turn ends when the output has taken the line, even if nobody waits any more.
                let _turn = turn;
                let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                output.write_all(line.as_bytes())?;
                output.flush()
            };
            spawn_blocking(write)
                .await
                .map_err(|failed| io::Error::other(failed.to_string()))?
        };
        match timeout(self.timeout, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(PortError::transient(format!(
                "cannot write to the console: {error}"
            ))),
            Err(_) => Err(PortError::transient(format!(
                "the console took no line within {} s",
                self.timeout.as_secs()
            ))),
        }
    }
}

impl Notifier for Console {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        let line = line(notification, &self.clock.now().to_z());
        Box::pin(self.write(line))
    }

    fn info(&self) -> NotifierInfo {
        NotifierInfo {
            kind: "console",
            endpoint: "console".to_owned(),
        }
    }
}

fn line(notification: &Notification, time: &str) -> String {
    let told = Told::of(notification);
    let line = json!({
        "time": time,
        "level": "info",
        "receiver": notification.receiver,
        "id": notification.id,
        "subject": notification.subject,
        "message": {"alerts": Value::Array(told.alerts), "more": told.more},
    });
    let mut line = shown_safely(&line.to_string());
    line.push('\n');
    line
}

/// Writes what a terminal could obey, or show in a misleading order, as escapes. In a JSON document such
/// characters stand inside strings only.
fn shown_safely(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        let reorders = matches!(character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || reorders {
            // Writing to a string cannot fail.
            write!(safe, "\\u{:04x}", u32::from(character)).unwrap_or_default();
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests;
