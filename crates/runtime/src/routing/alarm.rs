//! What the others are told when a notification was given up.

use cresset_model::NotificationId;
use cresset_model::notification::{DeliveryAttempt, Intent, Notification};

/// The type in the body.
const TYPE: &str = "notification.dead";
/// What the groups of these alarms begin with: no route makes such a key.
const GROUP: &str = "undelivered@";
/// For so long the others are told once of the same notifier, however much is given up.
const EPISODE_SECONDS: i64 = 3_600;

/// One for each of the other notifiers. An alarm that is given up itself raises none.
pub(super) fn intents(
    notification: &Notification,
    last: &DeliveryAttempt,
    others: Vec<String>,
) -> Vec<Intent> {
    if notification.group.starts_with(GROUP) {
        return Vec::new();
    }
    let group = format!("{GROUP}{}", notification.receiver);
    let episode = last.ended.seconds().div_euclid(EPISODE_SECONDS);
    let episode = u64::try_from(episode).unwrap_or_default();
    let subject = format!("Notifications by {} are given up", notification.receiver);
    let intent = |receiver: String| Intent {
        id: NotificationId::derive(&group, episode, &receiver, 1),
        group: group.clone(),
        episode,
        ordinal: 1,
        subject: subject.clone(),
        body: body(notification, last, (&receiver, &subject)),
        alerts: Vec::new(),
        receiver,
    };
    others.into_iter().map(intent).collect()
}

fn body(
    notification: &Notification,
    last: &DeliveryAttempt,
    (receiver, subject): (&str, &str),
) -> Vec<u8> {
    let receiver = receiver.rsplit_once('/').map_or(receiver, |(name, _)| name);
    let body = serde_json::json!({
        "type": TYPE,
        "timestamp": last.ended.to_z(),
        "receiver": receiver,
        "group": {},
        "subject": subject,
        "alerts": [],
        "more": 0,
        "notification": {
            "id": notification.id.to_string(),
            "receiver": notification.receiver,
            "subject": notification.subject,
            "attempts": last.number,
            "error": last.error,
        },
    });
    body.to_string().into_bytes()
}
