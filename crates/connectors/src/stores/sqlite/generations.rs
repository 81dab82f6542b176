//! In which generations of arrival an identity may be. The identities of the latest alerts lie close together on
//! the disk, so that a commit touches few pages however many there are in all; what is asked of the older ones is
//! answered here, in memory, and almost always with no.

use cresset_model::AlertId;
use cresset_model::alert::Seq;
use rusqlite::{Connection, params};

use super::books::signed;
use super::error::Failure;

/// The identities of so many alerts, as a power of two, are a generation.
const GENERATION_SHIFT: u32 = 14;
/// Places of a filter, as a power of two: sixteen for each identity.
const FILTER_SHIFT: u32 = GENERATION_SHIFT + 4;
const FILTER_BITS: usize = 1 << FILTER_SHIFT;
/// Bytes of a filter as it is stored.
const FILTER_BYTES: usize = FILTER_BITS / 8;
/// Places that an identity takes. Identities are hashes, so their own bits say which; one that was never stored is
/// found in one generation of a thousand.
const PLACES: usize = 6;
/// Generations that are asked together.
const TOGETHER: usize = 64;

/// The generation of the alert at this place in the order of arrival.
pub(super) fn of(seq: Seq) -> i64 {
    signed(seq >> GENERATION_SHIFT)
}

/// The filters of all generations. They never miss an identity that was added; what they hold too much, such as what a
/// transaction has taken back, costs a look into the table.
#[derive(Debug, Default)]
pub(super) struct Generations {
    groups: Vec<Group>,
    /// Where the last one that was added to lies.
    latest: Option<(i64, Slot)>,
}

/// The filters of some generations, turned: a word for each place, in it a bit for each generation.
#[derive(Debug)]
struct Group {
    words: Vec<u64>,
    names: [Option<i64>; TOGETHER],
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    group: usize,
    bit: usize,
}

impl Group {
    fn new() -> Self {
        Self {
            words: vec![0; FILTER_BITS],
            names: [None; TOGETHER],
        }
    }
}

fn places(id: AlertId) -> [usize; PLACES] {
    std::array::from_fn(|at| {
        let bits = (id.0 >> (FILTER_SHIFT as usize * at)) % FILTER_BITS as u128;
        usize::try_from(bits).expect("a remainder is below the places of a filter")
    })
}

