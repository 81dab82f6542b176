//! Counts: facets, rankings, histograms, summaries, and what alerts have in common.

use std::time::Duration;

use cresset_model::alert::AlertRow;
use cresset_model::query::{
    Buckets, FacetField, FacetTally, Field, Filter, RankingTally, TimeField, TimeTally, Window,
};

use super::queries::{all, some_filters};
use super::{Batch, Opened, T0, at, record, run};

async fn filled(opened: &Opened) -> Vec<AlertRow> {
    for fetch in 1..=6 {
        let source = if fetch % 2 == 0 { "even" } else { "odd" };
        let mut batch = Batch::new(source, fetch);
        for number in 0..5 {
            let id = format!("id-{fetch}{number}");
            batch = batch.alert(&id, "a failed login");
            if number == 0 {
                batch = batch.detected("High severity detected", "high");
            }
        }
        let commit = batch.at(at(fetch * 60)).commit();
        opened.store.commit(commit).await.unwrap();
    }
    all(opened.query.as_ref(), &Filter::default()).await
}

/// To break it: count a row that a filter refuses, or forget a term about another field.
pub(crate) fn counts(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let rows = filled(&opened).await;
        let explore = opened.explore.as_ref();
        let buckets = Buckets {
            from: at(100),
            width: Duration::from_secs(45),
            count: 4,
        };
        let window = Window {
            from: at(200),
            to: at(350),
        };
        for filter in some_filters() {
            let fields = FacetField::ALL.to_vec();
            let facets = explore.facets(filter.clone(), fields, 50).await.unwrap();
            for (facet, field) in facets.into_iter().zip(FacetField::ALL) {
                let mut tally = FacetTally::new(&filter, field);
                for row in &rows {
                    tally.add(row);
                }
                assert_eq!(facet, tally.finish(50, true), "{filter}");
                let mut tally = RankingTally::new(filter.clone(), field);
                for row in &rows {
                    tally.add(row);
                }
                let ranking = explore.ranking(filter.clone(), field, 3).await.unwrap();
                let expected = tally.finish(3, true);
                let totals = |ranking: &cresset_model::query::Ranking| -> Vec<u64> {
                    let total = |one: &cresset_model::query::Ranked| one.counts.total();
                    ranking.values.iter().map(total).collect()
                };
                assert_eq!(totals(&ranking), totals(&expected), "{filter}");
                assert_eq!(ranking.distinct, expected.distinct);
            }
            for field in [TimeField::IngestedAt, TimeField::CreatedAt] {
                let mut tally = TimeTally::new(filter.clone(), field, buckets.edges());
                for row in &rows {
                    tally.add(row);
                }
                let histogram = explore.histogram(filter.clone(), field, buckets);
                let histogram = histogram.await.unwrap();
                assert_eq!((histogram.counts, histogram.exact), (tally.finish(), true));
            }
            let summary = explore.summary(filter.clone(), window, 5).await.unwrap();
            let timeless = filter.without(Field::Time(TimeField::IngestedAt));
            let within = |from, to| {
                let rows = rows.iter().filter(|row| timeless.matches(row));
                rows.filter(|row| from <= row.ingested_at && row.ingested_at < to)
                    .count() as u64
            };
            assert_eq!(summary.now.total(), within(window.from, window.to));
            assert_eq!(summary.before.total(), within(at(50), window.from));
            assert_eq!(summary.parts.len(), 5);
        }
        let values = explore
            .values(FacetField::Pipeline, "OD".to_owned(), 9)
            .await;
        assert_eq!(values.unwrap(), [("odd".to_owned(), 15)]);
        assert!(rows.iter().all(|row| row.ingested_at > T0));
    });
}

/// To break it: count the alert itself among its relatives.
pub(crate) fn related(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let rows = filled(&opened).await;
        assert_eq!(
            opened.explore.related(record("s", "none"), 3).await,
            Ok(None)
        );
        for row in &rows {
            let related = opened.explore.related(row.id, 2).await.unwrap();
            let related = related.expect("the alert is stored");
            let values = [row.dst_ip.is_some(), true, row.user.is_some()];
            assert_eq!(
                related.len(),
                values.into_iter().filter(|is_there| *is_there).count()
            );
            for one in related {
                let value = Some(one.value.as_str());
                assert_eq!(one.field.of(row).as_deref(), value);
                let others: Vec<&AlertRow> = rows
                    .iter()
                    .filter(|other| other.id != row.id && one.field.of(other).as_deref() == value)
                    .collect();
                assert_eq!(
                    (one.total.value, one.total.exact),
                    (others.len() as u64, true)
                );
                let newest: Vec<&AlertRow> = others.into_iter().take(2).collect();
                assert_eq!(one.newest.iter().collect::<Vec<_>>(), newest);
            }
        }
    });
}
