//! Tells who watches what happens: gathers what came within a short while into one small event, and
//! hands it to every listener. A listener that falls behind is told to read anew and dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::alert::Position;
use cresset_model::ports::{Announce, BoxFuture, Live, LiveEvent, Pulse, Subscription};
use cresset_model::query::SeverityCounts;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};

/// Events that wait for a listener, and events that one may catch up on, by default.
pub const LIVE_EVENTS_MAX: usize = 1_024;
/// Events follow each other at least this far apart.
const PULSE_EVERY: Duration = Duration::from_millis(250);

/// See the module.
pub struct LiveHub {
    gathered: Mutex<Gathered>,
    wake: Notify,
    events_max: usize,
    /// Gone once nothing more is told.
    events: Mutex<Option<broadcast::Sender<Pulse>>>,
}

/// What was announced.
struct Gathered {
    /// Not told yet.
    next: Pulse,
    /// Told, the oldest first.
    told: VecDeque<Pulse>,
    /// Where the first of `told` begins: whoever has heard of this position has missed none.
    begins: Position,
}

impl LiveHub {
    /// A hub over a store whose change log ends at `head`.
    pub fn new(head: Position) -> Self {
        Self::with_events(head, LIVE_EVENTS_MAX)
    }

    /// The same with room for so many events, which are rounded up to a power of two.
    pub fn with_events(head: Position, events_max: usize) -> Self {
        let events_max = events_max.clamp(1, 1 << 20).next_power_of_two();
        Self {
            gathered: Mutex::new(Gathered {
                next: Pulse {
                    position: head,
                    ..Pulse::default()
                },
                told: VecDeque::new(),
                begins: head,
            }),
            wake: Notify::new(),
            events_max,
            events: Mutex::new(Some(broadcast::Sender::new(events_max))),
        }
    }

    /// Tells what is announced, until `stop` becomes true or its sender is gone.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let tell = async {
            loop {
                self.wake.notified().await;
                self.tell();
                tokio::time::sleep(PULSE_EVERY).await;
            }
        };
        // Dropping either at any await loses nothing that is stored.
        tokio::select! {
            () = tell => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // Every listener hears that it is over.
        self.events().take();
    }

    fn events(&self) -> MutexGuard<'_, Option<broadcast::Sender<Pulse>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        let mut gathered = self.lock();
        let position = gathered.next.position;
        let following = Pulse {
            position,
            ..Pulse::default()
        };
        let pulse = std::mem::replace(&mut gathered.next, following);
        if gathered.told.len() == self.events_max
            && let Some(oldest) = gathered.told.pop_front()
        {
            gathered.begins = oldest.position;
        }
        gathered.told.push_back(pulse.clone());
        // Sent under the lock, so that who subscribes hears each event either as missed or as new. An
        // error means that nobody listens.
        if let Some(events) = &*self.events() {
            drop(events.send(pulse));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// What came after a position, as one event.
    fn missed(&self, after: Position) -> Option<LiveEvent> {
        let told = self.told.back().map_or(self.begins, |last| last.position);
        if after < self.begins || after > told.max(self.next.position) {
            return Some(LiveEvent::Reload(told));
        }
        let mut missed = Pulse {
            position: told,
            ..Pulse::default()
        };
        for pulse in self.told.iter().filter(|pulse| pulse.position > after) {
            missed.new.merge(&pulse.new);
            missed.changed += pulse.changed;
        }
        (missed.position > after).then_some(LiveEvent::Pulse(missed))
    }
}

impl Announce for LiveHub {
    fn committed(&self, position: Position, new: SeverityCounts, changed: u64) {
        {
            let mut gathered = self.lock();
            gathered.next.position = gathered.next.position.max(position);
            gathered.next.new.merge(&new);
            gathered.next.changed += changed;
        }
        self.wake.notify_one();
    }

    fn source_changed(&self, source: &SourceId) {
        {
            let mut gathered = self.lock();
            if gathered.next.sources.contains(source) {
                return;
            }
            gathered.next.sources.push(source.clone());
        }
        self.wake.notify_one();
    }
}

impl Live for LiveHub {
    fn subscribe(&self, after: Option<Position>) -> Box<dyn Subscription> {
        let gathered = self.lock();
        let first = after.and_then(|after| gathered.missed(after));
        Box::new(Listener {
            ends: false,
            position: gathered.next.position,
            events: self.events().as_ref().map(broadcast::Sender::subscribe),
            first,
        })
    }
}

/// One listener.
struct Listener {
    /// What it missed.
    first: Option<LiveEvent>,
    /// The last position it heard of.
    position: Position,
    /// Whether nothing follows.
    ends: bool,
    events: Option<broadcast::Receiver<Pulse>>,
}

impl Subscription for Listener {
    fn next(&mut self) -> BoxFuture<'_, Option<LiveEvent>> {
        Box::pin(async move {
            if let Some(first) = self.first.take() {
                return Some(first);
            }
            if self.ends {
                return None;
            }
            // Waiting for an event may be given up: it stays in the channel.
            let received = self.events.as_mut()?.recv().await;
            match received {
                Ok(pulse) => {
                    self.position = pulse.position;
                    Some(LiveEvent::Pulse(pulse))
                }
                Err(RecvError::Lagged(_)) => {
                    self.ends = true;
                    Some(LiveEvent::Reload(self.position))
                }
                Err(RecvError::Closed) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests;
