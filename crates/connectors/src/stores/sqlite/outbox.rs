//! The store as router and delivery see it.

use cresset_model::alert::Position;
use cresset_model::notification::{Delivery, RoutedRow};
use cresset_model::ports::{
    BoxFuture, DeliveryFilter, DeliveryPage, Leased, Outbox, OutboxTally, PortError, RouterMemory,
    Settlement, StepCommit,
};
use cresset_model::{NotificationId, Timestamp};

use super::store::{SqliteStore, mismatch};
use super::writer::{Answer, Work};
use super::{deliver, route};

impl Outbox for SqliteStore {
    fn router(&self) -> BoxFuture<'_, Result<RouterMemory, PortError>> {
        Box::pin(async move {
            match self.ask(Work::Router).await? {
                Answer::Router(memory) => Ok(memory),
                other => Err(mismatch(&other)),
            }
        })
    }

    fn routed(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        let read = self
            .readers
            .read(move |connection| route::routed(connection, after, limit));
        Box::pin(read)
    }

    fn routed_alerts(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<Vec<RoutedRow>, PortError>> {
        let read = self
            .readers
            .read(move |connection| route::routed_alerts(connection, &seqs));
        Box::pin(read)
    }

    fn step(&self, step: StepCommit) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move { self.ask(Work::Step(Box::new(step))).await.map(drop) })
    }

    fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
        held: Vec<NotificationId>,
    ) -> BoxFuture<'_, Result<Vec<Leased>, PortError>> {
        Box::pin(async move {
            let seqs = self
                .readers
                .read(move |connection| deliver::plan(connection, now, (limit, &held)))
                .await?;
            if seqs.is_empty() {
                return Ok(Vec::new());
            }
            match self.ask(Work::Lease { seqs, now, until }).await? {
                Answer::Leased(leased) => Ok(leased),
                other => Err(mismatch(&other)),
            }
        })
    }

    fn release(&self, held: Vec<NotificationId>) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(self.ask_count(Work::Release(held)))
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let work = Work::Settle(Box::new(settlement));
            self.ask(work).await.map(drop)
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, PortError>> {
        Box::pin(self.readers.read(deliver::next_due))
    }

    fn retry(
        &self,
        ids: Vec<NotificationId>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<u64, PortError>> {
        Box::pin(self.ask_count(Work::Retry(ids, now)))
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<DeliveryPage, PortError>> {
        let read = self
            .readers
            .read(move |connection| deliver::deliveries(connection, &filter, before, limit));
        Box::pin(read)
    }

    fn tally(&self, since: Timestamp) -> BoxFuture<'_, Result<OutboxTally, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| deliver::tally(connection, since)),
        )
    }

    fn delivery(&self, id: NotificationId) -> BoxFuture<'_, Result<Option<Delivery>, PortError>> {
        let read = self
            .readers
            .read(move |connection| deliver::delivery(connection, id));
        Box::pin(read)
    }
}
