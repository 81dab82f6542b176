//! What was counted within the last minute.

use std::collections::VecDeque;
use std::time::Duration;

use cresset_model::source::Counters;
use tokio::time::Instant;

/// How far back it looks.
const SPAN: Duration = Duration::from_mins(1);
/// How finely.
const STEP: Duration = Duration::from_secs(1);

/// Counts by the second.
#[derive(Debug, Default)]
pub(crate) struct Minute(VecDeque<(Instant, Counters)>);

impl Minute {
    /// Counts now.
    pub(crate) fn add(&mut self, counts: &Counters) {
        let now = Instant::now();
        while self
            .0
            .front()
            .is_some_and(|(begun, _)| now.duration_since(*begun) >= SPAN)
        {
            self.0.pop_front();
        }
        match self.0.back_mut() {
            Some((begun, sum)) if now.duration_since(*begun) < STEP => sum.add(counts),
            _ => self.0.push_back((now, *counts)),
        }
    }

    /// The counts of the last minute.
    pub(crate) fn sum(&self) -> Counters {
        let now = Instant::now();
        let mut sum = Counters::default();
        for (begun, counts) in &self.0 {
            if now.duration_since(*begun) < SPAN {
                sum.add(counts);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_last_minute_counts_and_little_is_kept() {
        let mut minute = Minute::default();
        let one = Counters {
            read: 1,
            ..Counters::default()
        };
        for _ in 0..1_200 {
            minute.add(&one);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        let read = minute.sum().read;
        assert!((590..=600).contains(&read), "{read}");
        assert!(minute.0.len() <= 61);
        tokio::time::advance(SPAN).await;
        assert_eq!(minute.sum(), Counters::default());
    }
}
