//! The instants that move a poll's bookmark.

use cresset_model::Timestamp;
use cresset_model::outcome::Outcome;

/// The newest and the second newest of the distinct times of a page that do not lie after its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Instants {
    /// The newest.
    pub newest: Option<Timestamp>,
    /// The newest before it.
    pub second_newest: Option<Timestamp>,
}

impl Instants {
    /// Takes one more instant in.
    pub fn add(&mut self, at: Timestamp) {
        match self.newest {
            Some(newest) if at == newest => {}
            Some(newest) if at < newest => {
                self.second_newest = self.second_newest.max(Some(at));
            }
            _ => {
                self.second_newest = self.newest;
                self.newest = Some(at);
            }
        }
    }

    /// The instants of two parts of a page together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for at in [other.newest, other.second_newest].into_iter().flatten() {
            self.add(at);
        }
        self
    }
}

/// The instants of one batch. Alerts that claim to come from after the receipt are left out: they are
/// stored, but drag no bookmark into the future.
pub fn instants(outcome: &Outcome) -> Instants {
    let mut instants = Instants::default();
    for alert in &outcome.alerts {
        if alert.created_at <= outcome.received {
            instants.add(alert.created_at);
        }
    }
    instants
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(seconds: &[i64]) -> Instants {
        let mut instants = Instants::default();
        for second in seconds {
            instants.add(Timestamp::from_nanos(*second));
        }
        instants
    }

    proptest! {
        #[test]
        fn the_two_newest_distinct_instants_are_kept_however_a_page_is_split(
            mut all in proptest::collection::vec(-5_i64..5, 0..12),
            split in 0_usize..12,
        ) {
            let (left, right) = all.split_at(split.min(all.len()));
            let merged = of(left).merge(of(right));
            prop_assert_eq!(merged, of(&all));
            all.sort_unstable();
            all.dedup();
            let mut newest_first = all.into_iter().rev().map(Timestamp::from_nanos);
            prop_assert_eq!(merged.newest, newest_first.next());
            prop_assert_eq!(merged.second_newest, newest_first.next());
        }
    }
}
