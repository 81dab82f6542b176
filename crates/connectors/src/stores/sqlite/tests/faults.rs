//! What the engine refuses, and what the disk refuses. A trigger that a foreign connection leaves in the
//! database stands for a value that the engine will not take.

use cresset_model::SourceId;
use cresset_model::batch::Reason;
use cresset_model::outcome::Stage;
use cresset_model::ports::{PortError, Query, Store, Upsert};
use cresset_model::source::{Checkpoint, Counters};

use super::{Place, SqliteStore};
use crate::stores::contract::{Batch, T0, at, record, run};

const CHECKPOINT: Checkpoint = Checkpoint::at(T0);

async fn counters(store: &SqliteStore) -> Counters {
    store.source(SourceId::new("s")).await.unwrap().counters
}

/// To break it: commit the rows in one transaction and the checkpoint in another.
#[test]
fn rows_and_checkpoint_are_stored_together_or_not_at_all() {
    let place = Place::new();
    let store = place.open();
    place.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON checkpoints
         BEGIN SELECT RAISE(ABORT, 'no checkpoint today'); END",
    );
    run(async {
        let batch = Batch::new("s", 1)
            .alert("a", "x")
            .reject("bad")
            .checkpoint(CHECKPOINT);
        let error = store.commit(batch.clone().commit()).await.unwrap_err();
        assert_eq!(error, PortError::permanent("no checkpoint today"));
        assert_eq!(store.alert(record("s", "a")).await.unwrap(), None);
        assert_eq!(counters(&store).await, Counters::default());
        let facts = store.facts().await.unwrap();
        assert_eq!((facts.alerts, facts.dead_letters, facts.head), (0, 0, 0));
        place.execute("DROP TRIGGER refuse");
        let receipt = store.commit(batch.commit()).await.unwrap();
        assert_eq!((receipt.upserts, receipt.head), (vec![Upsert::New], 1));
        let stored = store.source(SourceId::new("s")).await.unwrap();
        assert_eq!(stored.checkpoint, Some(CHECKPOINT));
    });
}

/// To break it: let the first refused record fail its batch, or drop it.
#[test]
fn a_refused_record_becomes_a_dead_letter_and_the_rest_goes_on() {
    let place = Place::new();
    let store = place.open();
    place.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON alert_bodies WHEN instr(NEW.raw, 'poison')
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    );
    run(async {
        let batch = Batch::new("s", 1)
            .alert("a", "x")
            .alert("b", "poison")
            .reject("bad")
            .alert("c", "x")
            .pass(2, 1)
            .checkpoint(CHECKPOINT);
        let receipt = store.commit(batch.commit()).await.unwrap();
        assert_eq!(receipt.upserts, [Upsert::New, Upsert::Dead, Upsert::New]);
        assert_eq!(receipt.counts.sides(), (7, 7));
        assert_eq!((receipt.counts.new, receipt.counts.dead), (2, 2));
        assert_eq!(receipt.head, 2);
        assert_eq!(counters(&store).await, receipt.counts);
        let raw = br#"{"id":"b","description":"poison"}"#;
        let hash = blake3::hash(raw);
        let id = cresset_model::DeadLetterId::derive(&SourceId::new("s"), hash.as_bytes());
        let letter = store.dead_letter(id).await.unwrap().unwrap();
        assert_eq!(
            (letter.stage, letter.reason),
            (Stage::Store, Reason::StoreRefused)
        );
        assert_eq!(letter.detail, "the store refuses the row: not this one");
        assert_eq!(
            (letter.raw.as_slice(), letter.is_whole()),
            (raw.as_slice(), true)
        );
        assert_eq!(letter.upstream_id.as_deref(), Some("b"));
        let next = store.alert(record("s", "c")).await.unwrap().unwrap();
        assert_eq!(next.row.seq, 2, "the refused row has left no gap");
        // Refused again, it is counted; no longer refused, a redrive brings it in.
        store
            .commit(Batch::new("s", 2).alert("b", "poison").commit())
            .await
            .unwrap();
        assert_eq!(store.dead_letter(id).await.unwrap().unwrap().count, 2);
        place.execute("DROP TRIGGER refuse");
        let redrive = Batch::new("s", 0)
            .at(at(3))
            .alert("b", "poison")
            .redrive(&[id]);
        store.commit(redrive.commit()).await.unwrap();
        let letter = store.dead_letter(id).await.unwrap().unwrap();
        assert_eq!(
            (letter.resolved_at, letter.alert),
            (Some(at(3)), Some(record("s", "b")))
        );
    });
}

