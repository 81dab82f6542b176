//! How far a connection is with its request, shared by its stream and its exchanges.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::time::Instant;

use super::bounds::Bounds;
use super::connections::{Connections, Missed};

/// What is awaited from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first byte of the first request.
    New,
    /// The rest of a head.
    Head,
    /// Nothing, or a body, which is timed by itself.
    Exchange,
    /// A further request.
    Idle,
}

/// The progress of one connection.
#[derive(Debug)]
pub(super) struct Progress {
    connections: Arc<Connections>,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    phase: Phase,
    since: Instant,
    /// Waits for bytes without a deadline.
    reader: Option<Waker>,
}

impl Progress {
    /// A connection that has just been made.
    pub(super) fn new(connections: Arc<Connections>) -> Arc<Self> {
        let now = Now {
            phase: Phase::New,
            since: Instant::now(),
            reader: None,
        };
        Arc::new(Self {
            connections,
            now: Mutex::new(now),
        })
    }

    /// What it has to keep.
    pub(super) fn bounds(&self) -> &Bounds {
        self.connections.bounds()
    }

    /// Bytes have come.
    pub(super) fn heard(&self) {
        let mut now = self.now();
        if matches!(now.phase, Phase::New | Phase::Idle) {
            now.enter(Phase::Head);
        }
    }

    /// A whole head has come.
    pub(super) fn began(&self) {
        self.now().enter(Phase::Exchange);
    }

    /// The answer has gone out.
    pub(super) fn ended(&self) {
        let mut now = self.now();
        now.enter(Phase::Idle);
        // Whoever reads already does not know yet that there is a deadline now.
        if let Some(reader) = now.reader.take() {
            reader.wake();
        }
    }

    /// Until when the client has to send something, and what it misses otherwise. Without a deadline the
    /// reader is woken once there is one.
    pub(super) fn deadline(&self, reader: &Waker) -> Option<(Instant, Missed)> {
        let mut now = self.now();
        let bounds = self.bounds();
        let (timeout, missed) = match now.phase {
            Phase::New => (bounds.first_byte_timeout, Missed::FirstByte),
            Phase::Head => (bounds.head_timeout, Missed::Head),
            Phase::Idle => (bounds.idle_timeout, Missed::Idle),
            Phase::Exchange => {
                now.reader = Some(reader.clone());
                return None;
            }
        };
        Some((now.since + timeout, missed))
    }

    /// Counts that the client has missed a deadline.
    pub(super) fn missed(&self, missed: Missed) {
        self.connections.count(missed);
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}
