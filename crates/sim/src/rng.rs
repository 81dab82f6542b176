//! Numbers that look random and repeat with their seed.

/// `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The numbers of one `item` of one story: independent of every other item.
    pub fn of(seed: u64, item: u64) -> Self {
        let mut rng = Self(seed);
        let mixed = rng.next();
        Self(mixed ^ item.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let count = u128::from(high.saturating_sub(low)) + 1;
        let offset = (u128::from(self.next()) * count) >> 64;
        // The offset is below the count, which a number holds.
        low.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn byte(&mut self, low: u8, high: u8) -> u8 {
        let number = self.between(low.into(), high.into());
        u8::try_from(number).expect("the number is not above `high`")
    }

    /// Whether something happens that does so that many times in a thousand.
    pub fn chance(&mut self, thousandths: u64) -> bool {
        self.between(0, 999) < thousandths
    }

    /// A number from 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).expect("32 bits are left");
        f64::from(high) / 4_294_967_296.0
    }

    /// One of `items`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let last = items.len().saturating_sub(1) as u64;
        let index = usize::try_from(self.between(0, last)).expect("the index is below a length");
        &items[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_item_give_the_same_numbers() {
        let numbers = |seed, item| {
            let mut rng = Rng::of(seed, item);
            [rng.next(), rng.next(), rng.next()]
        };
        assert_eq!(numbers(1, 2), numbers(1, 2));
        assert_ne!(numbers(1, 2), numbers(1, 3));
        assert_ne!(numbers(1, 2), numbers(2, 2));
    }

    #[test]
    fn every_number_of_a_range_comes_and_no_other() {
        let mut rng = Rng::of(7, 0);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[usize::from(rng.byte(1, 5)) - 1] += 1;
        }
        assert!(
            seen.iter().all(|count| (100..300).contains(count)),
            "{seen:?}"
        );
        assert_eq!(rng.between(9, 9), 9);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&rng.unit())));
    }
}
