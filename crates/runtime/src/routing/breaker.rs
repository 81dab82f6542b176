//! Stops sending to an endpoint that fails again and again.

use std::time::Duration;

use tokio::time::Instant;

/// Transient failures in a row that open the breaker.
pub(super) const FAILURES_MAX: u32 = 5;
/// How long an open breaker lets nothing through; then one delivery tries.
pub(super) const OPEN_FOR: Duration = Duration::from_secs(30);

/// The breaker of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaker {
    /// Everything goes through.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// Nothing goes through before this instant.
    Open {
        /// When one delivery may try.
        until: Instant,
    },
    /// One delivery tries.
    Trying,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether a delivery may go out now. One that goes through a breaker whose time is over is the try.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until } if until <= now => {
                *self = Self::Trying;
                true
            }
            Self::Open { .. } | Self::Trying => false,
        }
    }

    /// Whether nothing will go out for a while, the time of one try included.
    pub(super) fn is_shut(&self, now: Instant) -> bool {
        match *self {
            Self::Closed { .. } => false,
            Self::Open { until } => until > now,
            Self::Trying => true,
        }
    }

    /// A delivery was taken, or refused for good: the endpoint answers.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// A delivery failed and may succeed later. Says whether the breaker has opened by it.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        let until = now + OPEN_FOR;
        match *self {
            Self::Closed { failures } if failures + 1 < FAILURES_MAX => {
                *self = Self::Closed {
                    failures: failures + 1,
                };
                false
            }
            // What was under way when it opened says nothing new.
            Self::Open { .. } => false,
            Self::Closed { .. } | Self::Trying => {
                *self = Self::Open { until };
                true
            }
        }
    }
}
