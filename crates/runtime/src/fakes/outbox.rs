//! An outbox in memory that keeps the contract of the port and fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cresset_model::alert::{Position, Seq};
use cresset_model::notification::{
    Delivery, DeliveryAttempt, DeliveryEnd, DeliveryState, GroupRow, Intent, Notification,
    RoutedRow,
};
use cresset_model::ports::{
    BoxFuture, DeliveryFilter, DeliveryPage, Leased, Outbox, OutboxTally, PortError, RouterMemory,
    Settlement, StepCommit,
};
use cresset_model::{NotificationId, Timestamp};

use super::store::Fault;

/// What the router and the delivery asked for, in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What the router remembers.
    Memory,
    /// A step, by its fence and cursor.
    Step(u64, Position),
    /// The end of a lease.
    Settle(NotificationId),
}

/// A row of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) intent: Intent,
    pub(crate) created_at: Timestamp,
    pub(crate) state: DeliveryState,
    /// When it is due, or when its lease ends.
    pub(crate) next_at: Timestamp,
    /// When it was due, while it is leased.
    due_at: Timestamp,
    pub(crate) fence: u64,
    pub(crate) attempts: Vec<DeliveryAttempt>,
}

/// The outbox.
#[derive(Default)]
pub(crate) struct MemoryOutbox {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    log: Vec<RoutedRow>,
    fence: u64,
    cursor: Position,
    groups: BTreeMap<String, GroupRow>,
    rows: Vec<Row>,
    asked: Vec<Asked>,
    step_faults: VecDeque<Fault>,
    settle_faults: VecDeque<Fault>,
    lease_faults: VecDeque<Fault>,
    down: bool,
}

impl MemoryOutbox {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that was committed.
    pub(crate) fn log(&self, row: RoutedRow) {
        self.lock().log.push(row);
    }

    /// Something that was decided.
    pub(crate) fn put(&self, intent: Intent, now: Timestamp) {
        self.lock().insert(intent, now);
    }

    pub(crate) fn fail_next_steps(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().step_faults.extend(faults);
    }

    pub(crate) fn fail_next_settlements(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().settle_faults.extend(faults);
    }

    pub(crate) fn fail_next_leases(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().lease_faults.extend(faults);
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        self.lock().rows.clone()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// Another router takes the lease.
    pub(crate) async fn take_over(&self) {
        self.router().await.expect("the outbox is up");
    }

    pub(crate) fn cursor(&self) -> Position {
        self.lock().cursor
    }

    fn up(&self) -> Result<MutexGuard<'_, Tables>, PortError> {
        let tables = self.lock();
        if tables.down {
            return Err(PortError::transient("the disk is gone"));
        }
        Ok(tables)
    }
}

/// What a fault says, before or after the work.
fn failed(fault: Fault, after: bool) -> Result<(), PortError> {
    match fault {
        Fault::Transient if !after => Err(PortError::transient("the disk is full")),
        Fault::Permanent if !after => Err(PortError::permanent("the schema is foreign")),
        Fault::Unknown if after => Err(PortError::transient("the connection was lost")),
        _ => Ok(()),
    }
}

impl Tables {
    fn insert(&mut self, intent: Intent, now: Timestamp) {
        if self.rows.iter().all(|row| row.intent.id != intent.id) {
            self.rows.push(Row {
                intent,
                created_at: now,
                state: DeliveryState::Pending,
                next_at: now,
                due_at: now,
                fence: 0,
                attempts: Vec::new(),
            });
        }
    }

    /// The indexes of the rows whose turn it is.
    fn firsts(&self) -> Vec<usize> {
        let is_open =
            |row: &&Row| matches!(row.state, DeliveryState::Pending | DeliveryState::Leased);
        let mut firsts: BTreeMap<(&str, &str), (u64, u64, usize)> = BTreeMap::new();
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| is_open(row)) {
            let intent = &row.intent;
            let place = (intent.episode, intent.ordinal, index);
            let first = firsts
                .entry((&intent.group, &intent.receiver))
                .or_insert(place);
            *first = place.min(*first);
        }
        let mut indexes: Vec<usize> = firsts.into_values().map(|(_, _, index)| index).collect();
        indexes.sort_unstable();
        indexes
    }
}

impl Row {
    fn shown(&self, seq: u64) -> Delivery {
        let intent = &self.intent;
        Delivery {
            seq,
            id: intent.id,
            receiver: intent.receiver.clone(),
            group: intent.group.clone(),
            episode: intent.episode,
            ordinal: intent.ordinal,
            state: self.state,
            subject: intent.subject.clone(),
            body: intent.body.clone(),
            alerts: intent.alerts.clone(),
            created_at: self.created_at,
            next_at: Some(self.next_at),
            sent_at: None,
            attempts: self.attempts.clone(),
        }
    }

    fn lease(&mut self, until: Timestamp) -> Leased {
        if self.state == DeliveryState::Pending {
            self.due_at = self.next_at;
        }
        self.state = DeliveryState::Leased;
        self.next_at = until;
        self.fence += 1;
        let intent = &self.intent;
        Leased {
            notification: Notification {
                id: intent.id,
                receiver: intent.receiver.clone(),
                group: intent.group.clone(),
                ordinal: intent.ordinal,
                created_at: self.created_at,
                subject: intent.subject.clone(),
                body: intent.body.clone(),
                attempt: u32::try_from(self.attempts.len()).unwrap() + 1,
            },
            fence: self.fence,
        }
    }
}

