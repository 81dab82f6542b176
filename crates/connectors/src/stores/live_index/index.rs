//! The index as others see it.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

use cresset_model::alert::Seq;
use cresset_model::query::Filter;

use super::chunk::{CHUNK_ROWS, Chunk};
use super::compile::Plan;
use super::encode::Dictionaries;
use super::picked::{BLOCK_ROWS, Picked};
use super::row::IndexRow;
use super::scan;

#[cfg(test)]
mod tests;

/// Removed and changed rows after which the dictionaries may hold enough that no row has; from there on
/// they are swept when half of the rows have gone or changed.
const SWEEP_ROWS_MIN: usize = 1 << 10;

/// The hot columns of all kept alerts.
#[derive(Debug)]
pub struct LiveIndex {
    chunks: VecDeque<Chunk>,
    rows: usize,
    pub(super) dictionaries: Dictionaries,
    /// Rows removed or changed since the dictionaries were swept.
    stale_rows: usize,
    chunk_rows: usize,
    budget_bytes: usize,
}

/// The rows of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// The newest first.
    pub seqs: Vec<Seq>,
    /// Whether they are what the filter asks for. Otherwise they are more: terms that the index cannot
    /// decide (ids, description, words) are still to be tested, by [`Filter::matches`].
    pub exact: bool,
    /// Whether no older row passes. If not, the rows before the last of `seqs` are still to be asked for.
    pub exhausted: bool,
}

impl LiveIndex {
    /// An empty index that should take no more than so many bytes.
    pub fn new(budget_bytes: usize) -> Self {
        Self::with_chunk_rows(budget_bytes, CHUNK_ROWS)
    }

    fn with_chunk_rows(budget_bytes: usize, chunk_rows: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            rows: 0,
            dictionaries: Dictionaries::new(),
            stale_rows: 0,
            chunk_rows,
            budget_bytes,
        }
    }

    /// Adds a row that is newer than all others. A row that is already there is replaced, so that filling
    /// and following may overlap; one that is neither is left out.
    pub fn append(&mut self, row: &IndexRow<'_>) {
        if self
            .chunks
            .back()
            .is_some_and(|last| row.seq <= last.last_seq())
        {
            return self.change(row);
        }
        let encoded = self.dictionaries.encode(row);
        let chunk_rows = self.chunk_rows;
        let added = self
            .chunks
            .back_mut()
            .is_some_and(|last| last.rows() < chunk_rows && last.push(&encoded));
        if !added {
            self.chunks.push_back(Chunk::new(&encoded));
        }
        self.rows += 1;
    }

    /// Replaces what can change of a row: everything but `seq` and `ingested_at`. A row that is not there,
    /// because retention has taken it, stays away.
    pub fn change(&mut self, row: &IndexRow<'_>) {
        let at = self
            .chunks
            .partition_point(|chunk| chunk.last_seq() < row.seq);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        let Some(place) = chunk.find(row.seq) else {
            return;
        };
        chunk.set(place, &self.dictionaries.encode(row));
        self.stale_rows += 1;
        self.sweep_if_stale();
    }

    /// Removes rows, in any order; those that are not there are passed over.
    pub fn remove(&mut self, seqs: &[Seq]) {
        let mut seqs = seqs.to_vec();
        seqs.sort_unstable();
        let mut removed = 0;
        for chunk in &mut self.chunks {
            let start = seqs.partition_point(|seq| *seq < chunk.seq(0));
            let end = seqs.partition_point(|seq| *seq <= chunk.last_seq());
            let in_chunk = seqs.get(start..end).unwrap_or_default();
            if !in_chunk.is_empty() {
                removed += chunk.remove(in_chunk);
            }
        }
        if removed > 0 {
            self.rows -= removed;
            self.merge_chunks();
            self.stale_rows += removed;
            self.sweep_if_stale();
        }
    }

    /// Drops empty chunks and joins neighbors that have become small.
    fn merge_chunks(&mut self) {
        let mut merged: VecDeque<Chunk> = VecDeque::with_capacity(self.chunks.len());
        for chunk in std::mem::take(&mut self.chunks) {
            if chunk.rows() == 0 {
                continue;
            }
            let joined = merged.back_mut().is_some_and(|last| {
                last.rows() + chunk.rows() <= self.chunk_rows / 2 && last.absorb(&chunk)
            });
            if !joined {
                merged.push_back(chunk);
            }
        }
        self.chunks = merged;
    }

    fn sweep_if_stale(&mut self) {
        if self.stale_rows >= SWEEP_ROWS_MIN.max(self.rows / 2) {
            self.dictionaries.sweep(&mut self.chunks);
            self.stale_rows = 0;
        }
    }

    /// The newest rows that pass, at most `limit`, of those that arrived before `before`.
    pub fn page(&self, filter: &Filter, before: Option<Seq>, limit: usize) -> Candidates {
        let plan = Plan::new(filter, &self.dictionaries);
        let mut seqs = Vec::new();
        let mut exhausted = true;
        let oldest = self.chunks.front().map(|chunk| chunk.seq(0));
        self.scan(&plan, before, |chunk, rows, picked| {
            for row in picked.backward() {
                if seqs.len() >= limit {
                    exhausted = false;
                    return ControlFlow::Break(());
                }
                seqs.push(chunk.seq(rows.start + row));
            }
            if seqs.len() >= limit && seqs.last().copied() != oldest {
                exhausted = false;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        Candidates {
            seqs,
            exact: plan.exact,
            exhausted,
        }
    }

    /// How many rows pass of those that arrived before `before`; `None` if the index cannot decide.
    pub fn count(&self, filter: &Filter, before: Option<Seq>) -> Option<u64> {
        let plan = Plan::new(filter, &self.dictionaries);
        if !plan.exact {
            return None;
        }
        let mut count = 0;
        self.scan(&plan, before, |_, _, picked| {
            count += picked.len() as u64;
            ControlFlow::Continue(())
        });
        Some(count)
    }

    /// Visits the blocks of rows that have some which pass, from the newest back.
    pub(super) fn scan(
        &self,
        plan: &Plan,
        before: Option<Seq>,
        mut visit: impl FnMut(&Chunk, Range<usize>, &Picked) -> ControlFlow<()>,
    ) {
        if plan.nothing {
            return;
        }
        let mut picked = Picked::none();
        self.blocks(before, |chunk, rows| {
            picked.fill(rows.len());
            scan::select(plan, chunk, &rows, &mut picked);
            if picked.is_empty() {
                return ControlFlow::Continue(());
            }
            visit(chunk, rows, &picked)
        });
    }

    /// Visits the blocks of rows from the newest back.
    pub(super) fn blocks(
        &self,
        before: Option<Seq>,
        mut visit: impl FnMut(&Chunk, Range<usize>) -> ControlFlow<()>,
    ) {
        for chunk in self.chunks.iter().rev() {
            let mut end = before.map_or(chunk.rows(), |before| chunk.rows_before(before));
            while end > 0 {
                let rows = end.saturating_sub(BLOCK_ROWS)..end;
                end = rows.start;
                if visit(chunk, rows).is_break() {
                    return;
                }
            }
        }
    }

    /// Rows in it.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes it takes, dictionaries included.
    pub fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(Chunk::bytes).sum();
        let spare = self.chunks.capacity() - self.chunks.len();
        size_of::<Self>() + chunks + spare * size_of::<Chunk>() + self.dictionaries.bytes()
    }

    /// Whether it takes more than it should. It goes on to answer rightly; its owner decides.
    pub fn is_over_budget(&self) -> bool {
        self.bytes() > self.budget_bytes
    }
}
