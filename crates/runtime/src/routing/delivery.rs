//! Delivers the outbox: leases rows, tells their receivers, settles.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::notification::{DeliveryAttempt, DeliveryEnd, DeliveryState, Notification};
use cresset_model::ports::{
    Clock, DeliveryFilter, LEASE, Leased, Notifier, Outbox, PortError, Settlement,
};
use cresset_model::{NotificationId, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::alarm;
use super::desk::{Answered, Desk, ENDPOINT_DELIVERIES_MAX, Job};
use super::receivers::{Known, ReceiverSet};
use super::waits::{decided_at, wait_after, wait_listed};
use crate::pace::Dice;

/// Deliveries at once, of all endpoints, by default.
pub const DELIVERIES_MAX: usize = 16;
/// How long one delivery may take.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often what waits is looked at, should the clock have been set back.
const HURRY_EVERY: Duration = Duration::from_mins(1);
/// Rows looked at then, those decided last; the others' turn comes when these are sent.
const HURRY_ROWS_MAX: usize = 1_000;
/// How long the loop waits before it asks a store again that failed.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How often the outbox is asked when its next row is due, should somebody have moved it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two looks that nothing has called for.
const LOOK_GAP: Duration = Duration::from_millis(5);
/// How long rows that were let go stay leased at first; the wait doubles each time, up to a lease, and
/// begins anew when a delivery is answered.
const LET_GO_FIRST: Duration = Duration::from_secs(1);
/// How long deliveries under way may take to end after the stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);
/// How long the leases may take to be given back after that.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(500);

/// How much may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// Deliveries, of all endpoints.
    pub deliveries_max: usize,
    /// Deliveries to one endpoint.
    pub endpoint_deliveries_max: usize,
}

impl Default for DeliveryLimits {
    fn default() -> Self {
        Self {
            deliveries_max: DELIVERIES_MAX,
            endpoint_deliveries_max: ENDPOINT_DELIVERIES_MAX,
        }
    }
}

/// What the delivery works with.
#[derive(Clone)]
pub struct DeliveryPorts {
    /// The outbox.
    pub outbox: Arc<dyn Outbox>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The receivers.
    pub receivers: Arc<ReceiverSet>,
    /// Wakes the loop: new rows, rows made due by hand.
    pub wake: Arc<Notify>,
}

/// The delivery of one outbox.
pub struct Delivery {
    ports: DeliveryPorts,
    limits: DeliveryLimits,
    dice: Dice,
    desk: Desk,
    running: JoinSet<Done>,
    under_way: HashMap<Id, UnderWay>,
    /// Settlements that the store has not taken yet: nothing is leased before they are through, or their
    /// rows would be delivered again.
    unsettled: Vec<Settlement>,
    /// Whether a row may be due.
    look: bool,
    /// Whether rows may be leased that nobody has in hand: those of a former process, and those of a lease
    /// whose answer was lost.
    astray: bool,
    /// When it was last seen to that nothing waits for a time that a wrong clock named.
    hurried_at: Option<Instant>,
    /// When rows that the desk has let go are given back, if it has.
    give_back_at: Option<Instant>,
    /// How long the next ones that it lets go stay leased.
    let_go_for: Duration,
    /// The receivers that the rows in hand are for.
    known: Arc<Known>,
}

/// A delivery under way.
struct UnderWay {
    id: NotificationId,
    endpoint: String,
    begun: Instant,
}

/// A delivery that has ended.
struct Done {
    answered: Answered,
    unsettled: Option<Settlement>,
}

