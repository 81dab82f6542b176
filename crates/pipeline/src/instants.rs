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

/// How the times of a page's records run, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The time of the first record.
    pub first: Timestamp,
    /// The time of the last one.
    pub last: Timestamp,
    /// Whether no time is later than the one before it.
    pub never_rises: bool,
}

impl Order {
    /// Whether the records come from the newest to the oldest.
    pub fn is_falling(&self) -> bool {
        self.never_rises && self.first > self.last
    }

    /// The order of two parts of a page together.
    #[must_use]
    pub fn merge(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        let (Some(left), Some(right)) = (left, right) else {
            return left.or(right);
        };
        Some(Self {
            first: left.first,
            last: right.last,
            never_rises: left.never_rises && right.never_rises && right.first <= left.last,
        })
    }
}

/// The order of one batch, its alerts alone; `None` without any.
pub fn order(outcome: &Outcome) -> Option<Order> {
    let one = |at| Order {
        first: at,
        last: at,
        never_rises: true,
    };
    let mut order = None;
    for alert in &outcome.alerts {
        order = Order::merge(order, Some(one(alert.created_at)));
    }
    order
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

    fn order_of(seconds: &[i64]) -> Option<Order> {
        let one = |second: &i64| {
            let at = Timestamp::from_nanos(*second);
            Order {
                first: at,
                last: at,
                never_rises: true,
            }
        };
        seconds
            .iter()
            .fold(None, |order, second| Order::merge(order, Some(one(second))))
    }

    proptest! {
        #[test]
        fn the_order_of_a_page_is_the_same_however_it_is_split(
            all in proptest::collection::vec(-2_i64..2, 0..5),
            split in 0_usize..5,
        ) {
            let (left, right) = all.split_at(split.min(all.len()));
            let merged = Order::merge(order_of(left), order_of(right));
            prop_assert_eq!(merged, order_of(&all));
            let falls = all.windows(2).all(|pair| pair[0] >= pair[1]) && all.first() != all.last();
            prop_assert_eq!(merged.is_some_and(|order| order.is_falling()), falls);
        }

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
