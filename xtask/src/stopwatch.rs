//! The only clock of these commands.

use std::time::{Duration, Instant};

/// Measures from its start.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "the commands time what they run; nothing is decided by it but deadlines"
    )]
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn seconds(self) -> String {
        format!("{:.1}", self.elapsed().as_secs_f64())
    }
}
