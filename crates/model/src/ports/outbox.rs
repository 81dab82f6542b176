//! The outbox: intents of the router, leased to the delivery, settled.

use std::time::Duration;

use super::{BoxFuture, PortError, Total};
use crate::alert::Position;
use crate::notification::{
    Delivery, DeliveryAttempt, DeliveryEnd, DeliveryState, GroupRow, Intent, Notification,
    RoutedRow,
};
use crate::{AlertId, NotificationId, Timestamp};

/// The part of the store that router and delivery work with.
pub trait Outbox: Send + Sync {
    /// Takes the router's lease under a new fence and returns what it remembers. Steps of an older fence
    /// are refused from then on.
    fn router(&self) -> BoxFuture<'_, Result<RouterMemory, PortError>>;

    /// Changed rows after a cursor with what a notification tells of them, oldest first.
    fn routed(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>>;

    /// Rows by their alerts' places, one for each in their order, for groups that waited. Their position
    /// is 0: they are not read from the change log.
    fn routed_alerts(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>>;

    /// Commits state, intents and cursor of a step together, or nothing. An intent whose identity is there
    /// already changes nothing.
    fn step(&self, step: StepCommit) -> BoxFuture<'_, Result<(), PortError>>;

    /// Leases what is due, oldest first, until the given time. Of one (group, receiver) only the lowest
    /// ordinal that is neither sent nor dead; an expired lease is due again, but for the rows `held`: who asks
    /// has them in hand, and settles them by the fence that it knows.
    fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
        held: Vec<NotificationId>,
    ) -> BoxFuture<'_, Result<Vec<Leased>, PortError>>;

    /// Gives every lease back that this process, or one that is gone, holds on other rows than these; says
    /// how many. Their rows are due again as they were before, under a new fence: whoever still settles by
    /// the old one is refused.
    fn release(&self, held: Vec<NotificationId>) -> BoxFuture<'_, Result<u64, PortError>>;

    /// Ends a lease, and decides what is to be told of its end with it. Refused with a permanent error when
    /// the fence is no longer the row's.
    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<(), PortError>>;

    /// When the next pending row is due, if one is.
    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, PortError>>;

    /// Makes dead or pending rows due now; says how many.
    fn retry(
        &self,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<u64, PortError>>;

    /// A page of the outbox, newest decision first.
    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<DeliveryPage, PortError>>;

    /// How many rows are in which state, and how many were taken by their receivers since an instant.
    fn tally(&self, since: Timestamp) -> BoxFuture<'_, Result<OutboxTally, PortError>>;

    /// One row.
    fn delivery(&self, id: NotificationId) -> BoxFuture<'_, Result<Option<Delivery>, PortError>>;
}

/// What the router remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouterMemory {
    /// Its fence.
    pub fence: u64,
    /// How far it has read the change log.
    pub cursor: Position,
    /// Its groups.
    pub groups: Vec<GroupRow>,
}

/// What one step of the router changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCommit {
    /// The fence that was given with the lease.
    pub fence: u64,
    /// The cursor after it.
    pub cursor: Position,
    /// When.
    pub at: Timestamp,
    /// Groups that are new or changed.
    pub groups: Vec<GroupRow>,
    /// Keys of groups that have ended.
    pub ended: Vec<String>,
    /// What to tell whom.
    pub intents: Vec<Intent>,
}

/// A leased outbox row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// What to deliver.
    pub notification: Notification,
    /// The fence of the lease.
    pub fence: u64,
}

/// The end of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The row.
    pub id: NotificationId,
    /// The fence of the lease.
    pub fence: u64,
    /// The try.
    pub attempt: DeliveryAttempt,
    /// How it ended.
    pub end: DeliveryEnd,
    /// What others are told of it. One whose identity is there already changes nothing.
    pub alarms: Vec<Intent>,
}

/// Which outbox rows are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryFilter {
    /// Only of this receiver; `soc` means all of its notifiers.
    pub receiver: Option<String>,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only those that tell of this alert.
    pub alert: Option<AlertId>,
}

/// A page of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryPage {
    /// The rows, newest first.
    pub items: Vec<Delivery>,
    /// The `before` of the next page.
    pub next: Option<u64>,
    /// How many match in all, where it was cheap to count.
    pub total: Option<Total>,
}

/// Counts of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct OutboxTally {
    /// Rows that wait.
    pub pending: u64,
    /// Rows that are being delivered.
    pub leased: u64,
    /// Rows that were given up.
    pub dead: u64,
    /// Rows that were sent since the instant asked for.
    pub sent_since: u64,
}

/// How long a lease lasts: twice the time that one delivery may take.
pub const LEASE: Duration = Duration::from_mins(1);
