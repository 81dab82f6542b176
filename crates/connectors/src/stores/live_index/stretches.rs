//! Counts by severity between edges of time, while blocks of rows go by.

use std::ops::Range;

use cresset_model::query::{SeverityCounts, TimeField};
use cresset_model::{Severity, Timestamp};

use super::chunk::{Chunk, Span};
use super::picked::{BLOCK_ROWS, Picked};
use super::row::SeverityByte;
use super::scan::part;

/// Counters of one value in turn, so that equal neighbors do not wait for each other.
const LANES: usize = 4;

/// Counts of one stretch.
type Lanes = [[u32; SeverityByte::SEVERITIES]; LANES];

/// Counts between edges.
pub(super) struct Stretches {
    edges: Vec<i64>,
    counts: Vec<Lanes>,
    /// The stretch of the last instant; neighbors are mostly close.
    last: Option<usize>,
}

impl Stretches {
    pub(super) fn new(edges: &[Timestamp]) -> Self {
        Self {
            counts: vec![Lanes::default(); edges.len().saturating_sub(1)],
            edges: edges.iter().map(|edge| edge.nanos()).collect(),
            last: None,
        }
    }

    /// The stretch that an instant lies in.
    fn find(&mut self, at: i64) -> Option<usize> {
        let holds = |place: usize| {
            self.edges.get(place).is_some_and(|edge| *edge <= at)
                && self.edges.get(place + 1).is_some_and(|edge| at < *edge)
        };
        if self.last.is_none_or(|last| !holds(last)) {
            let place = self.edges.partition_point(|edge| *edge <= at);
            self.last = place
                .checked_sub(1)
                .filter(|place| *place < self.counts.len());
        }
        self.last
    }

    /// The stretch that a whole span lies in.
    fn find_all(&mut self, span: Span) -> Option<usize> {
        let greatest = self.find(span.greatest);
        greatest.filter(|_| self.find(span.least) == greatest)
    }

    /// Counts the rows that pass.
    pub(super) fn add(
        &mut self,
        field: TimeField,
        chunk: &Chunk,
        rows: &Range<usize>,
        picked: &Picked,
    ) {
        let severities = part(&chunk.severities, rows);
        match field {
            TimeField::CreatedAt => {
                if let Some(place) = self.find_all(chunk.created_span()) {
                    return self.add_part(place, severities, picked, 0..picked.len());
                }
                self.each(part(&chunk.created_at, rows), severities, picked);
            }
            TimeField::IngestedAt => {
                if let Some(place) = self.find_all(chunk.ingested_span()) {
                    return self.add_part(place, severities, picked, 0..picked.len());
                }
                let mut start = 0;
                for (run, at) in chunk.ingested(rows) {
                    let of_run = start..picked.before(run.end - rows.start);
                    start = of_run.end;
                    if let Some(place) = self.find(at) {
                        self.add_part(place, severities, picked, of_run);
                    }
                }
            }
            TimeField::UpdatedAt => {
                let mut instants = [0; BLOCK_ROWS];
                for (run, at) in chunk.ingested(rows) {
                    let run = run.start - rows.start..run.end - rows.start;
                    instants.get_mut(run).unwrap_or_default().fill(at);
                }
                for (row, at) in chunk.updated(rows) {
                    if let Some(place) = instants.get_mut(row - rows.start) {
                        *place = at;
                    }
                }
                self.each(&instants, severities, picked);
            }
        }
    }

    /// Counts a part of the picked rows, all of them in one stretch.
    fn add_part(
        &mut self,
        place: usize,
        severities: &[SeverityByte],
        picked: &Picked,
        of_picked: Range<usize>,
    ) {
        let Some(lanes) = self.counts.get_mut(place) else {
            return;
        };
        picked.each_of(of_picked.start, of_picked.end, |row| {
            if let Some(severity) = severities.get(row) {
                lanes[row % LANES][severity.severity_index()] += 1;
            }
        });
    }

    fn each(&mut self, instants: &[i64], severities: &[SeverityByte], picked: &Picked) {
        picked.each(|row| {
            let Some((at, severity)) = instants.get(row).zip(severities.get(row)) else {
                return;
            };
            let place = self.find(*at);
            if let Some(lanes) = place.and_then(|place| self.counts.get_mut(place)) {
                lanes[row % LANES][severity.severity_index()] += 1;
            }
        });
    }

    pub(super) fn finish(self) -> Vec<SeverityCounts> {
        let of = |lanes: Lanes| {
            let mut by_severity = SeverityCounts::default();
            for counts in lanes {
                for (severity, count) in Severity::ALL.into_iter().zip(counts) {
                    by_severity.add(severity, u64::from(count));
                }
            }
            by_severity
        };
        self.counts.into_iter().map(of).collect()
    }
}
