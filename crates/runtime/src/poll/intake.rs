//! Takes batches in: while one is being read, the one before is decided on a worker thread and the one
//! before that is being committed. Batches commit in the order they were read.

use std::sync::Arc;

use cresset_model::Timestamp;
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::ports::{Commit, Lane, PortError, Receipt};
use cresset_model::source::{Checkpoint, Counters};
use cresset_pipeline::decode::Sliced;
use cresset_pipeline::process::{Instants, Order, Scratch, instants, order};
use tokio::task::JoinHandle;

use super::runner::{Poll, PollPorts};
use crate::handover::Handover;
use crate::source_cell::SourceCell;
use crate::stages::Decided;

/// The batches of one page on their way.
pub(super) struct Intake<'a> {
    poll: &'a Poll,
    checkpoint: Checkpoint,
    late_before: Option<Timestamp>,
    deciding: Option<JoinHandle<Result<Decided, PortError>>>,
    committing: Option<JoinHandle<Result<Receipt, PortError>>>,
    scratch: Vec<Scratch>,
    place: u32,
    sequence: u64,
    total: PageTotal,
}

/// What a page brought.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageTotal {
    /// The counts of its commits.
    pub(super) counts: Counters,
    /// The newest instants of its records.
    pub(super) instants: Instants,
    /// How the times of its records run; `None` without any.
    pub(super) order: Option<Order>,
}

impl<'a> Intake<'a> {
    /// `checkpoint` holds the round as stored and the number of this fetch; every batch stores it, so
    /// that a later fetch never bears the same number. New alerts from before `late_before` are late.
    pub(super) fn new(
        poll: &'a Poll,
        checkpoint: Checkpoint,
        late_before: Option<Timestamp>,
    ) -> Self {
        Self {
            poll,
            checkpoint,
            late_before,
            deciding: None,
            committing: None,
            scratch: vec![Scratch::default(), Scratch::default()],
            place: 0,
            sequence: 0,
            total: PageTotal::default(),
        }
    }

    /// Hands a batch in. Waits when two are on their way.
    pub(super) async fn push(&mut self, sliced: Sliced) -> Result<(), PortError> {
        let batch = self.batch(sliced);
        self.settle_decision().await?;
        let stages = self.poll.ports.stages.clone();
        let scratch = self.scratch.pop().unwrap_or_default();
        self.deciding = Some(tokio::spawn(
            async move { stages.decide(batch, scratch).await },
        ));
        Ok(())
    }

    /// Waits until everything handed in is committed.
    pub(super) async fn finish(mut self) -> Result<PageTotal, PortError> {
        self.settle_decision().await?;
        self.settle_commit().await?;
        Ok(self.total)
    }

    fn batch(&mut self, sliced: Sliced) -> RawBatch {
        let batch = RawBatch {
            source: self.poll.cell.id().clone(),
            sequence: self.sequence,
            received: self.poll.ports.clock.now(),
            epoch: 0,
            fetch: self.checkpoint.fetch,
            first_place: self.place,
            identity: BatchIdentity::Vendor,
            bytes: sliced.bytes,
            records: sliced.records,
        };
        self.sequence += 1;
        self.place = self
            .place
            .saturating_add(u32::try_from(batch.records.len()).unwrap_or(u32::MAX));
        batch
    }

    async fn settle_decision(&mut self) -> Result<(), PortError> {
        let Some(deciding) = self.deciding.take() else {
            return Ok(());
        };
        let decided = deciding.await.map_err(|error| {
            PortError::permanent(format!("a batch could not be decided: {error}"))
        })??;
        self.settle_commit().await?;
        // After the wait for the commit before: however long that took, the rules of now hold.
        let (outcome, scratch) = self.poll.ports.stages.settle(decided).await?;
        self.scratch.push(scratch);
        self.total.instants = self.total.instants.merge(instants(&outcome));
        self.total.order = Order::merge(self.total.order, order(&outcome));
        let request = Commit {
            source: outcome.source.clone(),
            lane: Lane::Poll,
            at: self.poll.ports.clock.now(),
            outcome: Some(outcome),
            checkpoint: Some(self.checkpoint.clone()),
            late_before: self.late_before,
            redriven: Vec::new(),
            positions: Vec::new(),
            push: None,
            ticket: None,
        };
        let (handover, cell) = (self.poll.ports.handover(), Arc::clone(&self.poll.cell));
        self.committing = Some(tokio::spawn(commit(handover, cell, request)));
        Ok(())
    }

    async fn settle_commit(&mut self) -> Result<(), PortError> {
        let Some(committing) = self.committing.take() else {
            return Ok(());
        };
        let receipt = committing
            .await
            .map_err(|error| PortError::transient(format!("a commit was given up: {error}")))??;
        self.total.counts.add(&receipt.counts);
        Ok(())
    }
}

/// Commits and counts. A task of its own: should the turn be dropped, the books still get the receipt.
async fn commit(
    handover: Handover,
    cell: Arc<SourceCell>,
    request: Commit,
) -> Result<Receipt, PortError> {
    let receipt = handover.commit(request).await;
    match &receipt {
        Ok(receipt) => cell.count(&receipt.counts),
        Err(_) => cell.doubt(),
    }
    receipt
}

impl PollPorts {
    /// Commits a checkpoint alone.
    pub(super) async fn commit_checkpoint(
        &self,
        cell: &SourceCell,
        checkpoint: Checkpoint,
    ) -> Result<(), PortError> {
        let request = Commit {
            source: cell.id().clone(),
            lane: Lane::Urgent,
            at: self.clock.now(),
            outcome: None,
            checkpoint: Some(checkpoint.clone()),
            late_before: None,
            redriven: Vec::new(),
            positions: Vec::new(),
            push: None,
            ticket: None,
        };
        self.handover().commit(request).await?;
        cell.lock().checkpoint = Some(checkpoint);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