/// To break it: roll the whole group back for one request, or leave gaps in the change log.
#[test]
fn a_failing_request_does_not_touch_the_others_of_its_group() {
    let place = Place::new();
    let store = place.open();
    place.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON checkpoints
             WHEN NEW.fetch % 3 = 0
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    run(async {
        let commits: Vec<_> = (0..60_u64)
            .map(|number| {
                let batch = Batch::new("s", number)
                    .alert(&format!("a-{number}"), "x")
                    .checkpoint(Checkpoint {
                        fetch: number,
                        ..CHECKPOINT
                    });
                store.commit(batch.commit())
            })
            .collect();
        let results = futures(commits).await;
        for (number, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), number % 3 != 0, "{result:?}");
        }
        assert_eq!((counters(&store).await.new, store.head()), (40, 40));
        let changes = store.changes(0, 100).await.unwrap();
        assert!(
            (1..)
                .zip(&changes)
                .all(|(position, change)| change.position == position)
        );
        assert!(changes.iter().all(|change| change.row.is_some()));
    });
}

/// Polls all of them until each is done.
async fn futures<T>(
    mut pending: Vec<std::pin::Pin<Box<dyn Future<Output = T> + Send + '_>>>,
) -> Vec<T> {
    let mut results: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, result) in pending.iter_mut().zip(&mut results) {
            if result.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    results.into_iter().flatten().collect()
}

/// To break it: dead-letter what a full disk refuses, or keep half of a batch.
#[test]
fn a_full_disk_refuses_for_a_while_and_keeps_what_was_answered() {
    let place = Place::new();
    let store = place.open_with(|config| config.database_bytes_max = Some(400 << 10));
    let long = "x".repeat(4_000);
    let mut stored = 0;
    run(async {
        loop {
            let batch = Batch::new("s", stored + 1)
                .alert(&format!("a-{stored}"), &long)
                .alert(&format!("b-{stored}"), &long);
            match store.commit(batch.commit()).await {
                Ok(_) => stored += 1,
                Err(error) => {
                    assert!(matches!(error, PortError::Transient { .. }), "{error:?}");
                    let message = error.to_string();
                    assert!(message.contains("full"), "{message}");
                    break;
                }
            }
        }
        assert!(stored > 5);
        let facts = store.facts().await.unwrap();
        assert_eq!((facts.alerts, facts.dead_letters), (2 * stored, 0));
        assert_eq!(counters(&store).await.new, 2 * stored);
        assert_eq!(store.head(), 2 * stored);
    });
    drop(store);
    let store = place.open();
    run(async {
        let batch = Batch::new("s", stored + 1).alert("after", &long);
        assert_eq!(
            store.commit(batch.commit()).await.unwrap().head,
            2 * stored + 1
        );
    });
    assert!(super::super::verify(&place.path()).unwrap().is_ok());
}

/// A repeat within the hour costs no write to the identity, so that polls that overlap are cheap.
/// To break it: rewrite `seen` each time, or never.
#[test]
fn the_last_sight_is_rewritten_only_when_it_is_stale() {
    let place = Place::new();
    let store = place.open();
    for (seconds, seen) in [(0, 0), (3_600, 0), (3_601, 3_601), (7_200, 3_601)] {
        let batch = Batch::new("s", 1 + seconds).at(at(seconds)).alert("a", "x");
        run(store.commit(batch.commit())).unwrap();
        let stored = place.number("SELECT seen FROM identity");
        assert_eq!(stored, at(seen).nanos());
    }
    // What was observed since is stored with it: an older content does not win after a restart either.
    drop(store);
    let store = place.open();
    let late = Batch::new("s", 3_000).at(at(7_201)).alert("a", "late");
    assert_eq!(
        run(store.commit(late.commit())).unwrap().upserts,
        [Upsert::Same]
    );
}
