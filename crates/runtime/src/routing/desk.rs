//! What the delivery has in hand: leased rows by endpoint, and how each endpoint fares.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cresset_model::NotificationId;
use cresset_model::ports::{LEASE, Leased, Notifier};
use tokio::time::Instant;

use super::breaker::Breaker;
use super::delivery::{DELIVERY_TIMEOUT, DeliveryLimits};

/// Deliveries to one endpoint at once, by default.
pub const ENDPOINT_DELIVERIES_MAX: usize = 2;
/// Rows that wait for one endpoint. While one that answers quickly has so many, no more are leased; of one
/// that does not, further ones are let go, to be leased again later.
pub(super) const WAITING_MAX: usize = 16;
/// An endpoint with a delivery that takes longer than this is slow: nobody waits for it.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// Time between the end of a delivery and the end of its lease, for the settlement.
const SETTLE_ROOM: Duration = Duration::from_secs(5);

/// A leased row with its notifier.
pub(super) struct Job {
    pub(super) leased: Leased,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) endpoint: String,
    /// After this instant a delivery might outlast its lease.
    pub(super) start_by: Instant,
}

impl Job {
    pub(super) fn new(leased: Leased, notifier: Arc<dyn Notifier>, now: Instant) -> Self {
        Self {
            leased,
            endpoint: endpoint(&*notifier),
            notifier,
            start_by: now + LEASE.saturating_sub(DELIVERY_TIMEOUT + SETTLE_ROOM),
        }
    }

    /// The same row for the notifier that its receiver has now; the lease goes on.
    pub(super) fn with(self, notifier: Arc<dyn Notifier>) -> Self {
        Self {
            endpoint: endpoint(&*notifier),
            notifier,
            ..self
        }
    }
}

fn endpoint(notifier: &dyn Notifier) -> String {
    let info = notifier.info();
    format!("{} {}", info.kind, info.endpoint)
}

#[derive(Default)]
struct Endpoint {
    breaker: Breaker,
    waiting: VecDeque<Job>,
    /// When each of its deliveries under way began.
    running: Vec<Instant>,
    /// Whether the latest delivery failed or was slow.
    lagged: bool,
}

/// How a delivery went, for the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// It was taken or refused for good.
    Yes,
    /// It failed and may succeed later.
    No,
}

/// The rows in hand.
pub(super) struct Desk {
    limits: DeliveryLimits,
    endpoints: BTreeMap<String, Endpoint>,
    running: usize,
    /// Whether rows were let go since it was asked.
    let_go: bool,
}

impl Endpoint {
    /// Whether there is nothing to remember of it.
    fn is_idle(&self) -> bool {
        let empty = self.running.is_empty() && self.waiting.is_empty();
        empty && self.breaker == Breaker::default()
    }

    fn is_slow(&self, now: Instant) -> bool {
        let old = |begun: &Instant| now.saturating_duration_since(*begun) >= SLOW_AFTER;
        self.breaker.is_shut(now) || self.lagged || self.running.iter().any(old)
    }
}

impl Desk {
    /// A desk without rows.
    pub(super) fn new(limits: DeliveryLimits) -> Self {
        Self {
            limits,
            endpoints: BTreeMap::new(),
            running: 0,
            let_go: false,
        }
    }

    /// Whether further rows may be leased.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        let full =
            |endpoint: &Endpoint| endpoint.waiting.len() >= WAITING_MAX && !endpoint.is_slow(now);
        self.running < self.limits.deliveries_max && !self.endpoints.values().any(full)
    }

    /// Takes a row in, or lets it go.
    pub(super) fn take(&mut self, job: Job, now: Instant) {
        let endpoint = self.endpoints.entry(job.endpoint.clone()).or_default();
        let full = endpoint.waiting.len() >= WAITING_MAX && endpoint.is_slow(now);
        if endpoint.breaker.is_shut(now) || full {
            self.let_go = true;
        } else {
            endpoint.waiting.push_back(job);
        }
    }

    /// Whether rows were let go since the last time it was asked: they are leased and in nobody's hand.
    pub(super) fn has_let_go(&mut self) -> bool {
        std::mem::take(&mut self.let_go)
    }

    /// The rows that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = NotificationId> + '_ {
        let waiting = self
            .endpoints
            .values()
            .flat_map(|endpoint| &endpoint.waiting);
        waiting.map(|job| job.leased.notification.id)
    }

    /// Gives back every row that waits.
    pub(super) fn take_back(&mut self) -> Vec<Job> {
        let endpoints = self.endpoints.values_mut();
        let jobs = endpoints
            .flat_map(|endpoint| endpoint.waiting.drain(..))
            .collect();
        self.endpoints.retain(|_, endpoint| !endpoint.is_idle());
        jobs
    }

    /// The next row that may go out now, if there is one.
    pub(super) fn start(&mut self, now: Instant) -> Option<Job> {
        if self.running >= self.limits.deliveries_max {
            return None;
        }
        for endpoint in self.endpoints.values_mut() {
            let waiting = endpoint.waiting.len();
            endpoint.waiting.retain(|job| job.start_by > now);
            self.let_go |= endpoint.waiting.len() < waiting;
            if endpoint.running.len() >= self.limits.endpoint_deliveries_max
                || endpoint.waiting.is_empty()
                || !endpoint.breaker.admits(now)
            {
                continue;
            }
            endpoint.running.push(now);
            self.running += 1;
            return endpoint.waiting.pop_front();
        }
        None
    }

    /// Notes how a delivery that began at `begun` ended. Says whether its breaker has opened by it.
    pub(super) fn ended(
        &mut self,
        name: &str,
        begun: Instant,
        answered: Answered,
        now: Instant,
    ) -> bool {
        self.running = self.running.saturating_sub(1);
        let Some(endpoint) = self.endpoints.get_mut(name) else {
            return false;
        };
        if let Some(index) = endpoint.running.iter().position(|other| *other == begun) {
            endpoint.running.swap_remove(index);
        }
        let took = now.saturating_duration_since(begun);
        endpoint.lagged = answered == Answered::No || took >= SLOW_AFTER;
        let opened = match answered {
            Answered::Yes => {
                endpoint.breaker.answered();
                false
            }
            Answered::No => endpoint.breaker.failed(now),
        };
        if endpoint.breaker.is_shut(now) {
            self.let_go |= !endpoint.waiting.is_empty();
            endpoint.waiting.clear();
        }
        if endpoint.is_idle() {
            self.endpoints.remove(name);
        }
        opened
    }

    /// Whether an endpoint that is not yet slow keeps others waiting, and until when at most.
    pub(super) fn slow_at(&self, now: Instant) -> Option<Instant> {
        let full = self
            .endpoints
            .values()
            .filter(|endpoint| endpoint.waiting.len() >= WAITING_MAX && !endpoint.is_slow(now));
        full.flat_map(|endpoint| endpoint.running.iter().map(|begun| *begun + SLOW_AFTER))
            .min()
    }
}

#[cfg(test)]
mod tests;