impl Generations {
    /// Reads the filters back. Those that were not stored are made from the table, and stored for the next time
    /// but for the one of the latest generation, which grows.
    pub(super) fn load(connection: &Connection) -> Result<Self, Failure> {
        let mut generations = Self::default();
        let mut unfiltered = Vec::new();
        let mut statement = connection
            .prepare("SELECT generation, filter FROM identity_generations ORDER BY generation")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let generation: i64 = row.get(0)?;
            let filter = row.get_ref(1)?.as_blob_or_null();
            match filter.map_err(rusqlite::Error::from)? {
                Some(filter) if filter.len() == FILTER_BYTES => {
                    generations.restore(generation, filter);
                }
                _ => unfiltered.push(generation),
            }
        }
        let latest = unfiltered.last().copied();
        for generation in unfiltered {
            generations.fill(connection, generation)?;
            if Some(generation) != latest
                && let Err(failure) = generations.seal(connection, generation)
            {
                tracing::warn!(error = ?failure, "the filter of old identities could not be stored");
            }
        }
        Ok(generations)
    }

    fn fill(&mut self, connection: &Connection, generation: i64) -> Result<(), Failure> {
        let mut statement =
            connection.prepare_cached("SELECT id FROM identity WHERE generation = ?1")?;
        let mut rows = statement.query([generation])?;
        while let Some(row) = rows.next()? {
            self.add(generation, AlertId::from_bytes(row.get(0)?));
        }
        Ok(())
    }

    /// The generations that may hold the identity.
    pub(super) fn candidates(&self, id: AlertId) -> impl Iterator<Item = i64> {
        let places = places(id);
        self.groups.iter().flat_map(move |group| {
            let mut met = places.iter().fold(u64::MAX, |met, place| {
                met & group.words.get(*place).copied().unwrap_or(u64::MAX)
            });
            std::iter::from_fn(move || {
                let bit = met.trailing_zeros() as usize;
                met &= met.wrapping_sub(1);
                group.names.get(bit).copied()
            })
            .flatten()
        })
    }

    /// Adds an identity to a generation.
    pub(super) fn add(&mut self, generation: i64, id: AlertId) {
        let slot = match self.latest {
            Some((latest, slot)) if latest == generation => slot,
            _ => self.slot(generation),
        };
        self.latest = Some((generation, slot));
        if let Some(group) = self.groups.get_mut(slot.group) {
            for place in places(id) {
                if let Some(word) = group.words.get_mut(place) {
                    *word |= 1 << slot.bit;
                }
            }
        }
    }

    /// Forgets a generation that is empty.
    pub(super) fn remove(&mut self, generation: i64) {
        let Some(slot) = self.find(Some(generation)) else {
            return;
        };
        self.latest = None;
        if let Some(group) = self.groups.get_mut(slot.group) {
            group.names[slot.bit % TOGETHER] = None;
            for word in &mut group.words {
                *word &= !(1 << slot.bit);
            }
        }
    }

    /// Stores the filter of a generation that has ended.
    pub(super) fn seal(&self, connection: &Connection, generation: i64) -> Result<(), Failure> {
        let Some(slot) = self.find(Some(generation)) else {
            return Ok(());
        };
        let words = self
            .groups
            .get(slot.group)
            .map_or(&[][..], |group| &group.words);
        let filter: Vec<u8> = words
            .chunks(8)
            .map(|eight| {
                let bits = eight.iter().rev();
                bits.fold(0, |byte, word| {
                    byte << 1 | u8::from(word >> slot.bit & 1 == 1)
                })
            })
            .collect();
        connection
            .prepare_cached("UPDATE identity_generations SET filter = ?2 WHERE generation = ?1")?
            .execute(params![generation, filter])?;
        Ok(())
    }

    fn restore(&mut self, generation: i64, filter: &[u8]) {
        let slot = self.slot(generation);
        let Some(group) = self.groups.get_mut(slot.group) else {
            return;
        };
        for (byte, words) in filter.iter().zip(group.words.chunks_mut(8)) {
            for (place, word) in words.iter_mut().enumerate() {
                *word |= u64::from(byte >> place & 1) << slot.bit;
            }
        }
    }

    /// The place of a generation, a free one if it has none yet.
    fn slot(&mut self, generation: i64) -> Slot {
        let free = self.find(Some(generation)).or_else(|| self.find(None));
        let slot = free.unwrap_or_else(|| {
            self.groups.push(Group::new());
            Slot {
                group: self.groups.len() - 1,
                bit: 0,
            }
        });
        if let Some(group) = self.groups.get_mut(slot.group) {
            group.names[slot.bit % TOGETHER] = Some(generation);
        }
        slot
    }

    fn find(&self, name: Option<i64>) -> Option<Slot> {
        let mut groups = self.groups.iter().enumerate();
        groups.find_map(|(at, group)| {
            let bit = group.names.iter().position(|other| *other == name)?;
            Some(Slot { group: at, bit })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(seed: u64) -> AlertId {
        AlertId::from_bytes(
            blake3::hash(&seed.to_le_bytes()).as_bytes()[..16]
                .try_into()
                .unwrap(),
        )
    }

    fn found(generations: &Generations, seed: u64) -> Vec<i64> {
        generations.candidates(id(seed)).collect()
    }

    /// To break it: leave one of an identity's places out when it is added.
    #[test]
    fn an_identity_is_always_found_and_others_almost_never() {
        let mut generations = Generations::default();
        let each = 1 << GENERATION_SHIFT;
        for seed in 0..3 * each {
            generations.add(i64::try_from(seed / each).unwrap(), id(seed));
        }
        for seed in 0..3 * each {
            let generation = i64::try_from(seed / each).unwrap();
            assert!(found(&generations, seed).contains(&generation));
        }
        let wrong: usize = (3 * each..4 * each)
            .map(|seed| found(&generations, seed).len())
            .sum();
        let asked = usize::try_from(3 * each).unwrap();
        assert!(wrong < asked / 500, "{wrong} of {asked}");
    }

    /// To break it: keep the bits of a generation that is forgotten.
    #[test]
    fn a_forgotten_generation_leaves_its_place_to_the_next() {
        let mut generations = Generations::default();
        for generation in 0..100 {
            generations.add(generation, id(generation.unsigned_abs()));
        }
        let groups = generations.groups.len();
        for generation in 0..50 {
            generations.remove(generation);
            assert!(found(&generations, generation.unsigned_abs()).is_empty());
        }
        for generation in 100..150 {
            generations.add(generation, id(1_000));
        }
        assert_eq!(generations.groups.len(), groups);
        assert_eq!(found(&generations, 1_000).len(), 50);
        assert!(found(&generations, 7).is_empty());
        assert_eq!(found(&generations, 77), [77]);
    }
}
