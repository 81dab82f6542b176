//! A hash table from keys that lie elsewhere to their places.

const MULTIPLIERS: [u64; 3] = [
    0x9e37_79b9_7f4a_7c15,
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
];

/// Open addressing over places of keys; a slot holds the upper half of the key's hash too, so that a
/// key that is not there costs one memory access and almost never a comparison. The seed comes from a
/// cryptographic hash of all keys: who writes a list cannot choose keys that collide.
#[derive(Debug, Clone, Default)]
pub(super) struct HashIndex {
    slots: Vec<Slot>,
    seed: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    tag: u32,
    /// Place of the key plus one; 0 marks an empty slot.
    place: u32,
}

impl HashIndex {
    /// An empty index for up to `keys` keys; `all_keys` is what the seed is made of.
    pub(super) fn new(keys: usize, all_keys: &blake3::Hasher) -> Self {
        let slots = match keys {
            0 => 0,
            keys => (keys + keys / 3 + 1).next_power_of_two(),
        };
        let seed = all_keys.finalize();
        let seed = seed
            .as_bytes()
            .first_chunk::<8>()
            .copied()
            .unwrap_or_default();
        Self {
            slots: vec![Slot::default(); slots],
            seed: u64::from_le_bytes(seed),
        }
    }

    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        let [first, middle, last] = MULTIPLIERS;
        let length = (key.len() as u64).wrapping_mul(first);
        let (words, rest) = key.as_chunks::<8>();
        let mut state = self.seed ^ length;
        for word in words {
            state = fold(state ^ u64::from_le_bytes(*word), middle);
        }
        let tail = rest
            .iter()
            .rev()
            .fold(0, |tail, byte| (tail << 8) | u64::from(*byte));
        fold(state ^ tail, last)
    }

    /// The place of the key with this hash, as `is_key` recognizes it.
    pub(super) fn find(&self, hash: u64, is_key: impl Fn(usize) -> bool) -> Option<usize> {
        let (start, tag) = self.start(hash);
        let mut at = start;
        loop {
            let slot = self.slots.get(at)?;
            let place = slot.place.checked_sub(1)? as usize;
            if slot.tag == tag && is_key(place) {
                return Some(place);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds a key that is not there. Never more keys than were announced: an empty slot always remains.
    pub(super) fn insert(&mut self, hash: u64, place: u32) {
        let (mut at, tag) = self.start(hash);
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.place == 0 {
                *slot = Slot {
                    tag,
                    place: place + 1,
                };
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The first slot of a hash, from its lower half, and its tag, the upper half.
    fn start(&self, hash: u64) -> (usize, u32) {
        let mask = self.slots.len().wrapping_sub(1) as u64;
        let low = hash & mask & u64::from(u32::MAX);
        (
            usize::try_from(low).unwrap_or_default(),
            u32::try_from(hash >> 32).unwrap_or_default(),
        )
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default();
    let high = u64::try_from(product >> 64).unwrap_or_default();
    low ^ high
}
