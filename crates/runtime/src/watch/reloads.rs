//! Remembers whether the last reload of the configuration was refused, whoever asked for it.

use std::sync::{Arc, Mutex, PoisonError};

use cresset_model::Timestamp;
use cresset_model::ports::{BoxFuture, Clock, Reload, ReloadRefused, ReloadReport};

/// A reload that is watched.
pub struct WatchedReload {
    inner: Arc<dyn Reload>,
    clock: Arc<dyn Clock>,
    refused: Mutex<Option<(Timestamp, String)>>,
}

impl WatchedReload {
    /// Watches a reload.
    pub fn new(inner: Arc<dyn Reload>, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            clock,
            refused: Mutex::default(),
        }
    }

    /// When the last one was refused and why; `None` if it was not, or if there was none.
    pub(super) fn refused(&self) -> Option<(Timestamp, String)> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.clone()
    }
}

impl Reload for WatchedReload {
    fn reload(&self) -> BoxFuture<'_, Result<ReloadReport, ReloadRefused>> {
        Box::pin(async move {
            let answer = self.inner.reload().await;
            let refused = answer.as_ref().err();
            let refused = refused.map(|why| (self.clock.now(), why.to_string()));
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
            answer
        })
    }
}
