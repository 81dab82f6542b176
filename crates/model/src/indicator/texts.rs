//! A set of texts.

use super::hash_index::HashIndex;

/// Texts one after the other, found by hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    arena: String,
    ends: Vec<u32>,
    index: HashIndex,
    distinct: usize,
}

/// Bytes of all texts together: their ends are 32 bits wide.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 31;

impl Texts {
    /// Adds a text; the caller keeps to [`TEXT_BYTES_MAX`]. Found only after [`Texts::seal`].
    pub(super) fn push(&mut self, text: &str) {
        self.arena.push_str(text);
        self.ends
            .push(u32::try_from(self.arena.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Builds the index, once.
    pub(super) fn seal(&mut self) {
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.arena.as_bytes());
        let mut index = HashIndex::new(self.ends.len(), &hasher);
        self.distinct = 0;
        for place in 0..self.ends.len() {
            let text = self.text(place);
            let hash = index.hash(text.as_bytes());
            if index.find(hash, |other| self.text(other) == text).is_none()
                && let Ok(place) = u32::try_from(place)
            {
                index.insert(hash, place);
                self.distinct += 1;
            }
        }
        self.index = index;
    }

    /// The text that equals `key`.
    pub(super) fn find(&self, key: &[u8]) -> Option<&str> {
        if self.ends.is_empty() {
            return None;
        }
        let is_key = |place: usize| self.text(place).as_bytes() == key;
        let place = self.index.find(self.index.hash(key), is_key)?;
        Some(self.text(place))
    }

    /// Number of distinct texts.
    pub(super) fn len(&self) -> usize {
        self.distinct
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|place| self.text(place))
    }

    fn text(&self, place: usize) -> &str {
        let end_of = |place: usize| self.ends.get(place).map_or(0, |end| *end as usize);
        let start = place.checked_sub(1).map_or(0, end_of);
        self.arena.get(start..end_of(place)).unwrap_or_default()
    }
}
