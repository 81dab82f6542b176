//! The outbox on the same disk.

use std::sync::atomic::Ordering;

use cresset_model::alert::Position;
use cresset_model::notification::{Delivery, RoutedRow};
use cresset_model::ports::{
    BoxFuture, DeliveryFilter, DeliveryPage, Leased, Outbox, OutboxTally, PortError, RouterMemory,
    Settlement, StepCommit,
};
use cresset_model::{NotificationId, Timestamp};

use super::disk::Disk;

impl Outbox for Disk {
    fn router(&self) -> BoxFuture<'_, Result<RouterMemory, PortError>> {
        Box::pin(self.write("lease of the router", |store| store.router()))
    }

    fn routed(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        Box::pin(self.read("changed rows", move |store| store.routed(after, limit)))
    }

    fn routed_alerts(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        Box::pin(self.read("waiting rows", |store| store.routed_alerts(seqs)))
    }

    fn step(&self, step: StepCommit) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let (cursor, intents) = (step.cursor, step.intents.len());
            let what = format!("step of the router to {cursor}, {intents} intents");
            let taken = self.write(&what, |store| store.step(step)).await;
            if taken.is_ok() {
                self.world.tell("store", || what);
            }
            taken
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
            if !self.is_released.load(Ordering::Relaxed) {
                let breach = "rows are leased before those of a former life are given back";
                self.world.breach(breach.to_owned());
            }
            let leased = self
                .write("lease", move |store| store.lease(now, until, limit, held))
                .await;
            if let Ok(leased) = &leased
                && !leased.is_empty()
            {
                self.world
                    .tell("store", || format!("{} rows leased", leased.len()));
            }
            leased
        })
    }

    fn release(&self, held: Vec<NotificationId>) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(async move {
            self.is_released.store(true, Ordering::Relaxed);
            let released = self.write("release", |store| store.release(held)).await;
            if let Ok(rows) = &released {
                self.world
                    .tell("store", || format!("{rows} leases given back"));
            }
            released
        })
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let what = format!("end of {}: {:?}", settlement.id, settlement.end);
            let taken = self.write(&what, |store| store.settle(settlement)).await;
            if taken.is_ok() {
                self.world.tell("store", || what);
            }
            taken
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, PortError>> {
        Box::pin(self.read("next due row", |store| store.next_due()))
    }

    fn retry(
        &self,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(self.write("retry", move |store| store.retry(ids, now)))
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<DeliveryPage, PortError>> {
        Box::pin(self.read("deliveries", move |store| {
            store.deliveries(filter, before, limit)
        }))
    }

    fn tally(&self, since: Timestamp) -> BoxFuture<'_, Result<OutboxTally, PortError>> {
        Box::pin(self.read("tally", move |store| store.tally(since)))
    }

    fn delivery(&self, id: NotificationId) -> BoxFuture<'_, Result<Option<Delivery>, PortError>> {
        Box::pin(self.read("delivery", move |store| store.delivery(id)))
    }
}
