//! The loop of the router: reads committed rows, decides, commits, and only then believes it.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Outbox, PortError, Store};
use cresset_pipeline::router::{Router, State};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

/// Rows in one step.
const ROWS_MAX: usize = 200;
/// How long the loop waits before it asks a store again that failed.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How often the head of the change log is looked at, should a commit not have woken the loop.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the loop works with.
#[derive(Clone)]
pub struct RouterPorts {
    /// The part of the store that it decides into.
    pub outbox: Arc<dyn Outbox>,
    /// The store, for the head of its change log.
    pub store: Arc<dyn Store>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Wakes the loop: commits of sources; see [`super::WakingStore`].
    pub wake: Arc<Notify>,
    /// Woken by the loop: the delivery.
    pub delivery: Arc<Notify>,
}

/// The router of now, replaced as a whole; `None` while nothing is routed.
pub type RouterNow = watch::Receiver<Option<Arc<Router>>>;

/// The one owner of the router's state.
pub struct RouterLoop {
    router: RouterNow,
    ports: RouterPorts,
}

/// What the loop holds between steps.
struct Memory {
    fence: u64,
    state: State,
}

impl RouterLoop {
    /// A loop over a tree of routes, which may be replaced while it runs.
    pub fn new(router: RouterNow, ports: RouterPorts) -> Self {
        Self { router, ports }
    }

    /// Runs until `stop` becomes true or its sender is gone.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            // Dropping the loop at any await is safe: a step is committed as a whole or decided again.
            () = self.steps() => {}
        }
    }

    async fn steps(&mut self) {
        loop {
            if let Err(error) = self.live().await {
                // Whether the last commit went through is not known: what is stored decides.
                warn!(error = %error, "router stopped by the store, reading its state again");
                tokio::time::sleep(STORE_RETRY).await;
            }
        }
    }

    /// Reads what is remembered and goes on from there, until the store fails.
    async fn live(&mut self) -> Result<(), PortError> {
        if self.router.wait_for(Option::is_some).await.is_err() {
            // There is no route, and there never will be one.
            std::future::pending::<()>().await;
        }
        let stored = self.ports.outbox.router().await?;
        let mut memory = Memory {
            fence: stored.fence,
            state: State::new(stored),
        };
        info!(
            cursor = memory.state.cursor(),
            groups = memory.state.groups().count(),
            "router started"
        );
        loop {
            let due = self.step(&mut memory).await?;
            self.wait(&memory.state, due).await;
        }
    }

    /// Takes one step; says when the next is due at the latest, or `None` to wait for rows.
    async fn step(&mut self, memory: &mut Memory) -> Result<Option<Timestamp>, PortError> {
        let outbox = &self.ports.outbox;
        let now = self.ports.clock.now();
        let Some(router) = self.router.borrow_and_update().clone() else {
            return Ok(None);
        };
        let needs = router.needs(&memory.state, now);
        let waited = if needs.is_empty() {
            Vec::new()
        } else {
            outbox.routed_alerts(needs).await?
        };
        let rows = outbox.routed(memory.state.cursor(), ROWS_MAX).await?;
        if self.router.has_changed().unwrap_or(false) {
            return Ok(Some(now));
        }
        let step = router.step(&memory.state, &rows, &waited, now);
        if step.changes(&memory.state) {
            outbox.step(step.commit(memory.fence, now)).await?;
            memory.state.apply(&step);
            if !step.intents.is_empty() {
                self.ports.delivery.notify_one();
            }
        }
        if memory.state.cursor() < self.ports.store.head() && !rows.is_empty() {
            return Ok(Some(now));
        }
        Ok(step.next_wake)
    }

    /// Waits for rows, for other routes or until something is due by the wall clock, which may be set
    /// meanwhile.
    async fn wait(&mut self, state: &State, due: Option<Timestamp>) {
        let mut latest = self.ports.clock.now();
        loop {
            let now = self.ports.clock.now();
            if now < latest {
                return;
            }
            latest = now;
            let left = due.map_or(LOOK_EVERY, |due| due.since(now).min(LOOK_EVERY));
            if left.is_zero() {
                return;
            }
            // Each branch only waits: when another one wins, nothing is lost.
            tokio::select! {
                biased;
                () = self.ports.wake.notified() => return,
                Ok(()) = self.router.changed() => return,
                () = tokio::time::sleep(left) => {
                    if self.ports.store.head() > state.cursor() {
                        return;
                    }
                }
            }
        }
    }
}
