//! A set of codes: the values of one dictionary that pass a test.

use super::dictionary::{Dictionary, Entry, NONE};

/// What to say of each code. One beyond the end stands for a value that is not known, and passes.
#[derive(Debug, Clone)]
pub(super) struct CodeSet {
    passes: Vec<bool>,
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
        let mut set = Self {
            passes: vec![false; dictionary.codes_end()],
            exact: !dictionary.has_overflowed(),
        };
        set.put(NONE, negated);
        for (code, value) in dictionary.entries() {
            set.put(code, passes(value) != negated);
        }
        set
    }

    fn put(&mut self, code: u32, passes: bool) {
        if let Some(place) = self.passes.get_mut(code as usize) {
            *place = passes;
        }
    }

    /// Whether no row can pass.
    pub(super) fn is_empty(&self) -> bool {
        self.exact && !self.passes.contains(&true)
    }

    /// Whether every row passes.
    pub(super) fn is_full(&self) -> bool {
        !self.passes.contains(&false)
    }

    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    pub(super) fn contains(&self, code: u32) -> bool {
        self.passes.get(code as usize).copied().unwrap_or(true)
    }
}
