//! Facets, rankings and times against their definitions.

use cresset_model::query::{
    Buckets, FacetField, FacetTally, RankingTally, TimeField, TimeTally, Window,
};

use super::*;

impl Pair {
    fn check_facets(&self, filter: &Filter, fields: &[FacetField], top: usize) {
        let Some(facets) = self.index.facets(filter, fields, top) else {
            assert!(!is_decidable(filter), "{filter}");
            return;
        };
        assert_eq!(facets.len(), fields.len());
        for (facet, field) in facets.into_iter().zip(fields) {
            let all = self.facet(filter, *field, usize::MAX);
            if top >= all.values.len() {
                assert_eq!(facet, all, "{filter}");
                continue;
            }
            // Which of equally frequent values are left out is not said.
            let expected = self.facet(filter, *field, top);
            assert_eq!(facet.distinct, all.distinct);
            let counts = |facet: &cresset_model::query::Facet| -> Vec<u64> {
                facet
                    .values
                    .iter()
                    .take(top)
                    .map(|value| value.count)
                    .collect()
            };
            assert_eq!(counts(&facet), counts(&expected), "{filter}");
            for value in &facet.values {
                assert!(all.values.contains(value), "{filter}: {value:?}");
            }
            for name in filter.named(*field) {
                let is_it = |text: &String| text.eq_ignore_ascii_case(&name);
                let found = |value: &cresset_model::query::FacetValue| {
                    value.value.as_ref().is_some_and(is_it)
                };
                assert!(facet.values.iter().any(found), "{filter}: {name}");
            }
        }
    }

    fn facet(&self, filter: &Filter, field: FacetField, top: usize) -> cresset_model::query::Facet {
        let mut tally = FacetTally::new(filter, field);
        self.rows.iter().for_each(|row| tally.add(row));
        tally.finish(top, true)
    }

    fn check_ranking(&self, filter: &Filter, field: FacetField) {
        let Some(ranking) = self.index.ranking(filter, field, 100) else {
            assert!(!self.index.page(filter, None, 0).exact, "{filter}");
            return;
        };
        let mut tally = RankingTally::new(filter.clone(), field);
        self.rows.iter().for_each(|row| tally.add(row));
        assert_eq!(ranking, tally.finish(100, true), "{filter}");
    }

    fn check_times(&self, filter: &Filter, field: TimeField, edges: &[Timestamp]) {
        let Some(counts) = self.index.times(filter, field, edges) else {
            assert!(!self.index.page(filter, None, 0).exact, "{filter}");
            return;
        };
        let mut tally = TimeTally::new(filter.clone(), field, edges.to_vec());
        self.rows.iter().for_each(|row| tally.add(row));
        assert_eq!(counts, tally.finish(), "{filter} {field:?}");
    }
}

/// Whether the index keeps every field that is tested.
fn is_decidable(filter: &Filter) -> bool {
    let kept = |term: &Term| match &term.test {
        Test::Word(_) => false,
        Test::Text(field, _) | Test::Present(Field::Text(field)) => !matches!(
            field,
            TextField::Id | TextField::UpstreamId | TextField::Description
        ),
        _ => true,
    };
    filter.terms.iter().all(kept)
}

const TIMES: [TimeField; 3] = [
    TimeField::CreatedAt,
    TimeField::IngestedAt,
    TimeField::UpdatedAt,
];

proptest! {
    #[test]
    fn facets_and_rankings_are_what_their_definition_says(
        steps in steps(),
        filters in prop::collection::vec(filters(), 1..6),
        fields in prop::sample::subsequence(FacetField::ALL.to_vec(), 1..=FacetField::ALL.len()),
        top in 1_usize..8,
        chunk_rows in prop::sample::select(vec![1, 7, 64]),
    ) {
        let mut pair = Pair::new(chunk_rows);
        for step in steps {
            pair.take(step);
        }
        for filter in &filters {
            pair.check_facets(filter, &fields, top);
            pair.check_facets(filter, &fields, 100);
            for field in &fields {
                pair.check_ranking(filter, *field);
            }
        }
    }

    #[test]
    fn histograms_are_what_their_definition_says(
        steps in steps(),
        filters in prop::collection::vec(filters(), 1..6),
        (from, width, count) in (0_i64..6, 1_u64..4, 1_usize..6),
        chunk_rows in prop::sample::select(vec![1, 7, 64]),
    ) {
        let mut pair = Pair::new(chunk_rows);
        for step in steps {
            pair.take(step);
        }
        let from = Timestamp::from_nanos(from);
        let width = std::time::Duration::from_nanos(width);
        let buckets = Buckets { from, width, count };
        let window = Window { from, to: from.plus(width * 3) };
        for filter in &filters {
            for field in TIMES {
                pair.check_times(filter, field, &buckets.edges());
                pair.check_times(filter, field, &window.edges(count));
            }
        }
    }
}

#[test]
fn many_chunks_and_blocks_are_counted_as_one_row_would_be() {
    let pair = filled(2 * CHUNK_ROWS + 2_000);
    let edges: Vec<Timestamp> = (0..80)
        .map(|edge| Timestamp::from_nanos(edge * 3 + 5))
        .collect();
    for query in [
        "",
        "severity:>=high country:RU user:ann",
        "-src_ip:10.0.0.0/8 source:waf threat:",
        "user:nobody",
        "country:RU,XX -user:bob from:1970-01-01T00:00:00.000000050Z",
    ] {
        let filter = parse(query);
        pair.check_facets(&filter, &FacetField::ALL, 100);
        pair.check_facets(&filter, &FacetField::ALL, 2);
        for field in FacetField::ALL {
            pair.check_ranking(&filter, field);
        }
        for field in TIMES {
            pair.check_times(&filter, field, &edges);
        }
    }
}

#[test]
fn values_are_found_by_any_part_of_them() {
    let pair = filled(1_000);
    let values = |field, part: &str| -> Vec<String> {
        let found = pair.index.values(field, part, 3).unwrap();
        assert!(found.is_sorted_by(|(_, a), (_, b)| a >= b));
        found.into_iter().map(|(value, _)| value).collect()
    };
    let mut users = values(FacetField::User, "B");
    users.sort();
    assert_eq!(users, ["bo*", "bob"]);
    assert_eq!(
        values(FacetField::Threat, "severity"),
        ["High severity detected"]
    );
    assert_eq!(values(FacetField::DstIp, "203."), ["203.0.113.9"]);
    assert!(values(FacetField::Country, "XX").is_empty());
    assert_eq!(values(FacetField::Severity, "").len(), 3);
}

#[test]
fn a_value_that_is_not_known_leaves_the_counts_to_the_store() {
    let mut index = LiveIndex::new(1 << 30);
    for seq in 1..=300 {
        let row = AlertRow {
            source_id: SourceId::new(&format!("pipeline {seq}")),
            ..row(seq, 0, [0; 9])
        };
        index.append(&IndexRow::from(&row));
    }
    let all = Filter::default();
    assert_eq!(index.facets(&all, &[FacetField::Pipeline], 9), None);
    assert_eq!(index.ranking(&all, FacetField::Pipeline, 9), None);
    assert!(index.facets(&all, &[FacetField::Severity], 9).is_some());
    assert!(
        index
            .facets(&parse("a word"), &[FacetField::Severity], 9)
            .is_none()
    );
}
