//! Waits of a poll: between attempts, and between requests to one upstream.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two requests to one upstream. A tenth of a second would be ten a second as
/// they are sent; the rest keeps it at ten as they arrive, some of them delayed more than others.
pub(crate) const REQUEST_GAP: Duration = Duration::from_millis(110);

/// The first wait after a failed attempt; it doubles with each further one.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest wait after a failed attempt, jitter aside.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(4);

/// Spreads waits; it decides nothing.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The same seed gives the same numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number from 0 to 999.
    pub(crate) fn thousandths(&mut self) -> u32 {
        // Xorshift: good enough to spread clients, and the same for the same seed.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % 1_000).unwrap_or(0)
    }
}

/// Keeps requests to one upstream apart and adds jitter to waits.
#[derive(Debug)]
pub(crate) struct Pace {
    last_request: Option<Instant>,
    dice: Dice,
}

impl Pace {
    /// `seed` only spreads waits; it decides nothing.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            last_request: None,
            dice: Dice::new(seed),
        }
    }

    /// Waits until the next request may be sent.
    pub(crate) async fn request(&mut self) {
        if let Some(last) = self.last_request {
            tokio::time::sleep_until(last + REQUEST_GAP).await;
        }
        self.last_request = Some(Instant::now());
    }

    /// The wait after the `failed`-th attempt (from 1): 1 s, 2 s, 4 s, plus up to half of it. What the
    /// upstream asked for is a floor, to which the same jitter is added.
    pub(crate) fn backoff(&mut self, failed: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = BACKOFF_FIRST * 2_u32.saturating_pow(failed.saturating_sub(1).min(8));
        let base = doubled.min(BACKOFF_MAX);
        base.max(retry_after.unwrap_or_default()) + self.jitter(base / 2)
    }

    fn jitter(&mut self, most: Duration) -> Duration {
        most * self.dice.thousandths() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_four_seconds_and_jitter_adds_at_most_half() {
        let mut pace = Pace::new(7);
        for (failed, base) in [(1, 1), (2, 2), (3, 4), (4, 4), (40, 4)] {
            let base = Duration::from_secs(base);
            for _ in 0..100 {
                let wait = pace.backoff(failed, None);
                assert!(wait >= base && wait <= base * 3 / 2, "{failed}: {wait:?}");
            }
        }
    }

    #[test]
    fn what_the_upstream_asks_for_is_a_floor() {
        let mut pace = Pace::new(7);
        let wait = pace.backoff(1, Some(Duration::from_secs(8)));
        assert!(
            wait >= Duration::from_secs(8) && wait < Duration::from_secs(9),
            "{wait:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_at_least_a_tenth_of_a_second_apart() {
        let mut pace = Pace::new(7);
        let begun = Instant::now();
        for _ in 0..11 {
            pace.request().await;
        }
        assert_eq!(begun.elapsed(), 10 * REQUEST_GAP);
        assert!(
            begun.elapsed() > Duration::from_secs(1),
            "eleven in a second"
        );
    }
}
