//! Counts over many rows: facets, rankings, times. Each answer is `None` where the index cannot decide
//! the filter or does not know a value of every row.

use std::ops::ControlFlow;

use cresset_model::Timestamp;
use cresset_model::query::{
    Facet, FacetField, Filter, Ranking, SeverityCounts, Term, Test, TimeField,
};

use super::compile::Plan;
use super::index::LiveIndex;
use super::picked::Picked;
use super::scan;
use super::stretches::Stretches;
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
        let (mut passed, mut others) = (Picked::none(), Picked::none());
        self.blocks(None, |chunk, rows| {
            passed.fill(rows.len());
            scan::select(&rest, chunk, &rows, &mut passed);
            // What has passed all terms so far goes through those of the fields that follow, but not
            // through the field's own; then through its own, for the fields that follow.
            for at in 0..sides.len() {
                if passed.is_empty() {
                    return ControlFlow::Continue(());
                }
                let Some((side, following)) = sides.get_mut(at..).and_then(<[_]>::split_first_mut)
                else {
                    continue;
                };
                let Some(own) = &side.own else {
                    continue;
                };
                others.clone_from(&passed);
                for plan in following.iter().filter_map(|side| side.own.as_ref()) {
                    scan::select(plan, chunk, &rows, &mut others);
                }
                side.tally.add(chunk, &rows, &others);
                scan::select(own, chunk, &rows, &mut passed);
            }
            for side in sides.iter_mut().filter(|side| side.own.is_none()) {
                side.tally.add(chunk, &rows, &passed);
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
        self.scan(&plan, None, |chunk, rows, picked| {
            tally.add(chunk, &rows, picked);
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
        self.scan(&plan, None, |chunk, rows, picked| {
            stretches.add(field, chunk, &rows, picked);
            ControlFlow::Continue(())
        });
        Some(stretches.finish())
    }
}
