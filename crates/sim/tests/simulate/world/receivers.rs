//! Who is told: receivers that are slow, fail, refuse, or take what they are told and do not say so.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::NotificationId;
use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Notifier, NotifierInfo, PortError};

use super::fate::Fate;
use super::state::{Actor, World};

/// The waits between tries: as many as by default, and shorter.
pub(super) const RETRY_WAITS: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

/// The receivers with their notifiers, by their place among [`super::plan::Odds::receivers`].
pub(super) const NOTIFIERS: [(&str, usize); 3] = [("soc", 0), ("soc", 1), ("duty", 2)];

/// What a receiver does with one notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Take,
    /// Takes it and does not say so.
    TakeAndHang,
    /// Takes it, and the answer that says so is lost.
    TakeAndBreak,
    Hang,
    /// Not now, perhaps with the seconds to wait.
    Busy(Option<u64>),
    Refuse,
}

/// A notification that came in.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) life: usize,
    pub(super) at: Duration,
    pub(super) id: NotificationId,
    pub(super) receiver: String,
    pub(super) body: Vec<u8>,
    pub(super) reply: Reply,
    /// Whether the answer has left.
    pub(super) is_answered: bool,
}

impl Call {
    /// Whether the receiver has it, and the service was told so.
    pub(super) fn is_taken(&self) -> bool {
        self.reply == Reply::Take && self.is_answered
    }
}

/// One notifier as one life of the service reaches it.
pub(super) struct SimNotifier {
    pub(super) world: Arc<World>,
    pub(super) fate: Arc<Fate>,
    pub(super) place: usize,
}

impl SimNotifier {
    fn reply(&self) -> Reply {
        let odds = self.world.plan.odds.receivers[self.place];
        if !self.world.mishap(Actor::Receivers, odds) {
            return Reply::Take;
        }
        self.world
            .draw(Actor::Receivers, |rng| match rng.between(0, 19) {
                0..=2 => Reply::TakeAndHang,
                3..=5 => Reply::TakeAndBreak,
                6 => Reply::Hang,
                7 => Reply::Refuse,
                8..=10 => Reply::Busy(Some(rng.between(1, 30))),
                _ => Reply::Busy(None),
            })
    }

    /// Takes it in; returns the place of the call.
    fn called(&self, notification: &Notification, reply: Reply) -> usize {
        self.world.tell("receiver", || {
            let Notification {
                id,
                receiver,
                attempt,
                ..
            } = notification;
            let (group, ordinal) = (&notification.group, notification.ordinal);
            format!("{receiver} is told {id}, {ordinal} of {group}, try {attempt}: {reply:?}")
        });
        let mut seen = self.world.seen();
        let call = Call {
            life: seen.life,
            at: self.world.time.elapsed(),
            id: notification.id,
            receiver: notification.receiver.clone(),
            body: notification.body.clone(),
            reply,
            is_answered: false,
        };
        seen.calls.push(call);
        seen.calls.len() - 1
    }
}

impl Notifier for SimNotifier {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            self.fate.step().await;
            let reply = self.reply();
            let call = self.called(notification, reply);
            let slow_ms = if self.world.is_quiet() { 50 } else { 3_000 };
            tokio::time::sleep(self.world.wait(Actor::Receivers, 0, slow_ms)).await;
            self.fate.step().await;
            if matches!(reply, Reply::TakeAndHang | Reply::Hang) {
                return std::future::pending().await;
            }
            self.world.seen().calls[call].is_answered = true;
            match reply {
                Reply::Refuse => Err(PortError::permanent("status 400")),
                Reply::TakeAndBreak => Err(PortError::transient("the connection broke")),
                Reply::Busy(seconds) => Err(PortError::Transient {
                    message: "status 503".to_owned(),
                    after: seconds.map(Duration::from_secs),
                }),
                Reply::Take | Reply::TakeAndHang | Reply::Hang => Ok(()),
            }
        })
    }

    fn info(&self) -> NotifierInfo {
        NotifierInfo {
            kind: "sim",
            endpoint: format!("sim://receiver/{}", self.place),
        }
    }

    fn retry_waits(&self) -> &[Duration] {
        &RETRY_WAITS
    }
}
