//! A store that wakes the router with each commit that brought something new.

use std::sync::Arc;

use cresset_model::alert::{Change, Position};
use cresset_model::ports::{
    BoxFuture, Commit, FilePosition, PortError, Receipt, Retained, Retention, SourceUpdate, Store,
    StoredPush, StoredSource, Ticket,
};
use cresset_model::{SourceId, Timestamp};
use tokio::sync::Notify;

/// The store that all sources commit to, so that the router hears of their commits at once.
pub struct WakingStore {
    inner: Arc<dyn Store>,
    wake: Arc<Notify>,
}

impl WakingStore {
    /// Wakes whoever waits on `wake`.
    pub fn new(inner: Arc<dyn Store>, wake: Arc<Notify>) -> Self {
        Self { inner, wake }
    }
}

impl Store for WakingStore {
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>> {
        Box::pin(async move {
            let receipt = self.inner.commit(request).await;
            // A commit that failed may have succeeded without telling.
            let counts = receipt.as_ref().map(|receipt| receipt.counts);
            if counts.is_ok_and(|counts| counts.new + counts.changed == 0) {
                return receipt;
            }
            self.wake.notify_one();
            receipt
        })
    }

    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>> {
        self.inner.receipt(source, ticket)
    }

    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>> {
        self.inner.source(source)
    }

    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>> {
        self.inner.update_source(update)
    }

    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>> {
        self.inner.set_paused(source, paused)
    }

    fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>> {
        self.inner.changes(after, limit)
    }

    fn head(&self) -> Position {
        self.inner.head()
    }

    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>> {
        self.inner.retain(rule)
    }

    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>> {
        self.inner.setting(key)
    }

    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        self.inner.set_setting(key, value)
    }

    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>> {
        self.inner.stored_push(source, key, not_before)
    }

    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>> {
        self.inner.positions(source)
    }
}
