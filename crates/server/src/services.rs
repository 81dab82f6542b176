//! What the server needs from the rest of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cresset_model::Timestamp;
use cresset_model::ports::{
    Clock, Control, Explore, Health, Intake, Live, Outbox, Query, Receivers, Reload,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::Access;
use crate::glance::Glance;
use crate::serve::Connections;
use crate::traffic::Traffic;

/// KiB of bodies that may be held in memory at the same time. Whoever finds no place gets a 429.
pub(crate) const PUSHES_KIB_MAX: usize = 128 << 10;
/// KiB that each push takes at least, so that their number has a bound too.
pub(crate) const PUSH_KIB_MIN: u32 = 256;

/// What those hear who find no place to listen.
pub(crate) const VIEWERS_FULL: &str = "Too many listen already: close one, or try again later";
/// When they may try again.
pub(crate) const VIEWERS_RETRY_SECONDS: u64 = 15;

/// The ports behind the routes.
#[derive(Clone)]
pub struct Services {
    /// Reads alerts, dead letters and facts.
    pub query: Arc<dyn Query>,
    /// Counts alerts.
    pub explore: Arc<dyn Explore>,
    /// Tells what happens.
    pub live: Arc<dyn Live>,
    /// Commands the sources.
    pub control: Arc<dyn Control>,
    /// Shows what is told to whom, and lets it be tried again.
    pub outbox: Arc<dyn Outbox>,
    /// Takes what is pushed.
    pub intake: Arc<dyn Intake>,
    /// The receivers of notifications.
    pub receivers: Arc<dyn Receivers>,
    /// Takes over a changed configuration.
    pub reload: Arc<dyn Reload>,
    /// Says whether the service is well.
    pub health: Arc<dyn Health>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What the process is.
    pub facts: ServiceFacts,
}

/// What the process is, for `/api/v1/version` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFacts {
    /// The version of the program.
    pub version: String,
    /// When the process started.
    pub started: Timestamp,
}

/// Everything a handler may use.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) access: Access,
    pub(crate) traffic: Traffic,
    /// What many viewers of pages ask for at the same time.
    pub(crate) glance: Glance,
    /// A permit for each push whose body is held.
    pub(crate) pushes: Semaphore,
    /// A place for each who listens to a stream of events.
    pub(crate) viewers: Arc<Semaphore>,
    /// The connections that requests come by.
    pub(crate) connections: Arc<Connections>,
    failures: AtomicU64,
}

/// The state of all routes.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(services: Services, access: Access, connections: Arc<Connections>) -> Self {
        Self {
            services,
            access,
            traffic: Traffic::default(),
            glance: Glance::default(),
            pushes: Semaphore::new(PUSHES_KIB_MAX),
            viewers: Arc::new(Semaphore::new(connections.bounds().viewers_max)),
            connections,
            failures: AtomicU64::new(0),
        }
    }

    /// An id that ties an answer to a line of the log: start of the process and a counter.
    pub(crate) fn failure_id(&self) -> String {
        let number = self.failures.fetch_add(1, Ordering::Relaxed);
        let started = self.services.facts.started.seconds();
        format!("{started:x}-{number:x}")
    }

    /// A place for one who listens to a stream of events; `None` if all are taken.
    pub(crate) fn viewer(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.viewers).try_acquire_owned().ok()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }
}
