//! The watchdogs at work: gather facts from the ports, judge, remember, and log what changes.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::health::{Finding, Level, WatchLimits, Watchdog};
use cresset_model::ports::{
    BoxFuture, Clock, Control, Health, HealthReport, PortError, StoreVitals, Vitals,
};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::judge::{Facts, judge};
use super::memory::Memory;
use super::reloads::WatchedReload;
use crate::routing::RouterNow;

/// How often they look by themselves.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a look is good: many may ask at the same time.
const FRESH: Duration = Duration::from_secs(1);
/// How long the store may take to answer.
const STORE_TIMEOUT: Duration = Duration::from_millis(1_400);

/// What the watchdogs look at.
pub struct WatchPorts {
    /// The sources.
    pub control: Arc<dyn Control>,
    /// The store.
    pub vitals: Arc<dyn Vitals>,
    /// The router of now.
    pub router: RouterNow,
    /// The reloads of the configuration.
    pub reload: Arc<WatchedReload>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

/// All watchdogs of the service.
pub struct Watchdogs {
    ports: WatchPorts,
    limits: watch::Receiver<WatchLimits>,
    last: tokio::sync::Mutex<Last>,
}

/// What the last look has left.
#[derive(Default)]
struct Last {
    memory: Memory,
    report: Option<(Instant, HealthReport)>,
}

impl Watchdogs {
    /// Watchdogs that have not looked yet; they judge by the limits of now.
    pub fn new(ports: WatchPorts, limits: watch::Receiver<WatchLimits>) -> Self {
        Self {
            ports,
            limits,
            last: tokio::sync::Mutex::default(),
        }
    }

    /// Looks from time to time, until `stop` becomes true or its sender is gone.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let look = async {
            loop {
                self.look().await;
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            // A look that is dropped has changed nothing but what it remembers.
            () = look => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn look(&self) -> HealthReport {
        // One at a time: who comes meanwhile gets the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, report)) = &last.report
            && at.elapsed() < FRESH
        {
            return report.clone();
        }
        let store = match tokio::time::timeout(STORE_TIMEOUT, self.ports.vitals.vitals()).await {
            Ok(answer) => answer,
            Err(_) => Err(PortError::transient("no answer in time")),
        };
        let facts = self.facts(&mut last.memory, store);
        let limits = *self.limits.borrow();
        let findings = judge(&facts, self.ports.clock.now(), &limits);
        let former = last.report.as_ref().map(|(_, report)| &*report.findings);
        tell(former.unwrap_or_default(), &findings);
        let report = HealthReport {
            findings,
            vitals: facts.store.ok(),
        };
        last.report = Some((Instant::now(), report.clone()));
        report
    }

    fn facts(&self, memory: &mut Memory, store: Result<StoreVitals, PortError>) -> Facts {
        let now = Instant::now();
        let lasts = memory.silence(store.is_ok(), now);
        let routed = self.ports.router.borrow().is_some();
        let cursors = match &store {
            Ok(vitals) => memory.standing(vitals, routed, now),
            Err(_) => Vec::new(),
        };
        let sources = self.ports.control.sources().into_iter();
        let sources = sources
            .map(|source| {
                let quiet = memory.quiet(&source, now);
                (source, quiet)
            })
            .collect();
        Facts {
            sources,
            store: store.map_err(|error| {
                warn!(error = %error, "store does not answer the watchdogs");
                lasts
            }),
            cursors,
            refused: self.ports.reload.refused(),
        }
    }
}

impl Health for Watchdogs {
    fn health(&self) -> BoxFuture<'_, HealthReport> {
        Box::pin(self.look())
    }
}

/// What tells findings apart over time.
fn key(finding: &Finding) -> (Watchdog, &str, Level) {
    (finding.watchdog, &finding.about, finding.level)
}

/// Logs findings that are new and those that are over, each once.
fn tell(former: &[Finding], findings: &[Finding]) {
    let knows = |those: &[Finding], one: &Finding| those.iter().any(|it| key(it) == key(one));
    for finding in findings.iter().filter(|one| !knows(former, one)) {
        let (name, level) = (finding.watchdog.as_str(), finding.level.as_str());
        let (about, what, remedy) = (&finding.about, &finding.what, finding.remedy);
        // A field of the name `level` would stand twice in a line of JSON.
        if finding.level == Level::Red {
            error!(
                watchdog.name = name,
                watchdog.level = level,
                about,
                what,
                remedy,
                "watchdog alarm"
            );
        } else {
            warn!(
                watchdog.name = name,
                watchdog.level = level,
                about,
                what,
                remedy,
                "watchdog warning"
            );
        }
    }
    let is_over = |one: &&Finding| {
        !findings
            .iter()
            .any(|it| (it.watchdog, &it.about) == (one.watchdog, &one.about))
    };
    for finding in former.iter().filter(is_over) {
        let name = finding.watchdog.as_str();
        info!(
            watchdog.name = name,
            about = finding.about,
            "watchdog is content again"
        );
    }
}

#[cfg(test)]
mod tests;
