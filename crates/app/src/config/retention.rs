//! `retention:`, how long alerts stay.

use std::time::Duration;

/// How long alerts stay by default, counted from their ingestion.
pub(crate) const ALERTS_DEFAULT: Duration = Duration::from_hours(48);

/// `retention:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetentionConfig {
    /// How long alerts stay, counted from their ingestion; `None` for ever.
    pub(crate) alerts: Option<Duration>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            alerts: Some(ALERTS_DEFAULT),
        }
    }
}
