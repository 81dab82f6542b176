//! Chance that can be repeated.

use std::time::Duration;

/// A generator of numbers (`SplitMix64`), the same for the same seed.
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `greatest`, both possible.
    pub(crate) fn between(&mut self, least: u64, greatest: u64) -> u64 {
        least + self.next() % (greatest - least + 1)
    }

    /// A time from `least` to `greatest`, in milliseconds.
    pub(crate) fn millis(&mut self, least: u64, greatest: u64) -> Duration {
        Duration::from_millis(self.between(least, greatest))
    }
}
