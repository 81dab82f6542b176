//! The world outside of the service: it goes on when the service dies.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::source::Checkpoint;
use cresset_sim::rng::Rng;

use super::plan::Plan;
use super::receivers::Call;
use super::story::Story;
use super::time::Time;

/// Who draws what happens next; each draws on its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Actor {
    Upstream = 1,
    Disk,
    Clients,
    Receivers,
}

/// What a client knows of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    No,
    /// Sent once without an answer; without a key it is not sent again.
    GivenUp,
    Taken,
}

/// Everything but the service.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) time: Time,
    pub(super) story: Story,
    draws: Mutex<Vec<Rng>>,
    seen: Mutex<Seen>,
}

/// What was seen from outside.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The lives so far, from 0.
    pub(super) life: usize,
    pub(super) calls: Vec<Call>,
    pub(super) pushes: Vec<Pushed>,
    /// When the configuration was read again in this life.
    pub(super) reloaded: Option<Duration>,
    /// The last checkpoint of the poll.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Fetch and sequence of each batch of the poll that was committed.
    pub(super) batches: BTreeSet<(u64, u64)>,
    /// Laws that were broken while the world ran.
    pub(super) breaches: Vec<String>,
}

impl World {
    pub(super) fn new(plan: Plan, is_told: bool) -> Arc<Self> {
        let draws = (0..5)
            .map(|actor| Rng::of(plan.seed, 1_000 + actor))
            .collect();
        let seen = Seen {
            pushes: vec![Pushed::No; plan.pushes.len()],
            ..Seen::default()
        };
        Arc::new(Self {
            time: Time::new(plan.clock.clone()),
            story: Story::new(is_told),
            draws: Mutex::new(draws),
            seen: Mutex::new(seen),
            plan,
        })
    }

    /// Lets an actor draw.
    pub(super) fn draw<T>(&self, actor: Actor, draw: impl FnOnce(&mut Rng) -> T) -> T {
        let mut draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        draw(&mut draws[actor as usize])
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, who: &str, what: impl FnOnce() -> String) {
        self.story.tell(self.time.elapsed(), who, what);
    }

    /// Notes that a law was broken.
    pub(super) fn breach(&self, what: String) {
        self.tell("BREACH", || what.clone());
        self.seen().breaches.push(what);
    }

    /// Whether nothing goes wrong any more.
    pub(super) fn is_quiet(&self) -> bool {
        self.time.elapsed() >= Plan::quiet()
    }

    /// Whether something goes wrong now, that does so that many times in a thousand.
    pub(super) fn mishap(&self, actor: Actor, thousandths: u64) -> bool {
        !self.is_quiet() && thousandths > 0 && self.draw(actor, |rng| rng.chance(thousandths))
    }

    /// A wait of so many milliseconds at most.
    pub(super) fn wait(&self, actor: Actor, low_ms: u64, high_ms: u64) -> Duration {
        Duration::from_millis(self.draw(actor, |rng| rng.between(low_ms, high_ms)))
    }
}
