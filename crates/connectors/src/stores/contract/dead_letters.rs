//! Records that could not be used.

use cresset_model::SourceId;
use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;
use cresset_model::outcome::Stage;
use cresset_model::ports::Upsert;

use super::queries::page;
use super::{Batch, Opened, T0, at, letter, record, run};

/// To break it: insert a row each time, or forget `last_seen`.
pub(crate) fn one_row(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for fetch in 0..3 {
            let batch = Batch::new("s", fetch).at(at(fetch)).reject("bad");
            let receipt = opened.store.commit(batch.commit()).await.unwrap();
            assert_eq!(receipt.counts.dead, 1);
        }
        let found = opened
            .query
            .dead_letter(letter("s", "bad"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.count, found.first_seen, found.last_seen),
            (3, T0, at(2))
        );
        assert_eq!(
            (found.stage, found.reason),
            (Stage::Normalize, Reason::MissingField)
        );
        assert_eq!(found.detail, "missing_field: `id` is absent");
        assert_eq!(found.full_hash, blake3::hash(b"bad").to_hex().to_string());
        assert!(found.is_whole());
        assert_eq!(opened.query.facts().await.unwrap().dead_letters, 1);
        assert_eq!(
            opened.query.dead_letter(letter("t", "bad")).await.unwrap(),
            None
        );
    });
}

/// To break it: count a redriven record as read, or resolve a refused one.
pub(crate) fn redrive(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let bad = Batch::new("s", 1).reject("good now").reject("still bad");
        opened.store.commit(bad.commit()).await.unwrap();
        let ids = [letter("s", "good now"), letter("s", "still bad")];
        let again = Batch::new("s", 0)
            .at(at(5))
            .alert("a", "x")
            .reject_as("another text", Reason::WrongType)
            .redrive(&ids);
        let receipt = opened.store.commit(again.commit()).await.unwrap();
        assert_eq!(receipt.upserts, [Upsert::New]);
        assert_eq!((receipt.counts.read, receipt.counts.redriven), (0, 2));
        assert_eq!(receipt.counts.sides(), (2, 2));
        let good = opened.query.dead_letter(ids[0]).await.unwrap().unwrap();
        assert_eq!(
            (good.resolved_at, good.alert),
            (Some(at(5)), Some(record("s", "a")))
        );
        let bad = opened.query.dead_letter(ids[1]).await.unwrap().unwrap();
        assert_eq!(
            (bad.resolved_at, bad.count, bad.reason),
            (None, 2, Reason::WrongType)
        );
        assert_eq!(opened.query.facts().await.unwrap().dead_letters, 1);
        // Another redrive of it changes nothing but the books.
        let again = Batch::new("s", 0)
            .at(at(7))
            .alert("a", "x")
            .redrive(&ids[..1]);
        let receipt = opened.store.commit(again.commit()).await.unwrap();
        assert_eq!(
            (receipt.upserts, receipt.counts.redriven),
            (vec![Upsert::Same], 1)
        );
        let good = opened.query.dead_letter(ids[0]).await.unwrap().unwrap();
        assert_eq!(good.resolved_at, Some(at(5)));
        assert_eq!(opened.query.facts().await.unwrap().dead_letters, 1);
        // A poison that comes again after it was resolved stays resolved, and is counted.
        let again = Batch::new("s", 2).at(at(9)).reject("good now");
        opened.store.commit(again.commit()).await.unwrap();
        let good = opened.query.dead_letter(ids[0]).await.unwrap().unwrap();
        assert_eq!((good.resolved_at, good.count), (Some(at(5)), 2));
        assert_eq!(opened.query.facts().await.unwrap().dead_letters, 1);
    });
}

