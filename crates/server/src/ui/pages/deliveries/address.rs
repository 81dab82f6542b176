//! Which deliveries are shown.

use cresset_model::AlertId;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::DeliveryFilter;

use crate::form;
use crate::ui::visit::Visit;

/// The address of the page as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) state: Option<DeliveryState>,
    pub(super) receiver: Option<String>,
    pub(super) alert: Option<AlertId>,
    pub(super) before: Option<u64>,
}

impl Address {
    /// Reads the parameters; what makes no sense chooses nothing.
    pub(super) fn read(visit: &Visit) -> Self {
        Self {
            state: DeliveryState::from_word(visit.text("state")),
            receiver: Some(visit.text("receiver").to_owned()).filter(|name| !name.is_empty()),
            alert: visit.text("alert").parse().ok(),
            before: visit.text("before").parse().ok(),
        }
    }

    /// What the outbox is asked for.
    pub(super) fn filter(&self) -> DeliveryFilter {
        DeliveryFilter {
            receiver: self.receiver.clone(),
            state: self.state,
            alert: self.alert,
        }
    }

    /// Whether anything is chosen.
    pub(super) fn is_narrowed(&self) -> bool {
        self.state.is_some() || self.receiver.is_some() || self.alert.is_some()
    }

    /// The address.
    pub(super) fn href(&self) -> String {
        let state = self.state.map(|state| ("state", state.as_str().to_owned()));
        let receiver = self.receiver.clone().map(|name| ("receiver", name));
        let alert = self.alert.map(|alert| ("alert", alert.to_string()));
        let before = self.before.map(|before| ("before", before.to_string()));
        let pairs: Vec<String> = [state, receiver, alert, before]
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", form::encode(&value)))
            .collect();
        if pairs.is_empty() {
            "/ui/deliveries".to_owned()
        } else {
            format!("/ui/deliveries?{}", pairs.join("&"))
        }
    }

    /// The same with others shown, from the beginning.
    pub(super) fn showing(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self {
            before: None,
            ..self.clone()
        };
        change(&mut changed);
        changed
    }
}
