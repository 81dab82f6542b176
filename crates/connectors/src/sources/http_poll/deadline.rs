//! How long an answer may take in all. Only the time spent waiting for the upstream counts: a store that
//! is slow to take the records is not the upstream's fault.

use std::time::Duration;

use super::config::Timeouts;

/// Bytes a second that earn an answer more time.
pub(super) const EXTENSION_BYTES_PER_S: u64 = 256 << 10;
/// How much time is earned at once.
const EXTENSION_STEP: Duration = Duration::from_secs(10);

/// The total deadline of one answer.
#[derive(Debug)]
pub(super) struct Deadline {
    waited: Duration,
    limit: Duration,
    limit_max: Duration,
    window_begin: Duration,
    window_bytes: u64,
}

/// Why there is no more time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// The answer arrives too slowly to earn more.
    TooSlow {
        /// How long was waited.
        waited: Duration,
    },
    /// Not even a fast answer may take longer.
    TooLong {
        /// The longest time allowed.
        limit: Duration,
    },
}

impl Deadline {
    /// Begins with the body; `waited` is what the head took.
    pub(super) fn new(timeouts: &Timeouts, waited: Duration) -> Self {
        Self {
            waited,
            limit: timeouts.total,
            limit_max: timeouts.total_max.max(timeouts.total),
            window_begin: waited,
            window_bytes: 0,
        }
    }

    /// How long may still be waited before asking for more time.
    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.waited)
    }

    /// Counts a wait and what it brought.
    pub(super) fn count(&mut self, waited: Duration, bytes: usize) {
        self.waited = self.waited.saturating_add(waited);
        self.window_bytes = self.window_bytes.saturating_add(bytes as u64);
    }

    /// Grants more time if the time is up and enough arrived since the last grant.
    pub(super) fn renew(&mut self) -> Result<(), Expired> {
        if !self.left().is_zero() {
            return Ok(());
        }
        if self.waited >= self.limit_max {
            return Err(Expired::TooLong {
                limit: self.limit_max,
            });
        }
        let window = self.waited.saturating_sub(self.window_begin);
        let needed = u128::from(EXTENSION_BYTES_PER_S) * window.as_millis() / 1_000;
        if u128::from(self.window_bytes) < needed {
            return Err(Expired::TooSlow {
                waited: self.waited,
            });
        }
        self.limit = (self.waited + EXTENSION_STEP).min(self.limit_max);
        self.window_begin = self.waited;
        self.window_bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const RATE: usize = 256 << 10;

    fn after_a_minute(bytes: usize) -> Deadline {
        let mut deadline = Deadline::new(&Timeouts::default(), Duration::ZERO);
        deadline.count(60 * SECOND, bytes);
        deadline
    }

    #[test]
    fn before_the_deadline_nothing_is_asked() {
        let mut deadline = Deadline::new(&Timeouts::default(), SECOND);
        deadline.count(58 * SECOND, 0);
        assert_eq!(deadline.left(), SECOND);
        assert_eq!(deadline.renew(), Ok(()));
        assert_eq!(deadline.left(), SECOND);
    }

    #[test]
    fn just_enough_bytes_earn_ten_seconds_and_one_less_none() {
        let mut enough = after_a_minute(60 * RATE);
        assert_eq!(enough.renew(), Ok(()));
        assert_eq!(enough.left(), 10 * SECOND);
        let waited = 60 * SECOND;
        assert_eq!(
            after_a_minute(60 * RATE - 1).renew(),
            Err(Expired::TooSlow { waited })
        );
    }

    #[test]
    fn an_answer_that_becomes_slow_expires() {
        let mut deadline = after_a_minute(600 * RATE);
        assert_eq!(deadline.renew(), Ok(()));
        deadline.count(10 * SECOND, 10 * RATE - 1);
        let waited = 70 * SECOND;
        assert_eq!(deadline.renew(), Err(Expired::TooSlow { waited }));
    }

    #[test]
    fn the_fastest_answer_has_ten_minutes() {
        let mut deadline = after_a_minute(60 * RATE);
        let mut granted = 0;
        let end = loop {
            match deadline.renew() {
                Ok(()) => granted += 1,
                Err(end) => break end,
            }
            deadline.count(10 * SECOND, 1 << 30);
        };
        assert_eq!(granted, 54);
        assert_eq!(
            end,
            Expired::TooLong {
                limit: 600 * SECOND
            }
        );
    }
}
