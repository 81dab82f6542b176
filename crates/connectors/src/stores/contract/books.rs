//! Conservation, and the order of the change log.

use std::sync::Arc;

use cresset_model::SourceId;
use cresset_model::alert::ChangeKind;
use cresset_model::ports::{PortError, RECEIPTS_KEPT, Ticket};
use cresset_model::source::Counters;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Batch, Opened, run};

/// What a batch may hold, drawn at random.
#[derive(Debug, Clone)]
enum Piece {
    Alert(u8, u8),
    Reject(u8),
    Pass(u8, u8),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => (0..12_u8, 0..3_u8).prop_map(|(id, text)| Piece::Alert(id, text)),
        2 => (0..4_u8).prop_map(Piece::Reject),
        1 => (0..3_u8, 0..3_u8).prop_map(|(passed, filtered)| Piece::Pass(passed, filtered)),
    ]
}

fn batch(source: &str, fetch: u64, pieces: &[Piece]) -> Batch {
    pieces
        .iter()
        .fold(Batch::new(source, fetch), |batch, piece| match piece {
            Piece::Alert(id, text) => batch.alert(&format!("a-{id}"), &format!("text {text}")),
            Piece::Reject(which) => batch.reject(&format!("bad {which}")),
            Piece::Pass(passed, filtered) => batch.pass((*passed).into(), (*filtered).into()),
        })
}

/// To break it: count a repeat within a batch as nothing, or dead letters by rows and not by records.
pub(crate) fn balance(open: &dyn Fn() -> Opened) {
    let pieces = prop::collection::vec(piece(), 0..12);
    let batches = prop::collection::vec((any::<bool>(), pieces), 1..8);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&batches, |batches| {
        let opened = open();
        run(async {
            let mut sums = [Counters::default(); 2];
            for (fetch, (which, pieces)) in (1..).zip(&batches) {
                let source = ["left", "right"][usize::from(*which)];
                let commit = batch(source, fetch, pieces).commit();
                let receipt = opened.store.commit(commit).await.unwrap();
                let (came, became) = receipt.counts.sides();
                prop_assert_eq!(came, became);
                sums[usize::from(*which)].add(&receipt.counts);
            }
            for (source, sum) in ["left", "right"].iter().zip(sums) {
                let stored = opened.store.source(SourceId::new(source)).await.unwrap();
                prop_assert_eq!(stored.counters, sum);
            }
            Ok(())
        })
    });
    result.unwrap();
}

/// To break it: trust the caller's count of records.
pub(crate) fn unbalanced(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let mut commit = Batch::new("s", 1).alert("a", "x").commit();
        if let Some(outcome) = &mut commit.outcome {
            outcome.read = 3;
        }
        let error = opened.store.commit(commit).await.unwrap_err();
        assert!(matches!(error, PortError::Permanent { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the outcome of source `s` does not balance: 3 records read, but 1 alerts, 0 rejected, \
             0 passed and 0 filtered"
        );
        assert_eq!(opened.query.facts().await.unwrap().alerts, 0);
    });
}

/// Eight committers at once, and a reader that follows by its cursor meanwhile: it must see each change
/// exactly once and without a gap.
/// To break it: take positions when a request begins instead of last, or skip one on a rollback.
pub(crate) fn change_log(open: &dyn Fn() -> Opened) {
    let opened = Arc::new(open());
    run(async {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let opened = Arc::clone(&opened);
                tokio::spawn(async move {
                    let source = format!("s-{writer}");
                    for fetch in 1..=10 {
                        let batch = Batch::new(&source, fetch)
                            .alert("always", &format!("text {fetch}"))
                            .alert(&format!("only-{fetch}"), "x")
                            .alert(&format!("only-{fetch}"), "x");
                        let receipt = opened.store.commit(batch.commit()).await.unwrap();
                        assert!(receipt.head <= opened.store.head());
                    }
                })
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 160 {
            let after = seen.len() as u64;
            let changes = opened.store.changes(after, 7).await.unwrap();
            assert!(changes.len() <= 7);
            seen.extend(changes);
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(
            (1..)
                .zip(&seen)
                .all(|(position, change)| change.position == position)
        );
        assert_eq!(opened.store.head(), 160);
        assert_eq!(opened.store.changes(160, 7).await.unwrap(), []);
        let new = seen.iter().filter(|change| change.kind == ChangeKind::New);
        assert_eq!(new.count(), 88);
        let row = seen.first().unwrap().row.as_ref();
        assert_eq!(row.map(|row| row.upstream_id.as_str()), Some("always"));
    });
}

/// I12. To break it: keep the receipt in another transaction than what it tells of, or look for the
/// number of a ticket alone.
pub(crate) fn receipts(open: &dyn Fn() -> Opened) {
    let opened = open();
    let ticket = |number| Ticket { run: 7, number };
    let ask = async |source: &str, ticket| {
        let source = SourceId::new(source);
        opened.store.receipt(source, ticket).await.unwrap()
    };
    run(async {
        assert_eq!(ask("s", ticket(1)).await, None);
        let first = Batch::new("s", 1)
            .alert("a", "x")
            .alert("a", "x")
            .alert("b", "x")
            .reject("bad")
            .pass(3, 2)
            .misses(4)
            .ticket(ticket(1));
        let given = opened.store.commit(first.commit()).await.unwrap();
        assert_eq!(ask("s", ticket(1)).await.as_ref(), Some(&given));
        assert_eq!(ask("t", ticket(1)).await, None, "of another source");
        let other_run = Ticket { run: 8, number: 1 };
        assert_eq!(ask("s", other_run).await, None, "of another process");
        // One that is refused leaves none.
        let mut broken = Batch::new("s", 2)
            .alert("c", "x")
            .ticket(ticket(2))
            .commit();
        broken.outcome.as_mut().unwrap().read = 9;
        opened.store.commit(broken).await.unwrap_err();
        assert_eq!(ask("s", ticket(2)).await, None);
        // The oldest gives way to the one that comes so many tickets later, and not before.
        for (number, is_kept) in [(RECEIPTS_KEPT, true), (RECEIPTS_KEPT + 1, false)] {
            let batch = Batch::new("s", 3).ticket(ticket(number));
            let given = opened.store.commit(batch.commit()).await.unwrap();
            assert_eq!(ask("s", ticket(number)).await, Some(given));
            assert_eq!(ask("s", ticket(1)).await.is_some(), is_kept);
        }
    });
}
