//! The counts by their definition: one row after the other, with [`Filter::matches`]. Every faster way
//! of counting must agree with them.

use std::collections::BTreeMap;

use super::counts::{Choice, Facet, FacetValue, Ranked, Ranking, SeverityCounts};
use super::facet::FacetField;
use super::field::TimeField;
use super::filter::Filter;
use crate::alert::AlertRow;
use crate::{Severity, Timestamp};

/// Counts the values of a field under all other terms.
#[derive(Debug)]
pub struct FacetTally {
    field: FacetField,
    filter: Filter,
    others: Filter,
    counts: BTreeMap<Option<String>, u64>,
}

impl FacetTally {
    /// Nothing counted yet.
    pub fn new(filter: &Filter, field: FacetField) -> Self {
        Self {
            field,
            others: filter.without(field.field()),
            filter: filter.clone(),
            counts: BTreeMap::new(),
        }
    }

    /// Looks at a row.
    pub fn add(&mut self, row: &AlertRow) {
        if self.others.matches(row) {
            let value = self.field.of(row).map(std::borrow::Cow::into_owned);
            *self.counts.entry(value).or_default() += 1;
        }
    }

    /// The facet; `exact` says whether every row was looked at.
    pub fn finish(self, top: usize, exact: bool) -> Facet {
        let distinct = self.counts.len() as u64;
        let counted = self.counts.into_iter().collect();
        Facet::of(&self.filter, self.field, (counted, distinct), top).exact_if(exact)
    }
}

impl Facet {
    /// A facet of counted values, their number at all, and what the filter says of them. Of `counted` the
    /// most frequent and the named ones are enough.
    pub fn of(
        filter: &Filter,
        field: FacetField,
        (counted, distinct): (Vec<(Option<String>, u64)>, u64),
        top: usize,
    ) -> Self {
        let named = filter.named(field);
        let mut counted = counted;
        if field == FacetField::Severity {
            let count_of = |word: &str| {
                let found = counted
                    .iter()
                    .find(|(value, _)| value.as_deref() == Some(word));
                found.map_or(0, |(_, count)| *count)
            };
            let all = Severity::ALL.into_iter().rev().map(Severity::as_str);
            counted = all
                .map(|word| (Some(word.to_owned()), count_of(word)))
                .collect();
        } else {
            counted.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            let mut place = 0;
            counted.retain(|(value, count)| {
                place += 1;
                let is_named = |value: &String| named.iter().any(|name| same(field, value, name));
                value.as_ref().is_some_and(is_named) || (place <= top && *count > 0)
            });
            for name in named {
                let is_there = |(value, _): &(Option<String>, u64)| {
                    value
                        .as_ref()
                        .is_some_and(|value| same(field, value, &name))
                };
                if !counted.iter().any(is_there) {
                    counted.push((Some(name), 0));
                }
            }
        }
        let values = counted.into_iter().map(|(value, count)| FacetValue {
            choice: filter.choice(field, value.as_deref()),
            value,
            count,
        });
        Self {
            field,
            values: values.collect(),
            distinct,
            exact: true,
        }
    }

    /// The same, perhaps only a lower bound.
    #[must_use]
    pub fn exact_if(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// The values that the filter asks for or excludes.
    pub fn chosen(&self) -> impl Iterator<Item = &FacetValue> {
        self.values
            .iter()
            .filter(|value| value.choice != Choice::Open)
    }
}

/// Whether a value is the one that is named; a source is so in any case.
fn same(field: FacetField, value: &str, name: &str) -> bool {
    value == name || (field == FacetField::Source && value.eq_ignore_ascii_case(name))
}

/// Counts the values of a field under all terms, split by severity.
#[derive(Debug)]
pub struct RankingTally {
    field: FacetField,
    filter: Filter,
    counts: BTreeMap<Option<String>, SeverityCounts>,
}

impl RankingTally {
    /// Nothing counted yet.
    pub fn new(filter: Filter, field: FacetField) -> Self {
        Self {
            field,
            filter,
            counts: BTreeMap::new(),
        }
    }

