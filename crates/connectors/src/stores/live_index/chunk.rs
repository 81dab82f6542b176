//! A run of rows as columns. Rows go by the chunk: the oldest leave with their chunk, a hole is closed
//! within it.

use std::ops::Range;

use cresset_model::alert::Seq;

use super::row::{EncodedRow, SeverityByte};

/// Rows of a full chunk: few enough that closing a hole is quick, many enough that a chunk's own size
/// does not count. Places in a chunk fit 16 bits.
pub(super) const CHUNK_ROWS: usize = 1 << 14;

/// Consecutive rows in order of arrival; never empty.
#[derive(Debug)]
pub(super) struct Chunk {
    /// What `seqs` count from.
    base: Seq,
    seqs: Vec<u32>,
    pub(super) severities: Vec<SeverityByte>,
    pub(super) sources: Vec<u16>,
    pub(super) pipelines: Vec<u8>,
    pub(super) threats: Vec<u8>,
    pub(super) countries: Vec<u16>,
    pub(super) users: Vec<u32>,
    pub(super) src_ips: Vec<u32>,
    pub(super) dst_ips: Vec<u32>,
    pub(super) created_at: Vec<i64>,
    ingested_at: Runs,
    updated_at: Sparse,
    ingested_span: Span,
    created_span: Span,
}

/// Instants between which those of all rows lie. It may be wider than need be after rows have gone or
/// changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) least: i64,
    pub(super) greatest: i64,
}

impl Span {
    fn of(at: i64) -> Self {
        Self {
            least: at,
            greatest: at,
        }
    }

