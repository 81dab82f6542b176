//! What the server needs from the rest of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Control, Query};

use crate::access::Access;
use crate::traffic::Traffic;

/// The ports behind the routes.
#[derive(Clone)]
pub struct Services {
    /// Reads alerts, dead letters and facts.
    pub query: Arc<dyn Query>,
    /// Commands the sources.
    pub control: Arc<dyn Control>,
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
    failures: AtomicU64,
}

/// The state of all routes.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(services: Services, access: Access) -> Self {
        Self {
            services,
            access,
            traffic: Traffic::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// An id that ties an answer to a line of the log: start of the process and a counter.
    pub(crate) fn failure_id(&self) -> String {
        let number = self.failures.fetch_add(1, Ordering::Relaxed);
        let started = self.services.facts.started.seconds();
        format!("{started:x}-{number:x}")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }
}
