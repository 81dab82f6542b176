//! Counts over many rows: facets, rankings, times. Each answer is `None` where the index cannot decide
//! the filter or does not know a value of every row.

use std::ops::{ControlFlow, Range};

use cresset_model::query::{
    Facet, FacetField, Filter, Ranking, SeverityCounts, Term, Test, TimeField,
};
use cresset_model::{Severity, Timestamp};

use super::chunk::Chunk;
use super::compile::Plan;
use super::index::LiveIndex;
use super::row::SeverityByte;
use super::scan::{self, BLOCK_ROWS, part};
use super::tally::{Counted, Tally, select_top};

/// Most frequent addresses among which a part of one is looked for.
const ADDRESSES_SEARCHED_MAX: usize = 10_000;

/// Terms about one field, with the tally of what passes all others.
struct Side {
    /// Absent when no term is about the field.
    own: Option<Plan>,
    tally: Tally,
}

impl LiveIndex {
    /// The values of each field, counted under all terms but those about itself, in one walk.
    pub fn facets(&self, filter: &Filter, fields: &[FacetField], top: usize) -> Option<Vec<Facet>> {
        let (rest, mut sides) = self.sides(filter, fields)?;
        let mut keep = [false; BLOCK_ROWS];
        let mut own = vec![[true; BLOCK_ROWS]; sides.len()];
        let mut fails = [0_u8; BLOCK_ROWS];
        self.blocks(None, |chunk, rows| {
            let keep = keep.get_mut(..rows.len()).unwrap_or_default();
            scan::select(&rest, chunk, &rows, keep);
            if !keep.contains(&true) {
                return ControlFlow::Continue(());
            }
            fails.fill(0);
            for (side, own) in sides.iter().zip(&mut own) {
                if let Some(plan) = &side.own {
                    let own = own.get_mut(..rows.len()).unwrap_or_default();
                    scan::select(plan, chunk, &rows, own);
                    for (fails, own) in fails.iter_mut().zip(own) {
                        *fails += u8::from(!*own);
                    }
                }
            }
            let mut all = [false; BLOCK_ROWS];
            let all = all.get_mut(..rows.len()).unwrap_or_default();
            for ((all, keep), fails) in all.iter_mut().zip(keep.iter()).zip(&fails) {
                *all = *keep && *fails == 0;
            }
            for (side, own) in sides.iter_mut().zip(&own) {
                // Without terms of its own, a field counts what passes every term.
                if side.own.is_none() {
                    side.tally.add(chunk, &rows, all);
                    continue;
                }
                let mut passes = [false; BLOCK_ROWS];
                let passes = passes.get_mut(..rows.len()).unwrap_or_default();
                for (((passes, keep), fails), own) in
                    passes.iter_mut().zip(keep.iter()).zip(&fails).zip(own)
                {
                    *passes = *keep && *fails == u8::from(!*own);
                }
                side.tally.add(chunk, &rows, passes);
            }
            ControlFlow::Continue(())
        });
        let finish = |(side, field): (Side, &FacetField)| {
            let counted = side.tally.finish(&self.dictionaries);
            self.facet(filter, *field, counted, top)
        };
        Some(sides.into_iter().zip(fields).map(finish).collect())
    }

    /// The plan of the terms about none of the fields, and a side for each field.
    fn sides(&self, filter: &Filter, fields: &[FacetField]) -> Option<(Plan, Vec<Side>)> {
        let is_about = |term: &&Term, field: FacetField| term.test.field() == Some(field.field());
        let plan = |terms: Vec<Term>| {
            let plan = Plan::new(&Filter { terms }, &self.dictionaries);
            plan.exact.then_some(plan)
        };
        let others = |term: &&Term| !fields.iter().any(|field| is_about(term, *field));
        let rest = plan(filter.terms.iter().filter(others).cloned().collect())?;
        let mut sides = Vec::new();
        for field in fields {
            let about = filter.terms.iter().filter(|term| is_about(term, *field));
            let terms: Vec<Term> = about.cloned().collect();
            let own = if terms.is_empty() {
                None
            } else {
                Some(plan(terms)?)
            };
            let tally = Tally::new(*field, &self.dictionaries, false)?;
            sides.push(Side { own, tally });
        }
        Some((rest, sides))
    }

    fn facet(
        &self,
        filter: &Filter,
        field: FacetField,
        mut counted: Vec<Counted>,
        top: usize,
    ) -> Facet {
        let distinct = counted.len() as u64;
        // Severities are few and all shown.
        let kept = match field {
            FacetField::Severity => usize::MAX,
            _ => top,
        };
        select_top(&mut counted, kept);
        let named = filter.named(field);
        let mut place = 0;
        if kept < counted.len() {
            counted.retain(|one| {
                place += 1;
                place <= kept
                    || (!named.is_empty() && one.is_one_of(&named, field, &self.dictionaries))
            });
        }
        let values = counted
            .iter()
            .map(|one| (one.text(field, &self.dictionaries), one.count))
            .collect();
        Facet::of(filter, field, (values, distinct), top)
    }

