//! An upstream that is polled by time.

use std::time::Duration;

use bytes::Bytes;

use super::BoxFuture;
use crate::Timestamp;
use crate::source::PagePlace;

/// Bytes of a place; an upstream that names a longer one is refused.
pub const PLACE_BYTES_MAX: usize = 8_192;

/// Asks an upstream for records. The adapter holds address, credentials, caps and deadlines.
pub trait Upstream: Send + Sync {
    /// Sends one request and waits for the head of a 2xx answer; anything else is an error.
    fn get(&self, ask: Ask) -> BoxFuture<'_, Result<Answer, FetchError>>;
    /// The address, without secrets.
    fn address(&self) -> String;
}

/// What an upstream is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What was created at or after it.
    pub since: Timestamp,
    /// The page to give, as an answer before named it; `None` for the first page.
    pub place: Option<PagePlace>,
    /// What marks the page as it is known: unless it has changed, it need not come again.
    pub known: Option<Validator>,
}

impl Ask {
    /// Asks for the first page from an instant on.
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            place: None,
            known: None,
        }
    }
}

/// The head of a 2xx answer.
pub struct Answer {
    /// The page that the head names as the next one; an error if it may not be followed, which ends the
    /// turn after this page has been taken in.
    pub next: Result<Option<PagePlace>, FetchError>,
    /// What marks this very content of the page, if anything that can be trusted does.
    pub validator: Option<Validator>,
    /// The records; `None` when the page is unchanged since [`Ask::known`].
    pub body: Option<Box<dyn Body>>,
}

impl Answer {
    /// An answer whose head says nothing more.
    pub fn of(body: Box<dyn Body>) -> Self {
        Self {
            next: Ok(None),
            validator: None,
            body: Some(body),
        }
    }
}

/// What marks one content of a page. Only the adapter that gave it understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator(pub String);

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
