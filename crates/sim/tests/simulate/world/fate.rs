//! How long a life of the service lasts: it may end between any two steps at a port.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// The end of one life. What happens at a port happens in steps; after the last one nothing does.
#[derive(Debug)]
pub(super) struct Fate {
    steps: AtomicU64,
    steps_max: u64,
    is_over: AtomicBool,
    over: Notify,
}

impl Fate {
    /// A life that ends at a step.
    pub(super) fn new(steps_max: u64) -> Self {
        Self {
            steps: AtomicU64::new(0),
            steps_max,
            is_over: AtomicBool::new(false),
            over: Notify::new(),
        }
    }

    /// One step. Never returns when it was the last.
    pub(super) async fn step(&self) {
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        if step >= self.steps_max && !self.is_over.swap(true, Ordering::Relaxed) {
            self.over.notify_one();
        }
        if self.is_over.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the last step.
    pub(super) async fn over(&self) {
        self.over.notified().await;
    }
}
