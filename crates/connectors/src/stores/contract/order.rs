//! Which content wins, and what stays of the others.

use std::collections::HashMap;

use cresset_model::ports::Upsert;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Batch, Opened, T0, at, record, run};

/// To break it: update the row without comparing the content hash.
pub(crate) fn same(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let first = Batch::new("s", 1).alert("a", "x").commit();
        opened.store.commit(first).await.unwrap();
        let again = Batch::new("s", 2).at(at(9)).alert("a", "x").commit();
        let receipt = opened.store.commit(again).await.unwrap();
        assert_eq!((receipt.upserts, receipt.head), (vec![Upsert::Same], 1));
        let detail = opened.query.alert(record("s", "a")).await.unwrap().unwrap();
        assert_eq!((detail.row.revision, detail.row.updated_at), (1, T0));
    });
}

/// To break it: forget to keep the old row, or let `ingested_at` or `seq` move.
pub(crate) fn changed(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for (fetch, text) in [(1, "one"), (2, "two"), (3, "three")] {
            let batch = Batch::new("s", fetch).at(at(fetch)).alert("a", text);
            let receipt = opened.store.commit(batch.commit()).await.unwrap();
            let expected = if fetch == 1 {
                Upsert::New
            } else {
                Upsert::Changed
            };
            assert_eq!((receipt.upserts, receipt.head), (vec![expected], fetch));
        }
        let detail = opened.query.alert(record("s", "a")).await.unwrap().unwrap();
        assert_eq!(detail.row.description, "three");
        assert_eq!((detail.row.seq, detail.row.revision), (1, 3));
        assert_eq!(
            (detail.row.ingested_at, detail.row.updated_at),
            (at(1), at(3))
        );
        assert!(detail.raw.ends_with(br#""three"}"#));
        let history: Vec<_> = detail
            .revisions
            .iter()
            .map(|old| (old.revision, old.description.as_str(), old.replaced_at))
            .collect();
        assert_eq!(history, [(2, "two", at(3)), (1, "one", at(2))]);
        assert!(detail.revisions[0].raw.ends_with(br#""two"}"#));
    });
}

/// To break it: let whatever arrives last win.
pub(crate) fn older(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for (fetch, text, expected) in [
            (5, "new", Upsert::New),
            (4, "old", Upsert::Same),
            (6, "newer", Upsert::Changed),
        ] {
            let batch = Batch::new("s", fetch).alert("a", text).commit();
            let receipt = opened.store.commit(batch).await.unwrap();
            assert_eq!(receipt.upserts, [expected]);
        }
    });
}

/// To break it: never delete from the history.
pub(crate) fn bounded_history(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for fetch in 1..=50_u64 {
            let batch = Batch::new("s", fetch).alert("a", &format!("text {fetch}"));
            opened.store.commit(batch.commit()).await.unwrap();
            let detail = opened.query.alert(record("s", "a")).await.unwrap().unwrap();
            let kept = usize::try_from(fetch - 1).unwrap().min(20);
            assert_eq!(detail.revisions.len(), kept);
        }
        let detail = opened.query.alert(record("s", "a")).await.unwrap().unwrap();
        assert_eq!(detail.row.revision, 50);
        assert_eq!(detail.revisions.first().unwrap().revision, 49);
        assert_eq!(detail.revisions.last().unwrap().revision, 30);
    });
}

/// To break it: look identities up before the batch instead of row by row.
pub(crate) fn within_a_batch(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = Batch::new("s", 1)
            .alert("a", "x")
            .alert("a", "x")
            .alert("a", "y");
        let receipt = opened.store.commit(batch.commit()).await.unwrap();
        let expected = [Upsert::New, Upsert::Same, Upsert::Changed];
        assert_eq!(receipt.upserts, expected);
        assert_eq!((receipt.counts.new, receipt.counts.changed), (1, 1));
        assert_eq!(receipt.head, 2);
    });
}

/// Whatever the order and repetition of pages, the content that was observed last is stored.
/// To break it: compare fetches only, or forget the sightings of repeats.
pub(crate) fn commute(open: &dyn Fn() -> Opened) {
    let page = prop::collection::vec((0..4_u8, 0..3_u8), 1..6);
    let repeats = prop::collection::vec(any::<prop::sample::Index>(), 0..8);
    let pages = prop::collection::vec(page, 1..6).prop_flat_map(|pages| {
        let order: Vec<usize> = (0..pages.len()).collect();
        (Just(pages), Just(order).prop_shuffle())
    });
    let mut runner = TestRunner::new(Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&(pages, repeats), |((pages, once), repeats)| {
        let opened = open();
        let repeated = repeats.iter().map(|index| index.index(pages.len()));
        let order: Vec<usize> = repeated.chain(once).collect();
        run(async {
            for index in order {
                let batch = batch(index, &pages[index]);
                opened.store.commit(batch.commit()).await.unwrap();
            }
        });
        let stored: HashMap<String, String> = run(super::queries::all(
            opened.query.as_ref(),
            &cresset_model::query::Filter::default(),
        ))
        .into_iter()
        .map(|row| (row.upstream_id, row.description))
        .collect();
        let last: HashMap<String, String> = pages
            .iter()
            .flatten()
            .map(|(id, text)| (format!("a-{id}"), format!("text {text}")))
            .collect();
        prop_assert_eq!(stored, last);
        Ok(())
    });
    result.unwrap();
}

fn batch(index: usize, page: &[(u8, u8)]) -> Batch {
    page.iter()
        .fold(Batch::new("s", index as u64 + 1), |batch, (id, text)| {
            batch.alert(&format!("a-{id}"), &format!("text {text}"))
        })
}