impl Delivery {
    /// A delivery; the seed only spreads the waits of retries.
    pub fn new(ports: DeliveryPorts, jitter_seed: u64) -> Self {
        Self {
            known: ports.receivers.current(),
            hurried_at: None,
            ports,
            dice: Dice::new(jitter_seed),
            limits: DeliveryLimits::default(),
            desk: Desk::new(DeliveryLimits::default()),
            running: JoinSet::new(),
            under_way: HashMap::new(),
            unsettled: Vec::new(),
            look: true,
            astray: true,
            give_back_at: None,
            let_go_for: LET_GO_FIRST,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: DeliveryLimits) -> Self {
        Self {
            limits,
            desk: Desk::new(limits),
            ..self
        }
    }

    /// Runs until `stop` becomes true or its sender is gone, then lets deliveries under way end. Rows that
    /// were leased and not delivered are given back, and come again under the same ids.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            // Dropping the loop at any await is safe: what is leased and not settled is due again later, and
            // deliveries under way live on in the set.
            () = self.deliveries() => {}
        }
        let rest = async {
            while let Some(done) = self.running.join_next_with_id().await {
                self.ended(done);
            }
            self.settle_rest().await;
        };
        if tokio::time::timeout(STOP_TIMEOUT, rest).await.is_err() {
            warn!("deliveries under way given up, they repeat with the next start");
        }
        self.running.shutdown().await;
        let release = self.ports.outbox.release(Vec::new());
        match tokio::time::timeout(RELEASE_TIMEOUT, release).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(error = %error, "leases not given back"),
            Err(_) => warn!("leases not given back in time"),
        }
    }

    async fn deliveries(&mut self) {
        loop {
            let asleep_until = match self.advance().await {
                Ok(due) => due,
                Err(error) => {
                    warn!(error = %error, "outbox does not answer, waiting");
                    Instant::now() + STORE_RETRY
                }
            };
            self.wait(asleep_until).await;
        }
    }

    /// Settles, leases and starts what can be; says when to look again at the latest.
    async fn advance(&mut self) -> Result<Instant, PortError> {
        self.settle_rest().await;
        if !self.unsettled.is_empty() {
            return Ok(Instant::now() + STORE_RETRY);
        }
        self.recover().await?;
        self.hurry().await?;
        self.follow().await;
        self.start();
        let looked = self.look;
        while self.look && self.desk.has_room(Instant::now()) {
            let leased = self.lease().await?;
            self.look = !leased.is_empty();
            for leased in leased {
                self.take(leased).await;
            }
            self.start();
        }
        let now = Instant::now();
        if self.desk.has_let_go() && self.give_back_at.is_none() {
            self.give_back_at = Some(now + self.let_go_for);
            self.let_go_for = LEASE.min(self.let_go_for * 2);
        }
        if self.look {
            // Too much is in hand: the end of a delivery, or one that turns out slow, makes room.
            return Ok(self.desk.slow_at(now).unwrap_or(now + LOOK_EVERY));
        }
        let due = self.ports.outbox.next_due().await?;
        let wall = self.ports.clock.now();
        let due = due.map(|at| now + at.since(wall).min(LOOK_EVERY));
        self.look = due.is_some_and(|at| at <= now);
        // What is due and was not leased just now is in hand.
        let gap = if looked && self.look {
            LOOK_EVERY
        } else {
            LOOK_GAP
        };
        Ok(due.unwrap_or(now + LOOK_EVERY).max(now + gap))
    }

    /// Gives back what is leased and in nobody's hand, rather than waiting for the leases to expire.
    async fn recover(&mut self) -> Result<(), PortError> {
        let due = self.give_back_at.is_some_and(|at| at <= Instant::now());
        if self.astray || due {
            let rows = self.ports.outbox.release(self.held()).await?;
            self.astray = false;
            self.give_back_at = None;
            self.look = true;
            if rows > 0 {
                info!(rows, "leases given back that nobody held");
            }
        }
        Ok(())
    }

    /// Makes due what was decided later than now: the clock was wrong then, and the time that the row waits
    /// for may be days away.
    async fn hurry(&mut self) -> Result<(), PortError> {
        if self.hurried_at.is_some_and(|at| at.elapsed() < HURRY_EVERY) {
            return Ok(());
        }
        let pending = DeliveryFilter {
            state: Some(DeliveryState::Pending),
            ..DeliveryFilter::default()
        };
        let outbox = &self.ports.outbox;
        let page = outbox.deliveries(pending, None, HURRY_ROWS_MAX).await?;
        let now = self.ports.clock.now();
        let late = page.items.iter().filter(|row| decided_at(row) > now);
        let ids: Vec<NotificationId> = late.map(|row| row.id).collect();
        if !ids.is_empty() {
            info!(
                rows = ids.len(),
                "the clock was set back, what waits is due now"
            );
            outbox.retry(ids, now).await?;
            self.look = true;
        }
        self.hurried_at = Some(Instant::now());
        Ok(())
    }

    /// The rows in hand.
    fn held(&self) -> Vec<NotificationId> {
        let under_way = self.under_way.values().map(|it| it.id);
        self.desk.waiting().chain(under_way).collect()
    }

    async fn lease(&mut self) -> Result<Vec<Leased>, PortError> {
        let now = self.ports.clock.now();
        let leased = self.ports.outbox.lease(
            now,
            now.plus(LEASE),
            self.limits.deliveries_max,
            self.held(),
        );
        let leased = leased.await;
        // It may have gone through without telling.
        self.astray |= leased.is_err();
        leased
    }

    async fn wait(&mut self, until: Instant) {
        // Each branch only waits: when another one wins, nothing is lost.
        tokio::select! {
            biased;
            Some(done) = self.running.join_next_with_id() => {
                self.ended(done);
                self.look = true;
            }
            () = self.ports.wake.notified() => self.look = true,
            () = tokio::time::sleep_until(until) => {}
        }
    }

    /// Gives the rows in hand to the receivers of now, if those were replaced.
    async fn follow(&mut self) {
        let known = self.ports.receivers.current();
        if known.version == self.known.version {
            return;
        }
        self.known = known;
        for job in self.desk.take_back() {
            match self.known.notifier(&job.leased.notification.receiver) {
                Some(notifier) => self.desk.take(job.with(notifier), Instant::now()),
                None => self.give_up(&job.leased).await,
            }
        }
    }

    async fn take(&mut self, leased: Leased) {
        let Some(notifier) = self.known.notifier(&leased.notification.receiver) else {
            return self.give_up(&leased).await;
        };
        let now = Instant::now();
        self.desk.take(Job::new(leased, notifier, now), now);
    }

    /// Ends a row whose receiver is gone.
    async fn give_up(&mut self, leased: &Leased) {
        let receiver = &leased.notification.receiver;
        let error = format!("there is no receiver `{receiver}` any more");
        let begun = self.ports.clock.now();
        let mut settlement = settlement(leased, begun, begun);
        settlement.attempt.error = Some(error);
        self.ports.give_up(&leased.notification, &mut settlement);
        log_dead(&leased.notification, &settlement);
        self.unsettled.push(settlement);
        self.settle_rest().await;
    }

    fn start(&mut self) {
        let now = Instant::now();
        while let Some(job) = self.desk.start(now) {
            let under_way = UnderWay {
                id: job.leased.notification.id,
                endpoint: job.endpoint.clone(),
                begun: now,
            };
            let (ports, jitter) = (self.ports.clone(), self.dice.thousandths());
            let task = self.running.spawn(carry_out(ports, job, jitter));
            self.under_way.insert(task.id(), under_way);
        }
    }

    fn ended(&mut self, done: Result<(Id, Done), JoinError>) {
        let (id, answered) = match done {
            Ok((id, done)) => {
                self.unsettled.extend(done.unsettled);
                (id, done.answered)
            }
            Err(error) => {
                warn!(error = %error, "a delivery broke off, its row comes again");
                (error.id(), Answered::No)
            }
        };
        if answered == Answered::Yes {
            self.let_go_for = LET_GO_FIRST;
        }
        let Some(UnderWay {
            endpoint, begun, ..
        }) = self.under_way.remove(&id)
        else {
            return;
        };
        if self.desk.ended(&endpoint, begun, answered, Instant::now()) {
            warn!(endpoint = %endpoint, "endpoint fails again and again, waiting");
        }
    }

    /// Settles what is left over; keeps what the store does not take yet.
    async fn settle_rest(&mut self) {
        for settlement in std::mem::take(&mut self.unsettled) {
            self.unsettled
                .extend(settle(&*self.ports.outbox, settlement).await);
        }
    }
}

