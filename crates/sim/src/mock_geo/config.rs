//! How the mock behaves.

use std::time::Duration;

/// How the mock behaves; by default as the free service, which answers 45 requests a minute.
#[derive(Debug, Clone, PartialEq)]
pub struct MockGeoConfig {
    /// How long each answer takes.
    pub delay: Duration,
    /// The share of requests that fail, 0 to 1, spread evenly.
    pub failure_rate: f64,
    /// Requests that are answered in a minute; 0 sets no limit.
    pub rate_limit_per_minute: u32,
}

impl Default for MockGeoConfig {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(40),
            failure_rate: 0.0,
            rate_limit_per_minute: 45,
        }
    }
}

/// Settings that make no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MockGeoConfigError {
    /// The share is outside 0 to 1.
    #[error("`failure_rate` must be from 0 to 1, not {0}")]
    FailureRate(f64),
}

impl MockGeoConfig {
    pub(super) fn check(&self) -> Result<(), MockGeoConfigError> {
        if (0.0..=1.0).contains(&self.failure_rate) {
            return Ok(());
        }
        Err(MockGeoConfigError::FailureRate(self.failure_rate))
    }
}
