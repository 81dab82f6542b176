//! A set of codes: the values of one dictionary that pass a test.

use super::dictionary::{Dictionary, Entry, NONE};

/// One bit for each code. A code beyond the end stands for a value that is not known, and passes.
#[derive(Debug, Clone)]
pub(super) struct CodeSet {
    words: Vec<u64>,
    end: u32,
    /// Whether no row can pass.
    empty: bool,
    /// Whether the set says all there is to say.
    exact: bool,
}

impl CodeSet {
    /// The values that pass, or with `negated` those that do not. A missing value never passes the test
    /// and so always its negation.
    pub(super) fn new<K: Entry>(
        dictionary: &Dictionary<K>,
        negated: bool,
        mut passes: impl FnMut(&K) -> bool,
    ) -> Self {
        let end = dictionary.codes_end();
        let mut set = Self {
            words: vec![0; end.div_ceil(64)],
            end: u32::try_from(end).unwrap_or(u32::MAX),
            empty: !dictionary.has_overflowed(),
            exact: !dictionary.has_overflowed(),
        };
        if negated {
            set.insert(NONE);
        }
        for (code, value) in dictionary.entries() {
            if passes(value) != negated {
                set.insert(code);
            }
        }
        set
    }

    fn insert(&mut self, code: u32) {
        if let Some(word) = self.words.get_mut(code as usize / 64) {
            *word |= 1 << (code % 64);
            self.empty = false;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    pub(super) fn contains(&self, code: u32) -> bool {
        match self.words.get(code as usize / 64) {
            Some(word) => code >= self.end || word & (1 << (code % 64)) != 0,
            None => true,
        }
    }
}
