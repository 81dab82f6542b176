//! How many events are due.

use std::time::Duration;

/// What was missed for longer than this is not made up for.
pub const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// Keeps a number of events a second, on average.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    events_per_second: u32,
    /// Since the start; events due before it are counted in `sent`.
    from: Duration,
    sent: u64,
}

impl Pace {
    /// A pace from now on; 0 makes nothing due.
    pub fn new(events_per_second: u32) -> Self {
        Self {
            events_per_second,
            from: Duration::ZERO,
            sent: 0,
        }
    }

    /// Takes the events that are due, given the time since the start.
    pub fn take(&mut self, elapsed: Duration) -> u64 {
        let due = self.due(elapsed).saturating_sub(self.sent);
        let due_max = self.events_in(CATCH_UP_MAX);
        if due > due_max {
            // Whoever could not keep up goes on from here instead of running after it for ever.
            self.from = elapsed;
            self.sent = 0;
            return due_max;
        }
        self.sent += due;
        due
    }

    fn due(&self, elapsed: Duration) -> u64 {
        self.events_in(elapsed.saturating_sub(self.from))
    }

    fn events_in(&self, time: Duration) -> u64 {
        let events = time.as_nanos() * u128::from(self.events_per_second) / 1_000_000_000;
        u64::try_from(events).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pace: &mut Pace, elapsed_ms: &[u64]) -> Vec<u64> {
        elapsed_ms
            .iter()
            .map(|ms| pace.take(Duration::from_millis(*ms)))
            .collect()
    }

    #[test]
    fn fractions_of_an_event_are_not_lost() {
        let mut pace = Pace::new(3);
        let steps: Vec<u64> = (0..=20).map(|step| step * 100).collect();
        let taken = taken(&mut pace, &steps);
        assert_eq!(taken.iter().sum::<u64>(), 6);
        assert!(taken.iter().all(|taken| *taken <= 1), "{taken:?}");
    }

    #[test]
    fn one_second_is_made_up_for_and_no_more() {
        let mut pace = Pace::new(10);
        assert_eq!(
            taken(&mut pace, &[0, 1_000, 61_000, 61_500]),
            [0, 10, 10, 5]
        );
    }

    #[test]
    fn a_pace_of_zero_makes_nothing_due() {
        assert_eq!(taken(&mut Pace::new(0), &[0, 1_000, 9_000]), [0, 0, 0]);
    }
}
