//! The live index agrees with the store, also when it is filled while commits go on.

use cresset_model::ports::{PageRequest, Query, Retention, Store};
use cresset_model::query::{Field, Filter, Pattern, Test, TextField};

use super::super::books::Books;
use super::super::feed::Feed;
use super::{Place, SqliteStore, wait_for_index};
use crate::stores::contract::{Batch, at, run};

const PAGE: PageRequest = PageRequest {
    before: None,
    limit: 10_000,
    total: true,
};

async fn commit(store: &SqliteStore, fetch: u64, alerts: std::ops::Range<u64>, text: &str) {
    let mut batch = Batch::new("s", fetch).at(at(fetch));
    for number in alerts {
        batch = batch.alert(&format!("a-{number}"), text);
    }
    store.commit(batch.commit()).await.unwrap();
}

/// To break it: put the filled index in use without reading the change log once more under the lock, or
/// forget what retention took meanwhile.
#[test]
fn an_index_filled_while_commits_go_on_misses_nothing() {
    let place = Place::new();
    let store = place.open();
    run(async {
        for fetch in 1..=6 {
            commit(&store, fetch, fetch * 1_000..(fetch + 1) * 1_000, "before").await;
        }
    });
    drop(store);
    let store = place.open();
    let rule = Retention {
        source: None,
        ingested_before: at(2),
        unseen_since: at(0),
    };
    run(async {
        for fetch in 10..=20 {
            commit(&store, fetch, fetch * 1_000..fetch * 1_000 + 50, "during").await;
            commit(&store, fetch, 3_000..3_020, &format!("changed {fetch}")).await;
            if fetch == 11 {
                assert_eq!(store.retain(rule.clone()).await.unwrap().alerts, 1_000);
            }
        }
    });
    wait_for_index(&store);
    let user = Filter::default().and(Test::Text(
        TextField::User,
        vec![Pattern::Exact("ada".to_owned())],
    ));
    let indexed = run(store.alerts(user.clone(), PAGE)).unwrap();
    let facts = run(store.facts()).unwrap();
    assert_eq!((facts.index.rows, facts.alerts), (5_550, 5_550));
    drop(store);
    let store = place.open_with(|config| config.index_bytes_max = 0);
    assert_eq!(run(store.alerts(user, PAGE)).unwrap(), indexed);
}

/// To break it: do not tell the index what retention takes.
#[test]
fn retention_takes_rows_out_of_the_index() {
    let place = Place::new();
    let store = place.open();
    wait_for_index(&store);
    run(async {
        commit(&store, 1, 0..10, "x").await;
        commit(&store, 5, 10..15, "x").await;
        let rule = Retention {
            source: None,
            ingested_before: at(2),
            unseen_since: at(0),
        };
        store.retain(rule).await.unwrap();
        assert_eq!(store.facts().await.unwrap().index.rows, 5);
        let present = Filter::default().and(Test::Present(Field::Severity));
        let answer = store.alerts(present, PAGE).await.unwrap();
        assert_eq!(answer.total.unwrap().value, answer.items.len() as u64);
    });
}

/// The filler may have read a row just before retention took it.
/// To break it: forget what was removed while the index was being filled.
#[test]
fn what_retention_takes_during_the_filling_does_not_stay_in_the_index() {
    let place = Place::new();
    let store = place.open();
    run(commit(&store, 1, 0..10, "x"));
    drop(store);
    let feed = Feed::new(1 << 20);
    let mut books = Books::load(&place.connect(), (0, 0)).unwrap();
    books.removed = vec![9, 2];
    feed.committed(&[], &books);
    feed.fill(&place.path());
    let state = feed.state();
    assert_eq!((state.ready, state.rows), (true, 8));
}

/// To break it: compare with another size than the one that is shown.
#[test]
fn an_index_of_just_its_budget_stays_and_one_byte_more_drops_it() {
    let place = Place::new();
    let store = place.open();
    run(commit(&store, 1, 0..1_000, "x"));
    drop(store);
    let filled = |budget: usize| {
        let feed = Feed::new(budget);
        feed.fill(&place.path());
        feed.state()
    };
    let bytes = usize::try_from(filled(1 << 20).bytes).unwrap();
    assert!(filled(bytes).ready);
    for budget in [bytes - 1, bytes / 10] {
        let state = filled(budget);
        assert_eq!((state.ready, state.rows, state.bytes), (false, 0, 0));
    }
}

/// To break it: go on using an index that has outgrown its budget.
#[test]
fn beyond_its_budget_the_index_is_dropped_and_queries_still_answer() {
    let place = Place::new();
    let store = place.open_with(|config| config.index_bytes_max = 20_000);
    wait_for_index(&store);
    run(async {
        let mut fetch = 0;
        while store.facts().await.unwrap().index.ready {
            fetch += 1;
            commit(&store, fetch, fetch * 100..(fetch + 1) * 100, "x").await;
            assert!(fetch < 100, "the budget is never reached");
        }
        let answer = store.alerts(Filter::default(), PAGE).await.unwrap();
        assert_eq!(answer.items.len() as u64, fetch * 100);
        let state = store.facts().await.unwrap().index;
        assert_eq!((state.rows, state.bytes), (0, 0));
    });
    // The same when it is filled anew.
    drop(store);
    let store = place.open_with(|config| config.index_bytes_max = 1);
    assert!(!run(store.facts()).unwrap().index.ready);
}
