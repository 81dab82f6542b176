//! `retention:`, how long alerts stay.

use std::time::Duration;

use cresset_model::config::{FromScalar, Misfit, Section, quote};

/// How long alerts stay by default, counted from their ingestion.
const ALERTS_DEFAULT: Duration = Duration::from_hours(48);

/// The shortest stay.
const ALERTS_MIN: Duration = Duration::from_mins(1);

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

pub(super) fn read(mut section: Section<'_>) -> RetentionConfig {
    let stay = section
        .optional("alerts")
        .unwrap_or(Stay(Some(ALERTS_DEFAULT)));
    section.finish();
    RetentionConfig { alerts: stay.0 }
}

/// A duration or `never`.
struct Stay(Option<Duration>);

impl FromScalar for Stay {
    const KIND: &'static str = "a duration or never";
    const HINT: &'static str =
        "write never, or a whole number and a unit, such as 48h (units ms, s, m, h, d)";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if text == "never" {
            return Ok(Self(None));
        }
        // A number without its unit gets this type's hint, not the duration's.
        let stay = Duration::from_scalar(text).map_err(|_| Misfit::kind())?;
        if stay < ALERTS_MIN {
            let message = format!("is too short: {}", quote(text));
            return Err(Misfit::because(
                message,
                "alerts stay at least 1m, or for ever with never",
            ));
        }
        Ok(Self(Some(stay)))
    }
}
