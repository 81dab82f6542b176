//! Tells a receiver.

use std::time::Duration;

use super::{BoxFuture, PortError};
use crate::notification::{Notification, RETRY_WAITS};

/// One way to reach a receiver. At least once: a notifier may be asked again for what it has delivered.
pub trait Notifier: Send + Sync {
    /// Delivers. A transient error is tried again, after its delay if it names one; a permanent one is
    /// not.
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>>;

    /// What it is, without secrets.
    fn info(&self) -> NotifierInfo;

    /// The waits between the tries of one delivery; after the last it is dead. Each gets up to half of it on
    /// top.
    fn retry_waits(&self) -> &[Duration] {
        &RETRY_WAITS
    }
}

/// What a notifier is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NotifierInfo {
    /// Its kind: `console`, `webhook`, `smtp`.
    pub kind: &'static str,
    /// Where it sends: an address without secrets. Notifiers with the same endpoint share a breaker.
    pub endpoint: String,
}
