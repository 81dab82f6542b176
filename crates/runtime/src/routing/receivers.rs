//! The receivers with their notifiers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use cresset_model::notification::Notification;
use cresset_model::ports::{
    BoxFuture, Clock, Notifier, NotifierResults, ReceiverInfo, Receivers, UnknownReceiver,
};
use cresset_model::{NotificationId, Timestamp};

use super::delivery::deliver;

/// The subject of a test message.
const TEST_SUBJECT: &str = "Test message: this receiver can be reached";

/// A receiver: its name and its notifiers.
type Receiver = (String, Vec<Arc<dyn Notifier>>);

/// All receivers, in the order of the configuration; replaced as a whole while deliveries run.
pub struct ReceiverSet {
    current: RwLock<Arc<Known>>,
    clock: Arc<dyn Clock>,
}

/// The receivers between two replacements.
#[derive(Clone)]
pub(super) struct Known {
    /// Counts the replacements.
    pub(super) version: u64,
    receivers: Vec<Receiver>,
}

/// Two receivers have the same name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the receiver `{0}` is defined twice")]
pub struct DuplicateReceiver(pub String);

impl ReceiverSet {
    /// Receivers by their names, each with its notifiers.
    pub fn new(receivers: Vec<Receiver>, clock: Arc<dyn Clock>) -> Result<Self, DuplicateReceiver> {
        check(&receivers)?;
        let known = Known {
            version: 0,
            receivers,
        };
        Ok(Self {
            current: RwLock::new(Arc::new(known)),
            clock,
        })
    }

    /// Replaces all receivers. Deliveries under way end as they began; what waits goes to the new ones, and
    /// what is for a receiver that is gone ends dead, to be retried once there is one of its name again.
    pub fn replace(&self, receivers: Vec<Receiver>) -> Result<(), DuplicateReceiver> {
        check(&receivers)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let version = current.version + 1;
        *current = Arc::new(Known { version, receivers });
        Ok(())
    }

    /// The number of notifiers of each receiver, as the router asks for it.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let known = self.current();
        let counted = known.receivers.iter();
        counted
            .map(|(name, notifiers)| (name.clone(), notifiers.len()))
            .collect()
    }

    /// The receivers as they are now.
    pub(super) fn current(&self) -> Arc<Known> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
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

fn check(receivers: &[Receiver]) -> Result<(), DuplicateReceiver> {
    let mut names: Vec<&String> = receivers.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair.first() == pair.last());
    if let Some([name, _]) = twice {
        return Err(DuplicateReceiver((*name).clone()));
    }
    Ok(())
}

impl Receivers for ReceiverSet {
    fn list(&self) -> Vec<ReceiverInfo> {
        let info = |(name, notifiers): &Receiver| ReceiverInfo {
            name: name.clone(),
            notifiers: notifiers.iter().map(|notifier| notifier.info()).collect(),
        };
        self.current().receivers.iter().map(info).collect()
    }

    fn test<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<NotifierResults, UnknownReceiver>> {
        Box::pin(async move {
            let known = self.current();
            let Some(notifiers) = known.notifiers(name) else {
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
