//! What the frozen body of a notification tells.

use cresset_model::Severity;
use cresset_model::notification::Notification;
use serde_json::Value;

/// The parts of a body that notifiers without JSON of their own show.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The alerts, each an object.
    pub(super) alerts: Vec<Value>,
    /// Alerts that are only counted.
    pub(super) more: u64,
}

impl Told {
    pub(super) fn of(notification: &Notification) -> Self {
        let Ok(mut body) = serde_json::from_slice::<Value>(&notification.body) else {
            return Self::default();
        };
        let more = body.get("more").and_then(Value::as_u64).unwrap_or(0);
        let alerts = match body.get_mut("alerts").map(Value::take) {
            Some(Value::Array(alerts)) => alerts,
            _ => Vec::new(),
        };
        Self { alerts, more }
    }

    /// The worst of the alerts.
    pub(super) fn severity(&self) -> Severity {
        self.alerts
            .iter()
            .filter_map(|alert| Severity::from_word(alert.get("severity")?.as_str()?))
            .max()
            .unwrap_or_default()
    }
}
