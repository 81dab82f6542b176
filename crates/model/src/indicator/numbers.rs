//! Sets of addresses as numbers.

use super::hash_index::HashIndex;

/// From this many numbers on a jump table pays for its 256 KiB.
const JUMPS_FROM: usize = 2_048;

/// For sorted 32-bit numbers: how many lie below each multiple of 2^16, so that only the few numbers with
/// the same upper half are searched.
#[derive(Debug, Clone, Default)]
pub(super) struct Jumps {
    below: Vec<u32>,
}

impl Jumps {
    pub(super) fn of(sorted: &[u32]) -> Self {
        if sorted.len() < JUMPS_FROM {
            return Self::default();
        }
        let mut below = vec![0_u32; (1 << 16) + 2];
        for number in sorted {
            if let Some(count) = below.get_mut((number >> 16) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut below {
            sum += *count;
            *count = sum;
        }
        Self { below }
    }

    /// The numbers with the same upper half, and how many lie below them.
    pub(super) fn narrow<'a>(&self, sorted: &'a [u32], number: u32) -> (usize, &'a [u32]) {
        let half = (number >> 16) as usize;
        match self.below.get(half..half + 2) {
            Some(&[from, to]) => {
                let (from, to) = (from as usize, to as usize);
                (from, sorted.get(from..to).unwrap_or_default())
            }
            _ => (0, sorted),
        }
    }
}

/// Bits of a [`Presence`] for each number, at least.
const PRESENCE_BITS_EACH: usize = 8;
/// The fewest and the most leading bits that a [`Presence`] tells apart.
const PRESENCE_PREFIX: (u32, u32) = (6, 24);

/// Which leading bits occur among 32-bit numbers. Most numbers that are not there are told by one look at a
/// mebibyte or two, instead of a search in memory that no cache holds.
#[derive(Debug, Clone)]
struct Presence {
    words: Vec<u64>,
    /// Bits of a number that do not count.
    shift: u32,
}

impl Presence {
    fn of(numbers: &[u32]) -> Self {
        let (fewest, most) = PRESENCE_PREFIX;
        let bits = numbers.len().saturating_mul(PRESENCE_BITS_EACH);
        let prefix = bits.next_power_of_two().ilog2().clamp(fewest, most);
        let mut presence = Self {
            words: vec![0; 1 << (prefix - 6)],
            shift: 32 - prefix,
        };
        for number in numbers {
            let (word, bit) = presence.place(*number);
            if let Some(word) = presence.words.get_mut(word) {
                *word |= bit;
            }
        }
        presence
    }

    fn has(&self, number: u32) -> bool {
        let (word, bit) = self.place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(&self, number: u32) -> (usize, u64) {
        let prefix = number >> self.shift;
        ((prefix >> 6) as usize, 1 << (prefix & 63))
    }
}

/// IPv4 addresses: sorted, searched within one /16.
#[derive(Debug, Clone)]
pub(super) struct V4Set {
    sorted: Vec<u32>,
    jumps: Jumps,
    presence: Presence,
}

impl V4Set {
    pub(super) fn new(mut numbers: Vec<u32>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.shrink_to_fit();
        Self {
            jumps: Jumps::of(&numbers),
            presence: Presence::of(&numbers),
            sorted: numbers,
        }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        if !self.presence.has(number) {
            return false;
        }
        let (_, near) = self.jumps.narrow(&self.sorted, number);
        near.binary_search(&number).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }
}

/// IPv6 addresses, which crowd in few networks: by hash.
#[derive(Debug, Clone, Default)]
pub(super) struct V6Set {
    numbers: Vec<u128>,
    index: HashIndex,
}

impl V6Set {
    pub(super) fn new(mut numbers: Vec<u128>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.shrink_to_fit();
        let mut hasher = blake3::Hasher::new();
        for number in &numbers {
            hasher.update(&number.to_le_bytes());
        }
        let mut index = HashIndex::new(numbers.len(), &hasher);
        for (place, number) in (0_u32..).zip(&numbers) {
            index.insert(index.hash(&number.to_le_bytes()), place);
        }
        Self { numbers, index }
    }

    pub(super) fn contains(&self, number: u128) -> bool {
        if self.numbers.is_empty() {
            return false;
        }
        let hash = self.index.hash(&number.to_le_bytes());
        let is_key = |place: usize| self.numbers.get(place) == Some(&number);
        self.index.find(hash, is_key).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}
