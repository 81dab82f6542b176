//! Answers to pushes, positions of files, and misses of the enrichment.

use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::ports::{FILE_POSITIONS_MAX, FilePosition, PUSH_ANSWER_AGE_MAX, StoredPush};

use super::{Batch, Opened, T0, run};

fn push(key: &str, answer: &str) -> StoredPush {
    StoredPush {
        key: key.to_owned(),
        body_hash: *blake3::hash(answer.as_bytes()).as_bytes(),
        answer: answer.to_owned(),
    }
}

/// To break it: store the answer outside of the transaction, forget the source, or keep the answer for
/// ever.
pub(crate) fn pushes(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        let stored = |source: &str, key: &str, not_before| {
            store.stored_push(SourceId::new(source), key.to_owned(), not_before)
        };
        assert_eq!(stored("s", "k", T0).await.unwrap(), None);
        let mut refused = Batch::new("s", 1).alert("a", "x").push(push("k", "no"));
        refused = refused.redrive(&[super::letter("s", "1"), super::letter("s", "2")]);
        store.commit(refused.commit()).await.unwrap_err();
        assert_eq!(stored("s", "k", T0).await.unwrap(), None);

        let batch = Batch::new("s", 1).alert("a", "x").push(push("k", "one"));
        store.commit(batch.commit()).await.unwrap();
        assert_eq!(stored("s", "k", T0).await.unwrap(), Some(push("k", "one")));
        assert_eq!(stored("t", "k", T0).await.unwrap(), None);
        assert_eq!(stored("s", "K", T0).await.unwrap(), None);
        let later = T0.plus(Duration::from_nanos(1));
        assert_eq!(stored("s", "k", later).await.unwrap(), None);

        // At the limit it stays; beyond it the next answer takes its place or drops it.
        let limit = T0.plus(PUSH_ANSWER_AGE_MAX);
        for (at, is_kept) in [(limit, true), (limit.plus(Duration::from_nanos(1)), false)] {
            let batch = Batch::new("s", 2).at(at).push(push("other", "two"));
            store.commit(batch.commit()).await.unwrap();
            assert_eq!(stored("s", "k", T0).await.unwrap().is_some(), is_kept);
        }
        let batch = Batch::new("s", 3).at(later).push(push("other", "three"));
        store.commit(batch.commit()).await.unwrap();
        let found = stored("s", "other", T0).await.unwrap();
        assert_eq!(found, Some(push("other", "three")));
    });
}

/// To break it: never drop a position, or drop the newest.
pub(crate) fn positions(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        let source = || SourceId::new("files");
        assert_eq!(store.positions(source()).await.unwrap(), []);
        let other = Batch::new("other", 1).position(7, 7);
        store.commit(other.commit()).await.unwrap();
        let kept = FILE_POSITIONS_MAX as u64;
        for second in 0..kept + 20 {
            // The first file goes on growing; each other one is read once.
            let batch = Batch::new("files", second)
                .at(super::at(second))
                .position(u128::MAX, second)
                .position(second.into(), u64::from(u32::MAX) + second);
            store.commit(batch.commit()).await.unwrap();
            if [kept - 2, kept - 1, kept + 19].contains(&second) {
                let found = store.positions(source()).await.unwrap();
                let expected = (second + 2).min(kept);
                assert_eq!(found.len() as u64, expected);
                assert!(found.contains(&FilePosition {
                    fingerprint: u128::MAX,
                    offset: second,
                    inode: second + 1,
                    check: !second,
                }));
                let oldest = found.last().unwrap();
                assert_eq!(u64::try_from(oldest.fingerprint), Ok(second + 2 - expected));
            }
        }
        let other = store.positions(SourceId::new("other")).await.unwrap();
        assert_eq!(other.len(), 1);
        // A commit without records stores them too.
        let mut only = Batch::new("other", 2).position(8, 1).commit();
        only.outcome = None;
        store.commit(only).await.unwrap();
        let other = store.positions(SourceId::new("other")).await.unwrap();
        assert_eq!(other.len(), 2);
    });
}

/// To break it: count a miss as an outcome of its record, or not at all.
pub(crate) fn misses(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for (fetch, misses) in [(1, 2), (2, 1)] {
            let batch = Batch::new("s", fetch).pass(3, 0).misses(misses);
            let receipt = opened.store.commit(batch.commit()).await.unwrap();
            assert_eq!(receipt.counts.enrich_misses, u64::from(misses));
            assert_eq!(receipt.counts.sides(), (3, 3));
        }
        let stored = opened.store.source(SourceId::new("s")).await.unwrap();
        assert_eq!(stored.counters.enrich_misses, 3);
        assert_eq!(stored.counters.sides(), (6, 6));
    });
}