impl Outbox for MemoryOutbox {
    fn router(&self) -> BoxFuture<'_, Result<RouterMemory, PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            tables.asked.push(Asked::Memory);
            tables.fence += 1;
            Ok(RouterMemory {
                fence: tables.fence,
                cursor: tables.cursor,
                groups: tables.groups.values().cloned().collect(),
            })
        })
    }

    fn routed(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        Box::pin(async move {
            let tables = self.up()?;
            let rows = tables.log.iter().filter(|row| row.position > after);
            Ok(rows.take(limit).cloned().collect())
        })
    }

    fn routed_alerts(&self, seqs: Vec<Seq>) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        Box::pin(async move {
            let tables = self.up()?;
            let is_asked = |row: &&RoutedRow| {
                let alert = row.row.as_ref();
                alert.is_some_and(|alert| seqs.contains(&alert.seq))
            };
            Ok(tables.log.iter().filter(is_asked).cloned().collect())
        })
    }

    fn step(&self, step: StepCommit) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            tables.asked.push(Asked::Step(step.fence, step.cursor));
            let fault = tables.step_faults.pop_front().unwrap_or(Fault::None);
            failed(fault, false)?;
            if step.fence != tables.fence || step.cursor < tables.cursor {
                return Err(PortError::permanent("the router's lease was taken over"));
            }
            tables.cursor = step.cursor;
            for key in &step.ended {
                tables.groups.remove(key);
            }
            for group in step.groups {
                tables.groups.insert(group.key.clone(), group);
            }
            for intent in step.intents {
                tables.insert(intent, step.at);
            }
            failed(fault, true)
        })
    }

    fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
        held: Vec<NotificationId>,
    ) -> BoxFuture<'_, Result<Vec<Leased>, PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            let fault = tables.lease_faults.pop_front().unwrap_or(Fault::None);
            failed(fault, false)?;
            let mut firsts = tables.firsts();
            firsts.retain(|index| {
                let row = &tables.rows[*index];
                row.next_at <= now && !held.contains(&row.intent.id)
            });
            firsts.truncate(limit);
            let leased: Vec<Leased> = firsts
                .into_iter()
                .map(|index| tables.rows[index].lease(until))
                .collect();
            failed(fault, true)?;
            Ok(leased)
        })
    }

    fn release(&self, held: Vec<NotificationId>) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            let mut count = 0;
            for row in &mut tables.rows {
                if row.state == DeliveryState::Leased && !held.contains(&row.intent.id) {
                    row.state = DeliveryState::Pending;
                    row.next_at = row.due_at;
                    row.fence += 1;
                    count += 1;
                }
            }
            Ok(count)
        })
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            tables.asked.push(Asked::Settle(settlement.id));
            let fault = tables.settle_faults.pop_front().unwrap_or(Fault::None);
            failed(fault, false)?;
            let row = tables
                .rows
                .iter_mut()
                .find(|row| row.intent.id == settlement.id);
            let row = row.ok_or_else(|| PortError::permanent("there is no such notification"))?;
            if row.fence != settlement.fence {
                return Err(PortError::permanent("the lease was lost"));
            }
            if row.state == DeliveryState::Leased {
                assert_eq!(settlement.attempt.number as usize, row.attempts.len() + 1);
                let ended = settlement.attempt.ended;
                row.attempts.push(settlement.attempt);
                row.state = match settlement.end {
                    DeliveryEnd::Sent => DeliveryState::Sent,
                    DeliveryEnd::Dead => DeliveryState::Dead,
                    DeliveryEnd::Again(at) => {
                        row.next_at = at;
                        DeliveryState::Pending
                    }
                };
                for alarm in settlement.alarms {
                    tables.insert(alarm, ended);
                }
            }
            failed(fault, true)
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, PortError>> {
        Box::pin(async move {
            let tables = self.up()?;
            let firsts = tables.firsts().into_iter();
            Ok(firsts.map(|index| tables.rows[index].next_at).min())
        })
    }

    fn retry(
        &self,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(async move {
            let mut tables = self.up()?;
            let mut count = 0;
            for row in &mut tables.rows {
                let waits = matches!(row.state, DeliveryState::Pending | DeliveryState::Dead);
                if waits && ids.contains(&row.intent.id) {
                    row.state = DeliveryState::Pending;
                    row.next_at = now;
                    count += 1;
                }
            }
            Ok(count)
        })
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<DeliveryPage, PortError>> {
        Box::pin(async move {
            let tables = self.up()?;
            let rows = tables.rows.iter().enumerate().rev();
            let rows = rows.map(|(index, row)| row.shown(index as u64 + 1));
            let mut items: Vec<Delivery> = rows
                .filter(|row| {
                    before.is_none_or(|before| row.seq < before)
                        && filter.state.is_none_or(|state| state == row.state)
                })
                .collect();
            let more = items.len() > limit;
            items.truncate(limit);
            let next = items.last().filter(|_| more).map(|row| row.seq);
            Ok(DeliveryPage {
                items,
                next,
                total: None,
            })
        })
    }

    fn tally(&self, _since: Timestamp) -> BoxFuture<'_, Result<OutboxTally, PortError>> {
        unreachable!("the runtime does not count deliveries")
    }

    fn delivery(&self, _id: NotificationId) -> BoxFuture<'_, Result<Option<Delivery>, PortError>> {
        unreachable!("the runtime does not show deliveries")
    }
}