/// To break it: resolve only what became an alert, or also what was refused again.
pub(crate) fn passed(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let bad = Batch::new("s", 1)
            .reject("event")
            .reject("alert")
            .reject("bad");
        opened.store.commit(bad.commit()).await.unwrap();
        let ids = ["event", "alert", "bad"].map(|raw| letter("s", raw));
        // The batch holds an alert, a dead letter and an event, in this order.
        let again = Batch::new("s", 0).at(at(5)).alert("a", "x").reject("bad");
        let again = again.pass(1, 0).redrive(&[ids[1], ids[2], ids[0]]);
        for (redriven, open) in [(3, 1), (3, 1)] {
            let receipt = opened.store.commit(again.clone().commit()).await.unwrap();
            let counts = receipt.counts;
            assert_eq!(
                (counts.redriven, counts.passed, counts.dead),
                (redriven, 1, 1)
            );
            assert_eq!(counts.sides(), (3, 3));
            assert_eq!(opened.query.facts().await.unwrap().dead_letters, open);
        }
        let expected = [
            (Some(at(5)), None),
            (Some(at(5)), Some(record("s", "a"))),
            (None, None),
        ];
        for (id, expected) in ids.into_iter().zip(expected) {
            let found = opened.query.dead_letter(id).await.unwrap().unwrap();
            assert_eq!((found.resolved_at, found.alert), expected);
        }
    });
}

/// To break it: ignore one of the filter's parts, or page by time.
pub(crate) fn pages(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for number in 0..5 {
            let reason = [Reason::InvalidJson, Reason::MissingField][number % 2];
            let batch = Batch::new("s", 1).reject_as(&format!("bad {number}"), reason);
            opened.store.commit(batch.commit()).await.unwrap();
        }
        opened
            .store
            .commit(Batch::new("t", 1).reject("other").commit())
            .await
            .unwrap();
        let redrive = Batch::new("s", 2)
            .alert("a", "x")
            .redrive(&[letter("s", "bad 0")]);
        opened.store.commit(redrive.commit()).await.unwrap();
        let count = async |filter: DeadLetterFilter| {
            let (mut raws, mut before) = (Vec::new(), None);
            loop {
                let answer = opened
                    .query
                    .dead_letters(filter.clone(), page(before, 2))
                    .await
                    .unwrap();
                let total = answer.total.unwrap();
                raws.extend(answer.items.into_iter().map(|item| (item.seq, item.raw)));
                before = answer.next;
                if before.is_none() {
                    assert_eq!((total.value, total.exact), (raws.len() as u64, true));
                    assert!(raws.is_sorted_by(|newer, older| newer.0 > older.0));
                    return raws.len();
                }
            }
        };
        let any = DeadLetterFilter::default;
        assert_eq!(count(any()).await, 6);
        let source = Some(SourceId::new("s"));
        assert_eq!(count(DeadLetterFilter { source, ..any() }).await, 5);
        let source = Some(SourceId::new("nobody"));
        assert_eq!(count(DeadLetterFilter { source, ..any() }).await, 0);
        let reason = Some(Reason::InvalidJson);
        assert_eq!(count(DeadLetterFilter { reason, ..any() }).await, 3);
        let (open, resolved) = (Some(false), Some(true));
        assert_eq!(
            count(DeadLetterFilter {
                resolved: open,
                ..any()
            })
            .await,
            5
        );
        assert_eq!(
            count(DeadLetterFilter {
                resolved,
                reason,
                ..any()
            })
            .await,
            1
        );
    });
}

