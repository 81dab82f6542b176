//! How long a notification waits after a try that failed.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::notification::Delivery;

/// The longest wait that a receiver can ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// When it was decided how long a row waits.
pub(super) fn decided_at(row: &Delivery) -> Timestamp {
    let ended = row.attempts.last().map(|attempt| attempt.ended);
    ended.unwrap_or(row.created_at)
}

/// What is listed for the `attempt`-th try (from 1); `None` when it was the last.
pub(super) fn wait_listed(waits: &[Duration], attempt: u32) -> Option<Duration> {
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    waits.get(index).copied()
}

/// The wait after a failed try: what is listed plus up to half of it; what the receiver asks for is a floor.
pub(super) fn wait_after(base: Duration, asked: Option<Duration>, jitter: u32) -> Duration {
    let floor = asked.unwrap_or_default().min(RETRY_AFTER_MAX);
    base.max(floor) + base / 2 * jitter / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_has_the_wait_listed_for_it_and_the_last_has_none() {
        let waits = [1, 5, 25].map(Duration::from_secs);
        let listed = [1, 2, 3, 4, u32::MAX].map(|attempt| wait_listed(&waits, attempt));
        let [first, second, third] = waits.map(Some);
        assert_eq!(listed, [first, second, third, None, None]);
    }

    #[test]
    fn a_wait_is_spread_by_half_and_never_shorter_than_asked() {
        let check = |asked: Option<u64>, jitter: u32, expected_ms: u64| {
            let wait = wait_after(
                Duration::from_secs(10),
                asked.map(Duration::from_secs),
                jitter,
            );
            assert_eq!(
                wait,
                Duration::from_millis(expected_ms),
                "{asked:?} {jitter}"
            );
        };
        check(None, 0, 10_000);
        check(None, 500, 12_500);
        check(None, 999, 14_995);
        check(Some(4), 0, 10_000);
        check(Some(60), 0, 60_000);
        check(Some(60), 500, 62_500);
        check(Some(3_600), 0, 3_600_000);
        check(Some(3_601), 0, 3_600_000);
    }
}
