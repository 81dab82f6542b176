//! The dials of an upstream that fails on purpose.

use std::time::Duration;

use super::{BoxFuture, PortError};
use crate::Timestamp;

/// Turns the dials of a mock.
pub trait ChaosDials: Send + Sync {
    /// How they stand.
    fn read(&self) -> BoxFuture<'_, Result<Dials, PortError>>;
    /// Sets those that are given.
    fn set(&self, dials: Dials) -> BoxFuture<'_, Result<(), PortError>>;
}

/// Dials; one that is `None` is not known to the mock, or is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dials {
    /// The share of requests that fail, 0 to 1.
    pub failure_rate: Option<f64>,
    /// How long each answer takes; at most [`CHAOS_DELAY_MAX`].
    pub delay: Option<Duration>,
    /// The share of records that no client can take, 0 to 1.
    pub malformed: Option<f64>,
}

/// Chaos of one source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChaosState {
    /// How the dials stand.
    pub dials: Dials,
    /// When they go back by themselves; `None` while nobody has turned them.
    pub until: Option<Timestamp>,
}

/// How long turned dials stay.
pub const CHAOS_LIFE: Duration = Duration::from_mins(15);
/// The step of a share.
pub const CHAOS_SHARE_STEP: f64 = 0.05;
/// The longest delay of an answer.
pub const CHAOS_DELAY_MAX: Duration = Duration::from_secs(30);
