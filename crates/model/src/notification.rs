//! What is told to whom, and how far it has got.

use std::time::Duration;

use serde::Serialize;

use crate::alert::{AlertRow, Position, Seq, StoredMatch};
use crate::id::NotificationId;
use crate::{AlertId, Timestamp};

/// Alerts listed in one notification; of more only the number is told.
pub const NOTIFICATION_ALERTS_MAX: usize = 50;

/// A notification as a notifier gets it. The body was frozen when the intent was decided: a repeat says
/// the same, byte for byte, under the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its identity, sent as `webhook-id` and `Idempotency-Key`.
    pub id: NotificationId,
    /// The notifier it goes to: the receiver's name and the notifier's place in it, such as `soc/0`.
    pub receiver: String,
    /// The key of the group it speaks of.
    pub group: String,
    /// Which notification of the group to this receiver it is, from 1.
    pub ordinal: u64,
    /// When it was decided.
    pub created_at: Timestamp,
    /// One line for people: subject of a mail, title of a message.
    pub subject: String,
    /// The frozen body, one JSON document `{type, timestamp, receiver, group, subject, alerts, more}`.
    pub body: Vec<u8>,
    /// Which try this is, from 1.
    pub attempt: u32,
}

/// What the router wants to be told: a row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its identity: a hash of group, episode, receiver and ordinal.
    pub id: NotificationId,
    /// The notifier: `soc/0`.
    pub receiver: String,
    /// The key of the group.
    pub group: String,
    /// Which life of the group; a new one begins after the group has ended.
    pub episode: u64,
    /// Which notification of the episode to this receiver, from 1.
    pub ordinal: u64,
    /// One line for people.
    pub subject: String,
    /// The frozen body.
    pub body: Vec<u8>,
    /// The alerts it tells of.
    pub alerts: Vec<AlertId>,
}

/// A changed or new alert as the router sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedRow {
    /// Its position in the change log.
    pub position: Position,
    /// Its revision at that position.
    pub revision: u32,
    /// Whether the alert is new; a change of content tells nobody again.
    pub is_new: bool,
    /// The alert; `None` if retention has taken it.
    pub row: Option<AlertRow>,
    /// Its detections.
    pub matches: Vec<StoredMatch>,
    /// The record with its additions, or as received: UTF-8 JSON.
    pub record: Vec<u8>,
}

/// The stored state of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Its key: the route's place and the group's labels.
    pub key: String,
    /// Which life of it.
    pub episode: u64,
    /// Notifications decided in this life.
    pub ordinal: u64,
    /// Alerts that wait for the next notification, oldest first.
    pub waiting: Vec<Seq>,
    /// Alerts that wait beyond those kept in `waiting`.
    pub more: u64,
    /// When the next notification is due; `None` when none waits.
    pub due: Option<Timestamp>,
    /// When the last one was decided.
    pub notified: Option<Timestamp>,
}

/// Where an outbox row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its time or its turn.
    Pending,
    /// A worker has it.
    Leased,
    /// The receiver has taken it.
    Sent,
    /// Given up; `retry` makes it pending again.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Leased, Self::Sent, Self::Dead];

    /// The word on every wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Leased => "leased",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// An outbox row as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Place in the order of decision.
    pub seq: u64,
    /// Its identity.
    pub id: NotificationId,
    /// The notifier: `soc/0`.
    pub receiver: String,
    /// The key of the group.
    pub group: String,
    /// Which life of the group.
    pub episode: u64,
    /// Which notification of it.
    pub ordinal: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// One line for people.
    pub subject: String,
    /// The frozen body.
    pub body: Vec<u8>,
    /// The alerts it tells of.
    pub alerts: Vec<AlertId>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it may be tried next, while pending.
    pub next_at: Option<Timestamp>,
    /// When the receiver took it.
    pub sent_at: Option<Timestamp>,
    /// Its tries, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it failed; `None` when the receiver took it.
    pub error: Option<String>,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The receiver took it.
    Sent,
    /// To be tried again at this time.
    Again(Timestamp),
    /// Given up.
    Dead,
}

/// The waits between tries where nothing else is configured; after the last the delivery is dead. Each gets up to half of it on top.
pub const RETRY_WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
];