    /// Looks at a row.
    pub fn add(&mut self, row: &AlertRow) {
        if self.filter.matches(row) {
            let value = self.field.of(row).map(std::borrow::Cow::into_owned);
            let counts = self.counts.entry(value).or_default();
            counts.add(row.severity, 1);
        }
    }

    /// The ranking; `exact` says whether every row was looked at.
    pub fn finish(self, top: usize, exact: bool) -> Ranking {
        let distinct = self.counts.len() as u64;
        let counted = self.counts.into_iter().collect();
        Ranking {
            exact,
            ..Ranking::of(self.field, counted, distinct, top)
        }
    }
}

impl Ranking {
    /// A ranking of counted values, and their number at all. Of `counted` the most frequent are enough.
    pub fn of(
        field: FacetField,
        counted: Vec<(Option<String>, SeverityCounts)>,
        distinct: u64,
        top: usize,
    ) -> Self {
        let mut values: Vec<Ranked> = counted
            .into_iter()
            .map(|(value, counts)| Ranked { value, counts })
            .collect();
        values.sort_by(|a, b| {
            let by_count = b.counts.total().cmp(&a.counts.total());
            by_count.then_with(|| a.value.cmp(&b.value))
        });
        values.truncate(top);
        Self {
            field,
            values,
            distinct,
            exact: true,
        }
    }
}

/// Counts by time and severity.
#[derive(Debug)]
pub struct TimeTally {
    field: TimeField,
    filter: Filter,
    edges: Vec<Timestamp>,
    counts: Vec<SeverityCounts>,
}

impl TimeTally {
    /// Nothing counted yet. The edges ascend: each stretch begins at one and ends before the next.
    pub fn new(filter: Filter, field: TimeField, edges: Vec<Timestamp>) -> Self {
        Self {
            field,
            filter,
            counts: vec![SeverityCounts::default(); edges.len().saturating_sub(1)],
            edges,
        }
    }

    /// Looks at a row.
    pub fn add(&mut self, row: &AlertRow) {
        let at = self.field.of(row);
        let place = self.edges.partition_point(|edge| *edge <= at);
        let counts = place
            .checked_sub(1)
            .and_then(|place| self.counts.get_mut(place));
        if let Some(counts) = counts
            && self.filter.matches(row)
        {
            counts.add(row.severity, 1);
        }
    }

    /// The counts of each stretch.
    pub fn finish(self) -> Vec<SeverityCounts> {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facet(query: &str, field: FacetField, counted: &[(&str, u64)], top: usize) -> Vec<String> {
        let filter = Filter::parse(query, Timestamp::from_nanos(0)).unwrap();
        let counted: Vec<_> = counted
            .iter()
            .map(|(value, count)| {
                let value = (!value.is_empty()).then(|| (*value).to_owned());
                (value, *count)
            })
            .collect();
        let distinct = counted.len() as u64;
        let facet = Facet::of(&filter, field, (counted, distinct), top);
        let written = |value: &FacetValue| {
            let name = value.value.as_deref().unwrap_or("-");
            format!("{name} {} {:?}", value.count, value.choice)
        };
        facet.values.iter().map(written).collect()
    }

    #[test]
    fn the_most_frequent_come_first_and_the_chosen_stay() {
        let counted = [("US", 5), ("", 7), ("RU", 2), ("CN", 5)];
        assert_eq!(
            facet("country:RU,XX", FacetField::Country, &counted, 2),
            ["- 7 Open", "CN 5 Open", "RU 2 Included", "XX 0 Included"]
        );
        assert_eq!(
            facet("-country:US", FacetField::Country, &counted, 1),
            ["- 7 Open", "US 5 Excluded"]
        );
        assert_eq!(
            facet(
                "source:waf",
                FacetField::Source,
                &[("WAF", 1), ("edr", 5)],
                1
            ),
            ["edr 5 Open", "WAF 1 Included"]
        );
    }

    #[test]
    fn severities_are_all_there_in_their_order() {
        assert_eq!(
            facet("severity:>=high", FacetField::Severity, &[("low", 3)], 1),
            [
                "critical 0 Included",
                "high 0 Included",
                "medium 0 Open",
                "low 3 Open",
                "info 0 Open",
                "unknown 0 Included"
            ]
        );
    }
}
