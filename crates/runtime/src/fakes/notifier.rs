//! A receiver that answers by script and remembers what it was told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Notifier, NotifierInfo, PortError};
use tokio::time::Instant;

/// What a receiver does with one notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Takes it.
    Take,
    /// Takes it after a while.
    TakeAfter(Duration),
    /// Takes it, and the answer never comes.
    TakeAndHang,
    /// Never answers.
    Hang,
    /// Fails for now, and may say when to come again.
    Busy(Option<Duration>),
    /// Refuses it for good.
    Refuse,
    /// Breaks.
    Panic,
}

/// A notification that came in.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The time since the beginning of the test.
    pub(crate) at: Duration,
    pub(crate) notification: Notification,
    pub(crate) reply: Reply,
}

/// The receiver.
pub(crate) struct FakeNotifier {
    begun: Instant,
    endpoint: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    calls: Vec<Call>,
    under_way: usize,
    most: usize,
}

impl FakeNotifier {
    /// Answers so, one after the other, and then takes everything.
    pub(crate) fn new(endpoint: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            begun: Instant::now(),
            endpoint: endpoint.to_owned(),
            state: Mutex::new(State {
                replies: replies.into_iter().collect(),
                ..State::default()
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The most that were under way at one time.
    pub(crate) fn most(&self) -> usize {
        self.lock().most
    }

    /// What is under way now.
    pub(crate) fn under_way(&self) -> usize {
        self.lock().under_way
    }

    fn begin(&self, notification: &Notification) -> Reply {
        let mut state = self.lock();
        let reply = state.replies.pop_front().unwrap_or(Reply::Take);
        state.calls.push(Call {
            at: self.begun.elapsed(),
            notification: notification.clone(),
            reply,
        });
        state.under_way += 1;
        state.most = state.most.max(state.under_way);
        reply
    }
}

/// Counts down, however the delivery ends.
struct UnderWay<'a>(&'a FakeNotifier);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

impl Notifier for FakeNotifier {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            let reply = self.begin(notification);
            let _under_way = UnderWay(self);
            match reply {
                Reply::Take => Ok(()),
                Reply::TakeAfter(wait) => {
                    tokio::time::sleep(wait).await;
                    Ok(())
                }
                Reply::TakeAndHang | Reply::Hang => std::future::pending().await,
                Reply::Busy(after) => Err(PortError::Transient {
                    message: "status 503".to_owned(),
                    after,
                }),
                Reply::Refuse => Err(PortError::permanent("status 400")),
                Reply::Panic => panic!("a notifier that breaks"),
            }
        })
    }

    fn info(&self) -> NotifierInfo {
        NotifierInfo {
            kind: "fake",
            endpoint: self.endpoint.clone(),
        }
    }
}
