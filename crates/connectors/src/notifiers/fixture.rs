//! A notification and a clock for tests.

use cresset_model::notification::Notification;
use cresset_model::ports::Clock;
use cresset_model::{NotificationId, Timestamp};

pub(super) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00Z").unwrap()
    }
}

pub(super) fn notification() -> Notification {
    let body = r#"{"type":"alerts","timestamp":"2026-11-23T08:59:00Z","receiver":"soc/0","group":"0/a","subject":"2 alerts","alerts":[{"id":"A1","severity":"low","src_ip":"192.0.2.1","description":"Port <scan>"},{"id":"A2","severity":"high","src_ip":"192.0.2.2","matches":[{"rule":"threat.severity"}]}],"more":3}"#;
    Notification {
        id: NotificationId(7),
        receiver: "soc/0".to_owned(),
        group: "0/a".to_owned(),
        ordinal: 1,
        created_at: Timestamp::parse("2026-11-23T08:59:00Z").unwrap(),
        subject: "2 alerts \"now\"".to_owned(),
        body: body.as_bytes().to_vec(),
        attempt: 1,
    }
}