impl DeliveryPorts {
    /// Makes it the end, and has the other receivers told.
    fn give_up(&self, notification: &Notification, settlement: &mut Settlement) {
        settlement.end = DeliveryEnd::Dead;
        let others = self.receivers.current().others(&notification.receiver);
        settlement.alarms = alarm::intents(notification, &settlement.attempt, others);
    }
}

/// Delivers one row and settles it.
async fn carry_out(ports: DeliveryPorts, job: Job, jitter: u32) -> Done {
    let begun = ports.clock.now();
    let notification = &job.leased.notification;
    let result = deliver(&*job.notifier, notification).await;
    let ended = ports.clock.now();
    let mut settlement = settlement(&job.leased, begun, ended);
    let mut answered = Answered::Yes;
    if let Err(error) = result {
        settlement.attempt.error = Some(error.to_string());
        let mut wait = None;
        if let PortError::Transient { after, .. } = error {
            answered = Answered::No;
            let base = wait_listed(job.notifier.retry_waits(), notification.attempt);
            wait = base.map(|base| wait_after(base, after, jitter));
        }
        match wait {
            Some(wait) => settlement.end = DeliveryEnd::Again(ended.plus(wait)),
            None => ports.give_up(notification, &mut settlement),
        }
    }
    match &settlement.end {
        DeliveryEnd::Sent => {
            debug!(notification.id = %notification.id, notification.receiver = %notification.receiver, "notification delivered");
        }
        DeliveryEnd::Again(at) => {
            info!(notification.id = %notification.id, notification.receiver = %notification.receiver, attempt = notification.attempt, next_at = %at, error = settlement.attempt.error.as_deref().unwrap_or_default(), "notification not delivered, trying again");
        }
        DeliveryEnd::Dead => log_dead(notification, &settlement),
    }
    Done {
        answered,
        unsettled: settle(&*ports.outbox, settlement).await,
    }
}

