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
