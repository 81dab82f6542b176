//! The wall clock.

use crate::Timestamp;

/// Tells the time of day. Timers and waits use the runtime's monotonic clock instead.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
