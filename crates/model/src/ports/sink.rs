//! Takes events out.

use bytes::Bytes;

use super::{BoxFuture, PortError};
use crate::outcome::OutEvent;

/// Where events go. What it has acknowledged is safe there; a stream or a file may get an event twice
/// after a crash.
pub trait EventSink: Send + Sync {
    /// Writes the events of a batch, in order, and returns when they are safe. An error says that the
    /// batch must be written again.
    fn write(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), PortError>>;

    /// What it is, for people, such as `file /var/lib/cresset/events`.
    fn describe(&self) -> String;
}

/// The events of a batch: lines of one buffer.
#[derive(Debug, Clone)]
pub struct EventBatch {
    /// The lines, each followed by a line feed; bytes between the spans belong to no event.
    pub out: Bytes,
    /// The events, in order.
    pub events: Vec<OutEvent>,
}
