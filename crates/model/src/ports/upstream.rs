//! An upstream that is polled by time.

use std::time::Duration;

use bytes::Bytes;

use super::BoxFuture;
use crate::Timestamp;

/// Asks an upstream for records. The adapter holds address, credentials, caps and deadlines.
pub trait Upstream: Send + Sync {
    /// Sends one request for what was created at or after `since` and waits for the head of a 2xx
    /// answer; anything else is an error.
    fn get(&self, since: Timestamp) -> BoxFuture<'_, Result<Box<dyn Body>, FetchError>>;
    /// The address, without secrets.
    fn address(&self) -> String;
}

/// The body of an answer, pulled piece by piece: what is not asked for is not read.
pub trait Body: Send {
    /// The next unpacked piece, `None` at the end of a complete body.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, FetchError>>;
}

/// A request that brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// For people: status or cause, and the address asked.
    pub message: String,
    /// Whether the same request may succeed within this turn.
    pub transient: bool,
    /// The HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// What `Retry-After` asked for.
    pub retry_after: Option<Duration>,
}
