mod alarms;
mod breakers;
mod clocks;
mod deliveries;
mod endpoints;
mod lives;
mod replaced;
mod router_loops;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::alert::{AlertRow, Position};
use cresset_model::notification::{DeliveryState, Intent, RoutedRow};
use cresset_model::ports::{Clock, Notifier};
use cresset_model::provenance::Marks;
use cresset_model::{AlertId, NotificationId, Severity, SourceId};
use cresset_pipeline::router::{RouteTree, Router};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::*;
use crate::fakes::{FakeNotifier, Journal, MemoryOutbox, MemoryStore, Reply, T0, TestClock};

/// A new alert at a position.
fn row(position: Position) -> RoutedRow {
    RoutedRow {
        position,
        revision: 1,
        is_new: true,
        row: Some(AlertRow {
            seq: position,
            id: AlertId(u128::from(position)),
            source_id: SourceId::new("events"),
            source: "nullify".to_owned(),
            upstream_id: String::new(),
            severity: Severity::High,
            title: Some(format!("alert {position}")),
            description: String::new(),
            src_ip: "203.0.113.7".parse().unwrap(),
            dst_ip: None,
            created_at: T0,
            ingested_at: T0,
            updated_at: T0,
            country: None,
            user: None,
            revision: 1,
            marks: Marks::default(),
        }),
        matches: Vec::new(),
        record: b"{}".to_vec(),
    }
}

/// A notification for a notifier: the `ordinal`-th of a group.
fn intent(receiver: &str, group: &str, ordinal: u64) -> Intent {
    Intent {
        id: NotificationId::derive(group, 1, receiver, ordinal),
        receiver: receiver.to_owned(),
        group: group.to_owned(),
        episode: 1,
        ordinal,
        subject: String::new(),
        body: format!("{{\"group\":\"{group}\",\"ordinal\":{ordinal}}}").into_bytes(),
        alerts: Vec::new(),
    }
}

/// Router and delivery over fakes.
struct Office {
    clock: Arc<TestClock>,
    store: Arc<MemoryStore>,
    outbox: Arc<MemoryOutbox>,
    notifiers: BTreeMap<String, Vec<Arc<FakeNotifier>>>,
    /// Wakes the router.
    commits: Arc<Notify>,
    /// Wakes the delivery.
    decisions: Arc<Notify>,
}

/// A loop that runs.
struct Task {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Office {
    /// An office whose receivers each have notifiers that answer by script.
    fn new<const N: usize>(receivers: [(&str, Vec<FakeNotifier>); N]) -> Self {
        let notifiers = receivers.into_iter().map(|(name, notifiers)| {
            let notifiers = notifiers.into_iter().map(Arc::new).collect();
            (name.to_owned(), notifiers)
        });
        Self {
            clock: Arc::new(TestClock::new()),
            store: Arc::new(MemoryStore::new(Arc::new(Journal::new()))),
            outbox: Arc::new(MemoryOutbox::default()),
            notifiers: notifiers.collect(),
            commits: Arc::new(Notify::new()),
            decisions: Arc::new(Notify::new()),
        }
    }

    /// One receiver `soc` with one notifier.
    fn soc(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::new([("soc", vec![FakeNotifier::new("soc", replies)])])
    }

    fn notifier(&self, receiver: &str) -> &FakeNotifier {
        &self.notifiers[receiver][0]
    }

    fn receivers(&self) -> Arc<ReceiverSet> {
        let receivers = self.notifiers.iter().map(|(name, notifiers)| {
            let notifiers = notifiers
                .iter()
                .map(|it| Arc::clone(it) as Arc<dyn Notifier>);
            (name.clone(), notifiers.collect())
        });
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Arc::new(ReceiverSet::new(receivers.collect(), clock).unwrap())
    }

    fn router(&self, tree: RouteTree) -> Arc<Router> {
        let router = Router::new(tree, self.receivers().counts()).unwrap();
        Arc::new(router)
    }

    fn router_loop(&self, router: RouterNow) -> RouterLoop {
        RouterLoop::new(
            router,
            RouterPorts {
                outbox: Arc::clone(&self.outbox) as _,
                store: Arc::clone(&self.store) as _,
                clock: Arc::clone(&self.clock) as _,
                wake: Arc::clone(&self.commits),
                delivery: Arc::clone(&self.decisions),
            },
        )
    }

    fn delivery(&self, receivers: Arc<ReceiverSet>) -> Delivery {
        let ports = DeliveryPorts {
            outbox: Arc::clone(&self.outbox) as _,
            clock: Arc::clone(&self.clock) as _,
            receivers,
            wake: Arc::clone(&self.decisions),
        };
        Delivery::new(ports, 7)
    }

    fn start_router(&self, tree: RouteTree) -> Task {
        let (_, router) = watch::channel(Some(self.router(tree)));
        self.start_router_of(router)
    }

    fn start_router_of(&self, router: RouterNow) -> Task {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.router_loop(router).run(stopped));
        Task { stop, task }
    }

    fn start_delivery(&self) -> Task {
        self.start_delivery_to(self.receivers())
    }

    fn start_delivery_with(&self, limits: DeliveryLimits) -> Task {
        let (stop, stopped) = watch::channel(false);
        let delivery = self.delivery(self.receivers()).with_limits(limits);
        Task {
            stop,
            task: tokio::spawn(delivery.run(stopped)),
        }
    }

    fn start_delivery_to(&self, receivers: Arc<ReceiverSet>) -> Task {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(self.delivery(receivers).run(stopped));
        Task { stop, task }
    }

    /// Commits a new alert, and wakes the router as the store does.
    fn commit(&self, position: Position) {
        self.commit_in_silence(position);
        self.commits.notify_one();
    }

    fn commit_in_silence(&self, position: Position) {
        self.outbox.log(row(position));
        self.store.set_head(position);
    }

    fn put(&self, receiver: &str, group: &str, ordinal: u64) {
        self.outbox
            .put(intent(receiver, group, ordinal), self.clock.now());
        self.decisions.notify_one();
    }

    /// The states of all rows, in the order of decision.
    fn states(&self) -> Vec<DeliveryState> {
        self.outbox.rows().iter().map(|row| row.state).collect()
    }

    fn all_sent(&self) -> bool {
        self.states()
            .iter()
            .all(|state| *state == DeliveryState::Sent)
    }

    /// Lets time pass until it is so, and says how long that took.
    async fn until(&self, is_so: impl Fn() -> bool) -> Duration {
        let begun = self.clock.elapsed();
        while !is_so() {
            let waited = self.clock.elapsed().saturating_sub(begun);
            assert!(waited < Duration::from_hours(72), "waited in vain");
            tokio::time::sleep(Duration::from_millis(1).max(waited / 1_000)).await;
        }
        self.clock.elapsed().saturating_sub(begun)
    }
}

impl Task {
    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.expect("the loop ends by itself");
    }

    /// Ends it at once, as a crash does.
    async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    }
}
