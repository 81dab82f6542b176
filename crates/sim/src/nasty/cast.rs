//! What every scenario is made from: its seed, its hour, and alerts by the dozen.

use std::net::SocketAddr;
use std::time::Duration;

use cresset_model::Timestamp;

use super::alert::Alert;
use super::book::{Book, Paging};
use crate::rng::Rng;

/// Where a scenario takes its material from.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) seed: u64,
    /// When it began, in whole seconds.
    pub(super) start: Timestamp,
    /// An address that nobody may contact.
    pub(super) trap: SocketAddr,
    made: u64,
}

impl Cast {
    pub(super) fn new(seed: u64, now: Timestamp, trap: SocketAddr) -> Self {
        Self {
            seed,
            start: Timestamp::from_seconds(now.seconds()).unwrap_or(now),
            trap,
            made: 0,
        }
    }

    /// An instant so many seconds before the beginning.
    pub(super) fn before(&self, seconds: u64) -> Timestamp {
        self.start.minus(Duration::from_secs(seconds))
    }

    /// An alert of that instant, under an id of its own.
    pub(super) fn alert(&mut self, at: Timestamp) -> Alert {
        let number = self.made;
        self.made += 1;
        let mut rng = Rng::of(self.seed ^ 0xa1e7, number);
        Alert::new(
            format!("alert-{}-{number}", self.start.seconds()),
            at,
            &mut rng,
        )
    }

    /// As many alerts, a second apart, the last one so many seconds before the beginning.
    pub(super) fn alerts(&mut self, count: u64, last: u64) -> Vec<Alert> {
        let at = |cast: &Self, nth: u64| cast.before(last + count - 1 - nth);
        (0..count)
            .map(|nth| {
                let at = at(self, nth);
                self.alert(at)
            })
            .collect()
    }

    /// A book with as many alerts, all within the overlap of a sync.
    pub(super) fn book(&mut self, paging: Paging, count: u64) -> Book {
        let mut book = Book::new(paging);
        for alert in self.alerts(count, 5) {
            book.tell(&alert);
        }
        book
    }

    pub(super) fn rng(&self, item: u64) -> Rng {
        Rng::of(self.seed ^ 0xca57, item)
    }
}
