//! How far every known file has been read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cresset_model::ports::{FILE_POSITIONS_MAX, FilePosition};

use super::key::{GENERATIONS_MAX, Key, Keys};

/// How far one file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The offset of the first byte that was not read.
    pub(super) offset: u64,
    /// The hash of the last bytes before it.
    pub(super) check: u64,
    /// The inode's number where it was read last.
    pub(super) inode: u64,
    /// Counts up with every use.
    used: u64,
}

impl Mark {
    /// The mark of a file that was read up to a position.
    pub(super) fn of(position: FilePosition) -> Self {
        Self {
            offset: position.offset,
            check: position.check,
            inode: position.inode,
            used: 0,
        }
    }
}

/// The marks of files that are not followed now.
#[derive(Debug, Default)]
pub(super) struct Known {
    marks: BTreeMap<u128, Mark>,
    uses: u64,
}

impl Known {
    /// Begins with what was stored, the latest first.
    pub(super) fn new(positions: &[FilePosition]) -> Self {
        let mut known = Self::default();
        for position in positions.iter().take(FILE_POSITIONS_MAX).rev() {
            known.set(position.fingerprint, Mark::of(*position));
        }
        known
    }

    /// Whether nothing was ever read.
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether one more can be remembered without forgetting another.
    pub(super) fn has_room(&self) -> bool {
        self.marks.len() < FILE_POSITIONS_MAX
    }

    /// Whether a file with this inode was read.
    pub(super) fn has_inode(&self, inode: u64) -> bool {
        self.marks.values().any(|mark| mark.inode == inode)
    }

    /// Remembers a file; the one not used for longest is forgotten for it when there are too many.
    pub(super) fn set(&mut self, fingerprint: u128, mark: Mark) {
        self.uses += 1;
        let used = self.uses;
        self.marks.insert(fingerprint, Mark { used, ..mark });
        if self.marks.len() > FILE_POSITIONS_MAX {
            let oldest = self.marks.iter().min_by_key(|(_, mark)| mark.used);
            if let Some(oldest) = oldest.map(|(fingerprint, _)| *fingerprint) {
                self.marks.remove(&oldest);
            }
        }
    }

    /// Takes a file out, because it is followed from now on.
    pub(super) fn take(&mut self, fingerprint: u128) -> Option<Mark> {
        self.marks.remove(&fingerprint)
    }

    /// How far a file was read.
    pub(super) fn get(&self, fingerprint: u128) -> Option<&Mark> {
        self.marks.get(&fingerprint)
    }

    /// The files that begin so: those read furthest first, as one that agrees with a candidate that far has
    /// most in common with it; then the one with its inode, then the one used last.
    pub(super) fn with_keys(&self, keys: Keys, inode: u64) -> Vec<(u128, Mark)> {
        let mut found: Vec<_> = keys.iter().flat_map(|key| self.with_key(key)).collect();
        found.sort_by_key(|(_, mark)| Reverse((mark.offset, mark.inode == inode, mark.used)));
        found
    }

    fn with_key(&self, key: Key) -> Vec<(u128, Mark)> {
        let (first, end) = (key.fingerprint(0), key.fingerprint(GENERATIONS_MAX));
        let marks: Vec<_> = if first < end {
            self.marks.range(first..end).collect()
        } else {
            self.marks
                .range(first..)
                .chain(self.marks.range(..end))
                .collect()
        };
        marks
            .into_iter()
            .map(|(fingerprint, mark)| (*fingerprint, *mark))
            .collect()
    }

    /// A fingerprint for another file that begins so, given those in use.
    pub(super) fn next_generation(&self, key: Key, followed: impl Iterator<Item = u128>) -> u128 {
        let mut taken: Vec<u128> = self
            .with_key(key)
            .into_iter()
            .map(|(fingerprint, _)| fingerprint)
            .chain(followed)
            .filter_map(|fingerprint| key.generation(fingerprint))
            .collect();
        taken.sort_unstable();
        // After the latest, so that the numbers of forgotten files are not used again too soon.
        let after_last = taken.last().map_or(0, |last| last + 1);
        let free = (0..GENERATIONS_MAX).find(|generation| taken.binary_search(generation).is_err());
        let generation = if after_last < GENERATIONS_MAX {
            after_last
        } else {
            free.unwrap_or(0)
        };
        key.fingerprint(generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(fingerprint: u128, offset: u64) -> FilePosition {
        FilePosition {
            fingerprint,
            offset,
            inode: offset,
            check: 0,
        }
    }

    #[test]
    fn the_file_not_used_for_longest_is_forgotten_at_the_limit() {
        let positions: Vec<_> = (0..=FILE_POSITIONS_MAX as u128)
            .map(|n| position(n * 10_000, 1))
            .collect();
        let mut known = Known::new(&positions);
        assert!(!known.has_room());
        let last = (FILE_POSITIONS_MAX as u128 - 1) * 10_000;
        assert!(known.get(last).is_some(), "at the limit");
        assert!(known.get(last + 10_000).is_none(), "beyond it");
        known.set(1, Mark::of(position(1, 1)));
        assert!(known.get(last).is_none(), "stored before the others");
        assert_eq!(known.get(0).map(|mark| mark.offset), Some(1));
    }

    #[test]
    fn generations_are_found_by_their_key_the_longest_first() {
        let keys = Keys::of(b"line\n");
        let key = keys.iter().next().unwrap();
        let mut known = Known::new(&[
            position(key.fingerprint(2), 5),
            position(key.fingerprint(7), 9),
            position(key.fingerprint(8), 5),
            position(key.fingerprint(GENERATIONS_MAX), 5),
        ]);
        let found = |known: &Known| -> Vec<u128> {
            let found = known.with_keys(keys, 5);
            found.iter().map(|(fingerprint, _)| *fingerprint).collect()
        };
        let expected = [7, 2, 8].map(|generation| key.fingerprint(generation));
        assert_eq!(found(&known), expected);
        assert_eq!(
            known.next_generation(key, std::iter::empty()),
            key.fingerprint(9)
        );
        let followed = std::iter::once(key.fingerprint(GENERATIONS_MAX - 1));
        assert_eq!(known.next_generation(key, followed), key.fingerprint(0));
        assert_eq!(
            known.take(key.fingerprint(7)).map(|mark| mark.offset),
            Some(9)
        );
        assert_eq!(found(&known), expected[1..]);
    }
}
