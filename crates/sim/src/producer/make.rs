//! Makes events, many at a time.

use std::fmt;
use std::sync::Arc;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;

use super::address::{self, MALICIOUS, Talkers};
use super::event::{EVENT_BYTES_MAX, Event, KINDS, SEVERITIES};
use crate::rng::Rng;

/// Which events are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProducerConfig {
    /// The same seed gives the same events, timestamps aside; without one every start gives others.
    pub seed: Option<u64>,
    /// How many different addresses send the harmless events, few of them much and most of them little;
    /// 1 to [`TALKERS_MAX`](super::TALKERS_MAX). Without it any public address does.
    pub talkers: Option<u32>,
}

/// Makes events.
pub struct Producer {
    rng: Rng,
    talkers: Option<Talkers>,
    clock: Arc<dyn Clock>,
    timestamp: String,
    second: Option<i64>,
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("rng", &self.rng)
            .field("talkers", &self.talkers)
            .finish_non_exhaustive()
    }
}

impl Producer {
    /// Begins a story; the clock dates its events.
    pub fn new(config: ProducerConfig, clock: Arc<dyn Clock>) -> Self {
        let seed = config
            .seed
            .unwrap_or_else(|| clock.now().nanos().unsigned_abs());
        Self {
            rng: Rng::of(seed, 0),
            talkers: config.talkers.map(|count| Talkers::new(seed, count)),
            clock,
            timestamp: String::new(),
            second: None,
        }
    }

    /// Appends `count` events, each followed by a line feed. All of a call carry the second it was made
    /// in; how a story is divided into calls changes nothing else.
    pub fn write_many(&mut self, count: usize, out: &mut Vec<u8>) {
        self.date();
        out.reserve(count.saturating_mul(EVENT_BYTES_MAX));
        for _ in 0..count {
            let source = if self.rng.between(1, 10) == 1 {
                *self.rng.pick(&MALICIOUS)
            } else if let Some(talkers) = self.talkers {
                talkers.pick(&mut self.rng)
            } else {
                address::public(&mut self.rng)
            };
            let event = Event {
                timestamp: &self.timestamp,
                source,
                destination: address::private(&mut self.rng),
                kind: self.rng.pick(&KINDS),
                severity: self.rng.pick::<&str>(&SEVERITIES),
            };
            event.write(out);
        }
    }

    fn date(&mut self) {
        let second = self.clock.now().seconds();
        if self.second != Some(second) {
            self.second = Some(second);
            self.timestamp = Timestamp::from_seconds(second).unwrap_or_default().to_z();
        }
    }
}

#[cfg(test)]
mod tests;
