//! The receivers with their notifiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use cresset_model::notification::Notification;
use cresset_model::ports::{
    BoxFuture, Clock, Notifier, NotifierResults, ReceiverInfo, Receivers, UnknownReceiver,
};
use cresset_model::{NotificationId, Timestamp};

use super::delivery::deliver;

/// The subject of a test message.
const TEST_SUBJECT: &str = "Test message: this receiver can be reached";

/// All receivers, in the order of the configuration.
pub struct ReceiverSet {
    receivers: Vec<(String, Vec<Arc<dyn Notifier>>)>,
    clock: Arc<dyn Clock>,
}

/// Two receivers have the same name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the receiver `{0}` is defined twice")]
pub struct DuplicateReceiver(pub String);

impl ReceiverSet {
    /// Receivers by their names, each with its notifiers.
    pub fn new(
        receivers: Vec<(String, Vec<Arc<dyn Notifier>>)>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DuplicateReceiver> {
        let mut names: Vec<&String> = receivers.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last());
        if let Some([name, _]) = twice {
            return Err(DuplicateReceiver((*name).clone()));
        }
        Ok(Self { receivers, clock })
    }

    /// The number of notifiers of each receiver, as the router asks for it.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let counted = self.receivers.iter();
        counted
            .map(|(name, notifiers)| (name.clone(), notifiers.len()))
            .collect()
    }

    /// The notifier of an outbox row, such as `soc/0`.
    pub(super) fn notifier(&self, receiver: &str) -> Option<Arc<dyn Notifier>> {
        let (name, index) = receiver.rsplit_once('/')?;
        let index: usize = index.parse().ok()?;
        self.notifiers(name)?.get(index).cloned()
    }

    /// All notifiers of other receivers than that of an outbox row, and the row's neighbors.
    pub(super) fn others(&self, receiver: &str) -> Vec<String> {
        let all = self.receivers.iter().flat_map(|(name, notifiers)| {
            (0..notifiers.len()).map(move |index| format!("{name}/{index}"))
        });
        all.filter(|other| other != receiver).collect()
    }

    fn notifiers(&self, name: &str) -> Option<&[Arc<dyn Notifier>]> {
        let found = self.receivers.iter().find(|(other, _)| other == name);
        found.map(|(_, notifiers)| notifiers.as_slice())
    }
}

impl Receivers for ReceiverSet {
    fn list(&self) -> Vec<ReceiverInfo> {
        let info = |(name, notifiers): &(String, Vec<Arc<dyn Notifier>>)| ReceiverInfo {
            name: name.clone(),
            notifiers: notifiers.iter().map(|notifier| notifier.info()).collect(),
        };
        self.receivers.iter().map(info).collect()
    }

    fn test<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<NotifierResults, UnknownReceiver>> {
        Box::pin(async move {
            let Some(notifiers) = self.notifiers(name) else {
                return Err(UnknownReceiver(name.to_owned()));
            };
            let mut said = Vec::with_capacity(notifiers.len());
            for (index, notifier) in notifiers.iter().enumerate() {
                let message = test_message(name, index, self.clock.now());
                let taken = deliver(&**notifier, &message).await;
                said.push((message.receiver, taken));
            }
            Ok(said)
        })
    }
}

fn test_message(name: &str, index: usize, now: Timestamp) -> Notification {
    let receiver = format!("{name}/{index}");
    let body = serde_json::json!({
        "type": "test",
        "timestamp": now.to_z(),
        "receiver": name,
        "group": {},
        "subject": TEST_SUBJECT,
        "alerts": [],
        "more": 0,
    });
    let episode = u64::try_from(now.nanos()).unwrap_or_default();
    Notification {
        id: NotificationId::derive("test", episode, &receiver, 1),
        receiver,
        group: "test".to_owned(),
        ordinal: 1,
        created_at: now,
        subject: TEST_SUBJECT.to_owned(),
        body: body.to_string().into_bytes(),
        attempt: 1,
    }
}
