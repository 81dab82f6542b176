//! The rows of a block that pass, as a list: every further look costs only what is left.

/// Rows that are looked at together: small enough that a short page reads little and the list stays in
/// the nearest cache, large enough that choosing the loop costs nothing.
pub(super) const BLOCK_ROWS: usize = 1 << 10;

/// Rows of a block in ascending order, counted from its start.
#[derive(Debug, Clone)]
pub(super) struct Picked {
    /// Not filled in while the block is whole.
    rows: [u16; BLOCK_ROWS],
    len: usize,
    /// Rows of the block.
    block: u16,
    /// Whether every row of the block is still there.
    is_whole: bool,
}

impl Picked {
    /// No rows of no block.
    pub(super) fn none() -> Self {
        Self {
            rows: [0; BLOCK_ROWS],
            len: 0,
            block: 0,
            is_whole: false,
        }
    }

    /// Every row of a block of so many, at most [`BLOCK_ROWS`].
    pub(super) fn fill(&mut self, rows: usize) {
        self.len = rows.min(BLOCK_ROWS);
        self.block = u16::try_from(self.len).unwrap_or(0);
        self.is_whole = true;
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.is_whole = false;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps the rows that pass. There is no branch on the outcome: what passes is mostly not foreseeable.
    pub(super) fn retain(&mut self, passes: impl Fn(usize) -> bool) {
        let mut kept = 0;
        if self.is_whole {
            for row in 0..self.block {
                self.rows[kept % BLOCK_ROWS] = row;
                kept += usize::from(passes(usize::from(row)));
            }
            self.is_whole = kept == usize::from(self.block);
        } else {
            for at in 0..self.len {
                let row = self.rows[at % BLOCK_ROWS];
                self.rows[kept % BLOCK_ROWS] = row;
                kept += usize::from(passes(usize::from(row)));
            }
        }
        self.len = kept;
    }

    /// Visits the rows in order.
    pub(super) fn each(&self, visit: impl FnMut(usize)) {
        self.each_of(0, self.len, visit);
    }

    /// Visits the rows from one place of the list up to another.
    pub(super) fn each_of(&self, from: usize, to: usize, mut visit: impl FnMut(usize)) {
        if self.is_whole {
            (from..to).for_each(visit);
            return;
        }
        for row in self.rows.get(from..to).unwrap_or_default() {
            visit(usize::from(*row));
        }
    }

    /// The rows from the last back.
    pub(super) fn backward(&self) -> impl Iterator<Item = usize> {
        (0..self.len).rev().map(|at| {
            if self.is_whole {
                at
            } else {
                usize::from(self.rows[at % BLOCK_ROWS])
            }
        })
    }

    /// How many of the rows come before this one.
    pub(super) fn before(&self, row: usize) -> usize {
        if self.is_whole {
            return row.min(self.len);
        }
        let rows = self.rows.get(..self.len).unwrap_or_default();
        rows.partition_point(|picked| usize::from(*picked) < row)
    }
}