    fn join(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// A column in which neighbors are mostly equal: the end of each run and its value.
#[derive(Debug, Default)]
struct Runs {
    ends: Vec<u16>,
    values: Vec<i64>,
}

/// The rows whose value is not the usual one, in order.
#[derive(Debug, Default)]
struct Sparse {
    rows: Vec<u16>,
    values: Vec<i64>,
}

impl Runs {
    fn push(&mut self, end: u16, value: i64) {
        match self.ends.last_mut() {
            Some(last) if self.values.last() == Some(&value) => *last = end,
            _ => {
                self.ends.push(end);
                self.values.push(value);
            }
        }
    }

    fn of(&self, row: usize) -> i64 {
        let run = self.ends.partition_point(|end| usize::from(*end) <= row);
        self.values.get(run).copied().unwrap_or_default()
    }

    /// The parts of the runs that lie in `rows`, with their values.
    fn within(&self, rows: &Range<usize>) -> impl Iterator<Item = (Range<usize>, i64)> {
        let first = self
            .ends
            .partition_point(|end| usize::from(*end) <= rows.start);
        let runs = self.ends.iter().zip(&self.values).skip(first);
        let (mut start, stop) = (rows.start, rows.end);
        runs.map_while(move |(end, value)| {
            let part = start..usize::from(*end).min(stop);
            start = part.end;
            (!part.is_empty()).then_some((part, *value))
        })
    }
}

impl Sparse {
    fn set(&mut self, row: u16, value: Option<i64>) {
        match (self.rows.binary_search(&row), value) {
            (Ok(at), Some(value)) => {
                if let Some(place) = self.values.get_mut(at) {
                    *place = value;
                }
            }
            (Ok(at), None) => {
                self.rows.remove(at);
                self.values.remove(at);
            }
            (Err(at), Some(value)) => {
                self.rows.insert(at, row);
                self.values.insert(at, value);
            }
            (Err(_), None) => {}
        }
    }

    fn within(&self, rows: &Range<usize>) -> impl Iterator<Item = (usize, i64)> {
        let first = self
            .rows
            .partition_point(|row| usize::from(*row) < rows.start);
        let stop = rows.end;
        let pairs = self.rows.iter().zip(&self.values).skip(first);
        pairs
            .map(|(row, value)| (usize::from(*row), *value))
            .take_while(move |(row, _)| *row < stop)
    }
}

/// A place in a chunk; [`CHUNK_ROWS`] keeps it in range.
fn place(row: usize) -> u16 {
    u16::try_from(row).expect("a chunk holds fewer rows than 16 bits count")
}

impl Chunk {
    /// A chunk of one row.
    pub(super) fn new(row: &EncodedRow) -> Self {
        let mut chunk = Self {
            base: row.seq,
            seqs: Vec::new(),
            severities: Vec::new(),
            sources: Vec::new(),
            pipelines: Vec::new(),
            threats: Vec::new(),
            countries: Vec::new(),
            users: Vec::new(),
            src_ips: Vec::new(),
            dst_ips: Vec::new(),
            created_at: Vec::new(),
            ingested_at: Runs::default(),
            updated_at: Sparse::default(),
            ingested_span: Span::of(row.ingested_at),
            created_span: Span::of(row.created_at),
        };
        chunk.push_at(0, row);
        chunk
    }

    /// Adds a row that follows the last, unless its number is too far from the first.
    pub(super) fn push(&mut self, row: &EncodedRow) -> bool {
        let delta = row.seq.checked_sub(self.base).map(u32::try_from);
        let Some(Ok(delta)) = delta else {
            return false;
        };
        self.push_at(delta, row);
        true
    }

    fn push_at(&mut self, delta: u32, row: &EncodedRow) {
        let at = self.rows();
        self.seqs.push(delta);
        self.severities.push(row.severity);
        self.sources.push(row.source);
        self.pipelines.push(row.pipeline);
        self.threats.push(row.threat);
        self.countries.push(row.country);
        self.users.push(row.user);
        self.src_ips.push(row.src_ip);
        self.dst_ips.push(row.dst_ip);
        self.created_at.push(row.created_at);
        self.created_span.join(Span::of(row.created_at));
        self.ingested_span.join(Span::of(row.ingested_at));
        self.ingested_at.push(place(at + 1), row.ingested_at);
        if row.updated_at != row.ingested_at {
            self.updated_at.set(place(at), Some(row.updated_at));
        }
    }

    /// Replaces what can change of a row: everything but its number and when it was first stored.
    pub(super) fn set(&mut self, at: usize, row: &EncodedRow) {
        fn put<T>(column: &mut [T], at: usize, value: T) {
            if let Some(place) = column.get_mut(at) {
                *place = value;
            }
        }
        put(&mut self.severities, at, row.severity);
        put(&mut self.sources, at, row.source);
        put(&mut self.pipelines, at, row.pipeline);
        put(&mut self.threats, at, row.threat);
        put(&mut self.countries, at, row.country);
        put(&mut self.users, at, row.user);
        put(&mut self.src_ips, at, row.src_ip);
        put(&mut self.dst_ips, at, row.dst_ip);
        put(&mut self.created_at, at, row.created_at);
        self.created_span.join(Span::of(row.created_at));
        let ingested_at = self.ingested_at.of(at);
        let updated_at = (row.updated_at != ingested_at).then_some(row.updated_at);
        self.updated_at.set(place(at), updated_at);
    }

    pub(super) fn rows(&self) -> usize {
        self.seqs.len()
    }

    pub(super) fn seq(&self, at: usize) -> Seq {
        self.base + Seq::from(self.seqs.get(at).copied().unwrap_or_default())
    }

    pub(super) fn last_seq(&self) -> Seq {
        self.seq(self.rows().saturating_sub(1))
    }

    /// How many rows arrived before this one.
    pub(super) fn rows_before(&self, seq: Seq) -> usize {
        self.seqs
            .partition_point(|delta| self.base + Seq::from(*delta) < seq)
    }

    pub(super) fn find(&self, seq: Seq) -> Option<usize> {
        let at = self.rows_before(seq);
        (at < self.rows() && self.seq(at) == seq).then_some(at)
    }

    pub(super) fn ingested_span(&self) -> Span {
        self.ingested_span
    }

    pub(super) fn created_span(&self) -> Span {
        self.created_span
    }

    /// The runs of equal `ingested_at` within `rows`.
    pub(super) fn ingested(
        &self,
        rows: &Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, i64)> {
        self.ingested_at.within(rows)
    }

    /// The rows within `rows` whose `updated_at` is not their `ingested_at`.
    pub(super) fn updated(&self, rows: &Range<usize>) -> impl Iterator<Item = (usize, i64)> {
        self.updated_at.within(rows)
    }

    /// Removes the rows with these numbers, which must be in order. Returns how many there were. A chunk
    /// may be left empty and must then be dropped.
    pub(super) fn remove(&mut self, seqs: &[Seq]) -> usize {
        let mut seqs = seqs.iter().copied().peekable();
        let keep: Vec<bool> = (0..self.rows())
            .map(|at| {
                let seq = self.seq(at);
                while seqs.next_if(|gone| *gone < seq).is_some() {}
                seqs.next_if_eq(&seq).is_none()
            })
            .collect();
        let kept = keep.iter().filter(|keep| **keep).count();
        let removed = self.rows() - kept;
        if removed > 0 {
            self.retain(&keep);
        }
        removed
    }

    fn retain(&mut self, keep: &[bool]) {
        fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            column.retain(|_| keep.next().copied().unwrap_or(true));
            // Half of the room may stay free, as in a column that grows.
            column.shrink_to(column.len().next_power_of_two());
        }
        let all = 0..self.rows();
        let (mut runs, mut sparse) = (Runs::default(), Sparse::default());
        let kept_in = |rows: Range<usize>| {
            let rows = keep.get(rows).unwrap_or_default();
            rows.iter().filter(|keep| **keep).count()
        };
        let mut end = 0;
        for (rows, value) in self.ingested_at.within(&all) {
            let kept = kept_in(rows);
            end += kept;
            if kept > 0 {
                runs.push(place(end), value);
            }
        }
        let (mut counted, mut rank) = (0, 0);
        for (row, value) in self.updated_at.within(&all) {
            rank += kept_in(counted..row);
            counted = row;
            if keep.get(row).copied().unwrap_or(true) {
                sparse.set(place(rank), Some(value));
            }
        }
        self.ingested_at = runs;
        self.updated_at = sparse;
        retain(&mut self.seqs, keep);
        retain(&mut self.severities, keep);
        retain(&mut self.sources, keep);
        retain(&mut self.pipelines, keep);
        retain(&mut self.threats, keep);
        retain(&mut self.countries, keep);
        retain(&mut self.users, keep);
        retain(&mut self.src_ips, keep);
        retain(&mut self.dst_ips, keep);
        retain(&mut self.created_at, keep);
    }

    /// Takes over the rows of the chunk that follows, unless its numbers are too far away.
    pub(super) fn absorb(&mut self, next: &Self) -> bool {
        let reach = next.last_seq().saturating_sub(self.base);
        if u32::try_from(reach).is_err() {
            return false;
        }
        let moved = self.rows();
        let base = self.base;
        let deltas = (0..next.rows())
            .map(|at| u32::try_from(next.seq(at) - base).expect("the last row is within reach"));
        self.seqs.extend(deltas);
        self.severities.extend(&next.severities);
        self.sources.extend(&next.sources);
        self.pipelines.extend(&next.pipelines);
        self.threats.extend(&next.threats);
        self.countries.extend(&next.countries);
        self.users.extend(&next.users);
        self.src_ips.extend(&next.src_ips);
        self.dst_ips.extend(&next.dst_ips);
        self.created_at.extend(&next.created_at);
        self.created_span.join(next.created_span);
        self.ingested_span.join(next.ingested_span);
        let all = 0..next.rows();
        for (rows, value) in next.ingested_at.within(&all) {
            self.ingested_at.push(place(moved + rows.end), value);
        }
        for (row, value) in next.updated_at.within(&all) {
            self.updated_at.set(place(moved + row), Some(value));
        }
        true
    }

    pub(super) fn bytes(&self) -> usize {
        fn column<T>(column: &Vec<T>) -> usize {
            column.capacity() * size_of::<T>()
        }
        size_of::<Self>()
            + column(&self.seqs)
            + column(&self.severities)
            + column(&self.sources)
            + column(&self.pipelines)
            + column(&self.threats)
            + column(&self.countries)
            + column(&self.users)
            + column(&self.src_ips)
            + column(&self.dst_ips)
            + column(&self.created_at)
            + column(&self.ingested_at.ends)
            + column(&self.ingested_at.values)
            + column(&self.updated_at.rows)
            + column(&self.updated_at.values)
    }
}