/// Delivers, within the time that one delivery may take.
pub(super) async fn deliver(
    notifier: &dyn Notifier,
    notification: &Notification,
) -> Result<(), PortError> {
    let delivered = tokio::time::timeout(DELIVERY_TIMEOUT, notifier.deliver(notification));
    delivered.await.unwrap_or_else(|_| {
        let seconds = DELIVERY_TIMEOUT.as_secs();
        Err(PortError::transient(format!(
            "no answer within {seconds} s"
        )))
    })
}

fn settlement(leased: &Leased, begun: Timestamp, ended: Timestamp) -> Settlement {
    Settlement {
        id: leased.notification.id,
        fence: leased.fence,
        attempt: DeliveryAttempt {
            number: leased.notification.attempt,
            begun,
            ended,
            error: None,
        },
        end: DeliveryEnd::Sent,
        alarms: Vec::new(),
    }
}

/// Settles; gives the settlement back when the store may take it later.
async fn settle(outbox: &dyn Outbox, settlement: Settlement) -> Option<Settlement> {
    match outbox.settle(settlement.clone()).await {
        Ok(()) => None,
        Err(PortError::Transient { message, .. }) => {
            warn!(notification.id = %settlement.id, error = %message, "end of a delivery not stored, trying again");
            Some(settlement)
        }
        Err(PortError::Permanent { message }) => {
            warn!(notification.id = %settlement.id, error = %message, "end of a delivery refused");
            None
        }
    }
}

fn log_dead(notification: &Notification, settlement: &Settlement) {
    error!(notification.id = %notification.id, notification.receiver = %notification.receiver, attempt = notification.attempt, error = settlement.attempt.error.as_deref().unwrap_or_default(), "notification given up");
}
