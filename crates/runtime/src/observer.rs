//! Numbers what a source without fetches observes, such as pushes and lines, so that later content is newer.

use cresset_model::Timestamp;
use cresset_model::outcome::{OBSERVATION_PLACES, Observation};

/// The next number. A fetch is a hundredth of a second, which goes on after a restart; what comes within one
/// takes places in it, in the order in which it came.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    next: Observation,
}

impl Observer {
    /// The observation of the first of so many records that are taken in now; the others follow it.
    pub(crate) fn take(&mut self, now: Timestamp, records: usize) -> Observation {
        let fetch = u64::try_from(now.nanos() / 10_000_000).unwrap_or(0);
        if fetch > self.next.fetch {
            self.next = Observation { fetch, place: 0 };
        }
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        if self.next.place.saturating_add(records) > OBSERVATION_PLACES {
            self.next = Observation {
                fetch: self.next.fetch + 1,
                place: 0,
            };
        }
        let first = self.next;
        self.next.place = first.place.saturating_add(records);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes records at instants in milliseconds; each must be newer than all before it.
    fn check(taken: &[(i64, usize)]) {
        let mut observer = Observer::default();
        let mut last = -1;
        for (millis, records) in taken {
            let now = Timestamp::from_nanos(millis * 1_000_000);
            let first = observer.take(now, *records);
            assert!(first.packed() > last, "{first:?}");
            let place = first.place + u32::try_from(*records).unwrap() - 1;
            last = Observation { place, ..first }.packed();
            assert!(place < OBSERVATION_PLACES, "{place}");
        }
    }

    #[test]
    fn what_is_taken_later_is_newer_however_soon_it_comes() {
        check(&[(1_000, 1), (1_000, 24), (1_003, 1), (1_009, 5), (1_010, 1)]);
        // The clock goes back, and a hundredth of a second is full.
        check(&[
            (2_000, 3),
            (1_000, 3),
            (2_001, 16_000_000),
            (2_002, 16_000_000),
        ]);
    }
}
