//! Values as codes, so that a column is narrow and a filter looks at each distinct value once.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv6Addr;
use std::sync::Arc;

/// The code of a missing value.
pub(super) const NONE: u32 = 0;

/// A value that a dictionary keeps.
pub(super) trait Entry: Clone + Eq + Hash {
    /// Bytes it takes outside the dictionary's own tables.
    fn heap_bytes(&self) -> usize;
}

impl Entry for Arc<str> {
    fn heap_bytes(&self) -> usize {
        // The text, the two counts of the `Arc`, and what an allocator adds.
        self.len() + 16 + 16
    }
}

impl Entry for Ipv6Addr {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// Values with codes from 1 in the order of their first occurrence. A full dictionary gives its last
/// code, [`Dictionary::overflow`], to every further value: nothing can be said about such a row.
#[derive(Debug)]
pub(super) struct Dictionary<K> {
    values: Vec<K>,
    codes: HashMap<K, u32>,
    heap_bytes: usize,
    overflow: u32,
    overflowed: bool,
}

impl<K: Entry> Dictionary<K> {
    /// A dictionary whose codes fit below `overflow`.
    pub(super) fn new(overflow: u32) -> Self {
        Self {
            values: Vec::new(),
            codes: HashMap::new(),
            heap_bytes: 0,
            overflow,
            overflowed: false,
        }
    }

    /// Whether a row may bear the overflow code.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// The code of a value, a new one if need be.
    pub(super) fn encode<Q>(&mut self, value: &Q, own: impl FnOnce(&Q) -> K) -> u32
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(code) = self.codes.get(value) {
            return *code;
        }
        let code = u32::try_from(self.values.len() + 1).unwrap_or(u32::MAX);
        if code >= self.overflow {
            self.overflowed = true;
            return self.overflow;
        }
        let value = own(value);
        self.heap_bytes += value.heap_bytes();
        self.values.push(value.clone());
        self.codes.insert(value, code);
        code
    }

    /// The code of a value that is there.
    pub(super) fn code<Q>(&self, value: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.codes.get(value).copied()
    }

    /// The value of a code.
    pub(super) fn value(&self, code: u32) -> Option<&K> {
        self.values.get((code as usize).checked_sub(1)?)
    }

    /// All codes with their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &K)> {
        (1..).zip(&self.values)
    }

    /// Codes in use, [`NONE`] included: every code but the overflow lies below.
    pub(super) fn codes_end(&self) -> usize {
        self.values.len() + 1
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        // The table of a hash map keeps a key, a value and a control byte for each place, and an eighth
        // of its places stays free.
        let place = size_of::<(K, u32)>() + 1;
        self.values.capacity() * size_of::<K>()
            + self.codes.capacity() * place * 8 / 7
            + self.heap_bytes
    }

    /// Forgets the values that no row has. Returns the new code of each old one, or nothing if all stay.
    pub(super) fn retain(&mut self, used: &Used) -> Option<Vec<u32>> {
        self.overflowed = used.overflow;
        if self.entries().all(|(code, _)| used.contains(code)) {
            return None;
        }
        let mut kept = Self::new(self.overflow);
        kept.overflowed = used.overflow;
        let mut new_codes = vec![NONE; self.codes_end()];
        for ((code, value), new_code) in self.entries().zip(new_codes.iter_mut().skip(1)) {
            if used.contains(code) {
                *new_code = kept.encode(value, K::clone);
            }
        }
        kept.values.shrink_to_fit();
        kept.codes.shrink_to_fit();
        *self = kept;
        Some(new_codes)
    }
}

/// Which codes occur in the rows.
#[derive(Debug)]
pub(super) struct Used {
    codes: Vec<bool>,
    overflow: bool,
}

impl Used {
    /// No code of the dictionary so far.
    pub(super) fn none_of<K: Entry>(dictionary: &Dictionary<K>) -> Self {
        Self {
            codes: vec![false; dictionary.codes_end()],
            overflow: false,
        }
    }

    /// Marks a code.
    pub(super) fn insert(&mut self, code: u32) {
        match self.codes.get_mut(code as usize) {
            Some(used) => *used = true,
            None => self.overflow = true,
        }
    }

    fn contains(&self, code: u32) -> bool {
        self.codes.get(code as usize).copied().unwrap_or(true)
    }
}
