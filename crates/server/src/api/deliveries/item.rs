//! A delivery in an answer.

use cresset_model::notification::{Delivery, DeliveryAttempt, DeliveryState};
use cresset_model::{AlertId, NotificationId, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json;

/// What an alert shows of a delivery that tells of it.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Told {
    id: NotificationId,
    receiver: String,
    state: DeliveryState,
    ordinal: u64,
    subject: String,
    created_at: Timestamp,
    sent_at: Option<Timestamp>,
    attempts: Vec<DeliveryAttempt>,
}

/// What lists show of a delivery.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    #[serde(flatten)]
    told: Told,
    group: String,
    episode: u64,
    next_at: Option<Timestamp>,
    alerts: Vec<AlertId>,
}

/// A delivery with its body.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    #[serde(flatten)]
    item: Item,
    body: Box<RawValue>,
}

impl From<Delivery> for Told {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            receiver: delivery.receiver,
            state: delivery.state,
            ordinal: delivery.ordinal,
            subject: delivery.subject,
            created_at: delivery.created_at,
            sent_at: delivery.sent_at,
            attempts: delivery.attempts,
        }
    }
}

impl From<Delivery> for Item {
    fn from(mut delivery: Delivery) -> Self {
        Self {
            group: std::mem::take(&mut delivery.group),
            episode: delivery.episode,
            next_at: delivery.next_at,
            alerts: std::mem::take(&mut delivery.alerts),
            told: Told::from(delivery),
        }
    }
}

impl From<Delivery> for Detail {
    fn from(mut delivery: Delivery) -> Self {
        Self {
            body: document(&std::mem::take(&mut delivery.body)),
            item: Item::from(delivery),
        }
    }
}

/// The body as it was frozen, to the byte; a body that is no JSON is shown as a string.
fn document(body: &[u8]) -> Box<RawValue> {
    let text = String::from_utf8_lossy(body);
    RawValue::from_string(text.clone().into_owned()).unwrap_or_else(|_| {
        RawValue::from_string(json::string(&text)).expect("a written string is JSON")
    })
}