/// To break it: compare the wrong end of a dead letter's life, or take a bound for its other side.
pub(crate) fn times(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        // One came from 2 to 6, one at 4 only.
        for (fetch, at_second, raw) in [(1, 2, "long"), (2, 4, "short"), (3, 6, "long")] {
            let batch = Batch::new("s", fetch).at(at(at_second)).reject(raw);
            opened.store.commit(batch.commit()).await.unwrap();
        }
        for (since, until, expected) in [
            (None, None, 2),
            (Some(2), None, 2),
            (Some(4), None, 2),
            (Some(5), None, 1),
            (Some(6), None, 1),
            (Some(7), None, 0),
            (None, Some(2), 0),
            (None, Some(3), 1),
            (None, Some(4), 1),
            (None, Some(5), 2),
            (Some(5), Some(6), 1),
        ] {
            let filter = DeadLetterFilter {
                since: since.map(at),
                until: until.map(at),
                ..DeadLetterFilter::default()
            };
            let found = opened
                .query
                .dead_letters(filter.clone(), page(None, 10))
                .await;
            let found = found.unwrap();
            let said = format!("{since:?} to {until:?}");
            assert_eq!(found.items.len(), expected, "{said}");
            assert_eq!(found.total.unwrap().value, expected as u64, "{said}");
            assert!(found.items.iter().all(|letter| filter.matches(letter)));
            let groups = opened.query.dead_letter_groups(filter).await.unwrap();
            let letters: u64 = groups.iter().map(|group| group.letters).sum();
            assert_eq!(letters, expected as u64, "{said}");
        }
    });
}

/// To break it: count rows for records, or ignore the filter.
pub(crate) fn groups(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let long = "x".repeat(DEAD_LETTER_RAW_BYTES_MAX + 1);
        for (fetch, source, raw, reason) in [
            (1, "s", "a", Reason::InvalidJson),
            (2, "s", "a", Reason::InvalidJson),
            (3, "s", long.as_str(), Reason::InvalidJson),
            (1, "t", "a", Reason::InvalidJson),
            (4, "s", "b", Reason::TooDeep),
        ] {
            let batch = Batch::new(source, fetch)
                .at(at(fetch))
                .reject_as(raw, reason);
            opened.store.commit(batch.commit()).await.unwrap();
        }
        let any = DeadLetterFilter::default;
        let groups = opened.query.dead_letter_groups(any()).await.unwrap();
        let said: Vec<_> = groups
            .iter()
            .map(|it| {
                (
                    it.reason,
                    it.source_id.as_str(),
                    it.letters,
                    it.whole,
                    it.records,
                )
            })
            .collect();
        let expected = [
            (Reason::InvalidJson, "s", 2, 1, 3),
            (Reason::InvalidJson, "t", 1, 1, 1),
            (Reason::TooDeep, "s", 1, 1, 1),
        ];
        assert_eq!(said, expected);
        let first = &groups[0];
        assert_eq!((first.first_seen, first.last_seen), (at(1), at(3)));
        assert_eq!(first.example_id, letter("s", &long));
        assert!(
            first.example.starts_with("invalid_json"),
            "{}",
            first.example
        );
        for (filter, expected) in [
            (
                DeadLetterFilter {
                    source: Some(SourceId::new("t")),
                    ..any()
                },
                1,
            ),
            (
                DeadLetterFilter {
                    reason: Some(Reason::TooDeep),
                    ..any()
                },
                1,
            ),
            (
                DeadLetterFilter {
                    resolved: Some(true),
                    ..any()
                },
                0,
            ),
        ] {
            let groups = opened.query.dead_letter_groups(filter).await.unwrap();
            assert_eq!(groups.len(), expected);
        }
    });
}

/// To break it: store whatever raw bytes the outcome names.
pub(crate) fn bounded_raw(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for (length, kept) in [
            (DEAD_LETTER_RAW_BYTES_MAX, DEAD_LETTER_RAW_BYTES_MAX),
            (DEAD_LETTER_RAW_BYTES_MAX + 1, DEAD_LETTER_RAW_BYTES_MAX),
            (DEAD_LETTER_RAW_BYTES_MAX * 10, DEAD_LETTER_RAW_BYTES_MAX),
        ] {
            let raw = "x".repeat(length);
            let batch = Batch::new("s", 1).reject(&raw).commit();
            opened.store.commit(batch).await.unwrap();
            let found = opened
                .query
                .dead_letter(letter("s", &raw))
                .await
                .unwrap()
                .unwrap();
            assert_eq!((found.raw.len(), found.full_bytes), (kept, length as u64));
            assert_eq!(found.is_whole(), kept == length);
        }
    });
}
