//! What happens, as it happens: small events for who watches.

use super::BoxFuture;
use crate::SourceId;
use crate::alert::Position;
use crate::query::SeverityCounts;

/// Lets others watch.
pub trait Live: Send + Sync {
    /// Begins to listen. With the position of the last event that was heard, what was missed since comes
    /// first, or, where it is no longer known, [`LiveEvent::Reload`].
    fn subscribe(&self, after: Option<Position>) -> Box<dyn Subscription>;
}

/// One listener.
pub trait Subscription: Send {
    /// The next event; `None` at the end, when the process stops or after a [`LiveEvent::Reload`] for a
    /// listener that was too slow. May be dropped and asked again.
    fn next(&mut self) -> BoxFuture<'_, Option<LiveEvent>>;
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// Something was committed or a source changed its state.
    Pulse(Pulse),
    /// Events are missing: what is shown must be read again. The position is the present one.
    Reload(Position),
}

/// What happened within a short while.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulse {
    /// Last position of the change log; an event's id.
    pub position: Position,
    /// New alerts.
    pub new: SeverityCounts,
    /// Alerts whose content changed.
    pub changed: u64,
    /// Sources whose state changed: status, retry, pause, interval, or a turn that ended.
    pub sources: Vec<SourceId>,
}

/// Takes what happened, in the order in which it did. Never waits.
pub trait Announce: Send + Sync {
    /// Alerts were committed. Positions only grow.
    fn committed(&self, position: Position, new: SeverityCounts, changed: u64);
    /// A source's state changed.
    fn source_changed(&self, source: &SourceId);
}
