//! What the tests put in the place of the world: an upstream that answers by script, a store in memory,
//! a wall clock that follows the paused one, and a source that is put together of them.

mod clock;
mod journal;
mod notifier;
mod outbox;
mod records;
mod reloading;
mod rig;
mod sink;
mod store;
mod upstream;

pub(crate) use clock::{FixedClock, T0, TestClock, ago, seconds};
pub(crate) use journal::{Journal, Note};
pub(crate) use notifier::{Call, FakeNotifier, Reply};
pub(crate) use outbox::{Asked, MemoryOutbox, Row as OutboxRow};
pub(crate) use records::{Record, array, broken, cut};
pub(crate) use reloading::{ReloadingLookup, alerting_on};
pub(crate) use rig::{Rig, Running};
pub(crate) use sink::{MemorySink, SinkFault};
pub(crate) use store::{Fault, MemoryStore};
pub(crate) use upstream::{Answer, Piece, permanent, transient};
