//! Everything is bounded: dead letters in bytes, pages in rows, walks in tested rows.

use std::time::Duration;

use cresset_model::alert::Seq;
use cresset_model::ports::{PageRequest, Query, Store};
use cresset_model::query::{Filter, Test};

use super::super::dead::ROW_BYTES;
use super::super::list::{ALERTS_PER_PAGE_MAX, TESTED_ROWS_MAX};
use super::{Place, SqliteStore, wait_for_index};
use crate::stores::contract::{Batch, letter, run};

const RAW_BYTES: usize = 100;

fn raw(number: usize) -> String {
    format!("{number:0RAW_BYTES$}")
}

/// To break it: count rows instead of bytes, drop the newest, or forget what was dropped.
#[test]
fn dead_letters_are_bounded_by_bytes_and_the_oldest_go() {
    let fitting = 7_usize;
    let place = Place::new();
    let bytes_max = fitting as u64 * (RAW_BYTES as u64 + ROW_BYTES);
    let store = place.open_with(|config| config.dead_letter_bytes_max = bytes_max);
    run(async {
        for number in 0..10 * fitting {
            let batch = Batch::new("s", 1).reject(&raw(number)).reject(&raw(number));
            store.commit(batch.commit()).await.unwrap();
            let kept = (number + 1).min(fitting);
            assert_eq!(store.facts().await.unwrap().dead_letters, kept as u64);
            let newest = store.dead_letter(letter("s", &raw(number))).await.unwrap();
            assert_eq!(newest.unwrap().count, 2);
            if number >= fitting {
                let oldest = letter("s", &raw(number - fitting));
                assert_eq!(store.dead_letter(oldest).await.unwrap(), None);
            }
        }
    });
    assert_eq!(
        place.number("SELECT value FROM counters WHERE name = 'dead_dropped'"),
        2 * 9 * i64::try_from(fitting).unwrap()
    );
    assert!(super::super::verify(&place.path()).unwrap().is_ok());
}

/// To break it: leave `journal_size_limit` out.
#[test]
fn the_write_ahead_log_shrinks_to_what_is_kept_of_it() {
    let kept = 1 << 20;
    let size = |records: usize| {
        let place = Place::new();
        let store = place.open_with(|config| config.wal_bytes_kept = kept);
        run(async {
            let large = |number: usize| format!("{number:060000}");
            let batch = (0..records).fold(Batch::new("s", 1), |batch, number| {
                batch.reject(&large(number))
            });
            store.commit(batch.commit()).await.unwrap();
            // The commit behind it writes the log back, and the next one begins it anew.
            for number in 0..3 {
                let small = Batch::new("s", 1).reject(&raw(number));
                store.commit(small.commit()).await.unwrap();
            }
            store.facts().await.unwrap().wal_bytes
        })
    };
    // Below what starts the writing back it grows; beyond, and ten times beyond, it shrinks.
    assert!(size(1) < 16 * kept);
    for records in [200, 2_000] {
        let left = size(records);
        assert!(left <= kept, "{left} for {records}");
    }
}

/// To break it: store a detail or a vendor's id at any length.
#[test]
fn texts_of_dead_letters_are_bounded_at_a_character() {
    let place = Place::new();
    let store = place.open();
    let mut commit = Batch::new("s", 1).reject("bad").commit();
    if let Some(rejected) = commit.outcome.as_mut().and_then(|o| o.rejected.first_mut()) {
        rejected.detail = format!("x{}", "é".repeat(10_000));
    }
    run(store.commit(commit)).unwrap();
    let found = run(store.dead_letter(letter("s", "bad"))).unwrap().unwrap();
    assert_eq!(found.detail.len(), 1_023);
}

fn page(before: Option<Seq>, limit: usize) -> PageRequest {
    PageRequest {
        before,
        limit,
        total: true,
    }
}

/// One alert by the front door, and its row copied until there are so many.
fn filled(place: &Place, rows: usize, with_index: bool) -> SqliteStore {
    let store = place.open();
    run(store.commit(Batch::new("s", 1).alert("a", "needle").commit())).unwrap();
    drop(store);
    place.execute(&format!(
        "WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < {rows})
         INSERT INTO alert_rows SELECT x, source_id, ingested_at, id, severity, created_at,
             updated_at, revision, marks, context_id, source, upstream_id, src_ip, dst_ip, country,
             user, title, 'hay' FROM n, alert_rows;
         UPDATE counters SET value = {rows} WHERE name IN ('new', 'read')"
    ));
    place.open_with(|config| {
        // How long it takes is not what is asked.
        config.read_timeout = Duration::from_hours(1);
        if !with_index {
            config.index_bytes_max = 0;
        }
    })
}

/// To break it: walk on until a page is full, however many rows that takes.
#[test]
fn a_walk_stops_in_time_and_goes_on_at_its_next() {
    let place = Place::new();
    let rows = TESTED_ROWS_MAX + 10;
    let store = filled(&place, rows, false);
    let needle = Filter::default().and(Test::Word("needle".to_owned()));
    run(async {
        let first = store.alerts(needle.clone(), page(None, 5)).await.unwrap();
        assert_eq!((first.items.len(), first.next), (0, Some(11)));
        let total = first.total.unwrap();
        assert_eq!((total.value, total.exact), (0, false));
        let second = store.alerts(needle, page(first.next, 5)).await.unwrap();
        assert_eq!((second.items.len(), second.next), (1, None));
        let all = store
            .alerts(Filter::default(), page(None, 5))
            .await
            .unwrap();
        let total = all.total.unwrap();
        assert_eq!((total.value, total.exact), (rows as u64, true));
        // Looking for one more behind a full page stops in time, too.
        place.execute(&format!(
            "UPDATE alert_rows SET description = 'pin' WHERE seq = {rows}"
        ));
        let pin = Filter::default().and(Test::Word("pin".to_owned()));
        let full = store.alerts(pin, page(None, 1)).await.unwrap();
        assert_eq!((full.items.len(), full.next), (1, Some(rows as u64)));
    });
}

/// The index does not know words: each row that it names is looked at, some hundreds at a time.
/// To break it: end a page with the first of them, or look at all.
#[test]
fn a_page_by_the_index_stops_in_time_and_goes_on_at_its_next() {
    let place = Place::new();
    let store = filled(&place, TESTED_ROWS_MAX + 1_000, true);
    wait_for_index(&store);
    let needle = Filter::default().and(Test::Word("needle".to_owned()));
    let five = |before| PageRequest {
        total: false,
        ..page(before, 5)
    };
    run(async {
        let first = store.alerts(needle.clone(), five(None)).await.unwrap();
        let next = first.next.unwrap();
        assert!(
            first.items.is_empty() && (500..=1_001).contains(&next),
            "{next}"
        );
        let second = store.alerts(needle, five(first.next)).await.unwrap();
        assert_eq!((second.items.len(), second.next), (1, None));
    });
}

/// To break it: take the caller's limit as it is.
#[test]
fn a_page_has_a_greatest_size() {
    let place = Place::new();
    let store = filled(&place, 2 * ALERTS_PER_PAGE_MAX, false);
    run(async {
        for limit in [ALERTS_PER_PAGE_MAX, ALERTS_PER_PAGE_MAX + 1, usize::MAX] {
            let answer = store
                .alerts(Filter::default(), page(None, limit))
                .await
                .unwrap();
            assert_eq!(answer.items.len(), ALERTS_PER_PAGE_MAX);
            assert_eq!(answer.next, Some(ALERTS_PER_PAGE_MAX as u64 + 1));
        }
    });
}