    /// The most frequent values of a field among the rows that pass, split by severity.
    pub fn ranking(&self, filter: &Filter, field: FacetField, top: usize) -> Option<Ranking> {
        let mut counted = self.counted(filter, field, true)?;
        let distinct = counted.len() as u64;
        select_top(&mut counted, top);
        counted.truncate(top);
        let values = counted
            .iter()
            .map(|one| (one.text(field, &self.dictionaries), one.counts))
            .collect();
        Some(Ranking::of(field, values, distinct, top))
    }

    fn counted(&self, filter: &Filter, field: FacetField, is_split: bool) -> Option<Vec<Counted>> {
        let plan = Plan::new(filter, &self.dictionaries);
        if !plan.exact {
            return None;
        }
        let mut tally = Tally::new(field, &self.dictionaries, is_split)?;
        self.scan(&plan, None, |chunk, rows, keep| {
            tally.add(chunk, &rows, keep);
            ControlFlow::Continue(())
        });
        Some(tally.finish(&self.dictionaries))
    }

    /// The most frequent values of a field that contain a text in any case; of addresses only among the
    /// most frequent ones.
    pub fn values(
        &self,
        field: FacetField,
        part: &str,
        limit: usize,
    ) -> Option<Vec<(String, u64)>> {
        let mut counted = self.counted(&Filter::default(), field, false)?;
        if matches!(field, FacetField::SrcIp | FacetField::DstIp) {
            select_top(&mut counted, ADDRESSES_SEARCHED_MAX);
            counted.truncate(ADDRESSES_SEARCHED_MAX);
        }
        let part = part.to_lowercase();
        let mut values: Vec<(String, u64)> = counted
            .iter()
            .filter_map(|one| Some((one.text(field, &self.dictionaries)?, one.count)))
            .filter(|(text, _)| text.to_lowercase().contains(&part))
            .collect();
        values.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        values.truncate(limit);
        Some(values)
    }

    /// The rows that pass, counted between each two edges, which ascend.
    pub fn times(
        &self,
        filter: &Filter,
        field: TimeField,
        edges: &[Timestamp],
    ) -> Option<Vec<SeverityCounts>> {
        let mut stretches = Stretches::new(edges);
        let Some((first, last)) = edges.first().zip(edges.last()) else {
            return Some(Vec::new());
        };
        // What lies outside need not be looked at.
        let within = cresset_model::query::Range {
            least: Some(*first),
            greatest: Some(*last),
        };
        let filter = filter.clone().and(Test::Time(field, vec![within]));
        let plan = Plan::new(&filter, &self.dictionaries);
        if !plan.exact {
            return None;
        }
        self.scan(&plan, None, |chunk, rows, keep| {
            if keep.contains(&true) {
                stretches.add(field, chunk, &rows, keep);
            }
            ControlFlow::Continue(())
        });
        Some(stretches.finish())
    }
}

/// Counts between edges.
struct Stretches {
    edges: Vec<i64>,
    counts: Vec<[u32; SeverityByte::SEVERITIES]>,
    /// The stretch of the last instant; neighbors are mostly close.
    last: Option<usize>,
}

impl Stretches {
    fn new(edges: &[Timestamp]) -> Self {
        Self {
            counts: vec![[0; SeverityByte::SEVERITIES]; edges.len().saturating_sub(1)],
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

    fn add(&mut self, field: TimeField, chunk: &Chunk, rows: &Range<usize>, keep: &[bool]) {
        let severities = part(&chunk.severities, rows);
        match field {
            TimeField::CreatedAt => {
                let instants = part(&chunk.created_at, rows).iter().copied();
                self.each(instants, severities, keep);
            }
            TimeField::IngestedAt => {
                for (run, at) in chunk.ingested(rows) {
                    let Some(place) = self.find(at) else {
                        continue;
                    };
                    let run = run.start - rows.start..run.end - rows.start;
                    let severities = severities.get(run.clone()).unwrap_or_default();
                    let keep = keep.get(run).unwrap_or_default();
                    if let Some(counts) = self.counts.get_mut(place) {
                        for (severity, keep) in severities.iter().zip(keep) {
                            counts[severity.severity_index()] += u32::from(*keep);
                        }
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
                self.each(instants.into_iter(), severities, keep);
            }
        }
    }

    fn each(
        &mut self,
        instants: impl Iterator<Item = i64>,
        severities: &[SeverityByte],
        keep: &[bool],
    ) {
        for ((at, severity), keep) in instants.zip(severities).zip(keep) {
            if !keep {
                continue;
            }
            let place = self.find(at);
            if let Some(counts) = place.and_then(|place| self.counts.get_mut(place)) {
                counts[severity.severity_index()] += 1;
            }
        }
    }

    fn finish(self) -> Vec<SeverityCounts> {
        let of = |counts: [u32; SeverityByte::SEVERITIES]| {
            let mut by_severity = SeverityCounts::default();
            for (severity, count) in Severity::ALL.into_iter().zip(counts) {
                by_severity.add(severity, u64::from(count));
            }
            by_severity
        };
        self.counts.into_iter().map(of).collect()
    }
}
