//! What the store says of itself, and what can be seen of it from outside.

use cresset_model::ports::{Store, Vitals, Waiting};
use cresset_model::{SourceId, Timestamp};

use super::super::dead::ROW_BYTES;
use super::super::{Holder, OpenError, holder, inspect};
use super::Place;
use crate::stores::contract::{Batch, at, run};

fn at_nanos(seconds: u64) -> i64 {
    at(seconds).nanos()
}

/// A row of the outbox.
fn row(seq: u32, receiver: &str, state: &str, created: i64) -> String {
    format!(
        "INSERT INTO outbox (seq, id, receiver, grp, episode, ordinal, state, created_at, next_at,
             subject, body)
         VALUES ({seq}, x'{seq:032x}', '{receiver}', 'g', 1, {seq}, '{state}', {created}, 0, '', x'');"
    )
}

/// To break it: take rows that are settled, or the newest of them.
#[test]
fn what_waits_is_told_for_each_receiver_with_its_oldest_and_its_last_error() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(run(store.vitals()).unwrap().waiting, []);
    let rows = [
        row(1, "a/0", "sent", at_nanos(1)),
        row(2, "a/0", "leased", at_nanos(2)),
        row(3, "b/0", "pending", at_nanos(3)),
        row(4, "a/0", "pending", at_nanos(4)),
        row(5, "b/0", "dead", at_nanos(0)),
    ];
    place.execute(&rows.concat());
    place.execute(
        "INSERT INTO delivery_attempts VALUES (2, 1, 0, 0, 'first'), (2, 2, 0, 0, 'HTTP 500')",
    );
    let waiting = |receiver: &str, rows, oldest, error: Option<&str>| Waiting {
        receiver: receiver.to_owned(),
        rows,
        oldest: at(oldest),
        error: error.map(str::to_owned),
    };
    assert_eq!(
        run(store.vitals()).unwrap().waiting,
        [
            waiting("a/0", 2, 2, Some("HTTP 500")),
            waiting("b/0", 1, 3, None)
        ]
    );
}

/// To break it: count rows for records, or forget when it was.
#[test]
fn dropped_dead_letters_are_told_with_their_source_and_time() {
    let place = Place::new();
    let bytes_max = 2 * (1 + ROW_BYTES);
    let store = place.open_with(|config| config.dead_letter_bytes_max = bytes_max);
    let reject = |source: &str, second: u64, raw: &str| {
        let batch = Batch::new(source, 1).at(at(second)).reject(raw);
        run(store.commit(batch.commit())).unwrap();
    };
    reject("s", 1, "a");
    reject("s", 2, "a");
    reject("s", 3, "b");
    let room = run(store.vitals()).unwrap().dead_letters;
    assert_eq!((room.bytes, room.bytes_max), (bytes_max, bytes_max));
    assert_eq!((room.dropped.len(), room.dropped_at), (0, None));
    // What pushes out is of another source than what has to go.
    reject("t", 4, "c");
    reject("t", 5, "d");
    let room = run(store.vitals()).unwrap().dead_letters;
    assert_eq!(room.dropped, [(SourceId::new("s"), 3)]);
    assert_eq!((room.dropped_in_all(), room.dropped_at), (3, Some(at(5))));
    assert!(super::super::verify(&place.path()).unwrap().is_ok());
    drop(store);
    // Another start reads the same.
    let store = place.open_with(|config| config.dead_letter_bytes_max = bytes_max);
    assert_eq!(run(store.vitals()).unwrap().dead_letters, room);
}

#[test]
fn cursors_and_the_disk_are_told() {
    let place = Place::new();
    let store = place.open();
    run(store.commit(Batch::new("s", 1).alert("a", "x").alert("b", "x").commit())).unwrap();
    place.execute("INSERT INTO cursors VALUES ('router', 1, 1)");
    let vitals = run(store.vitals()).unwrap();
    assert_eq!(vitals.head, 2);
    assert_eq!(vitals.cursors, [("router".to_owned(), 1)]);
    assert!(vitals.free_bytes.is_some_and(|free| free > 0));
}

/// To break it: take the lock to find out, or change what is looked at.
#[test]
fn a_store_can_be_inspected_while_it_runs_and_after() {
    let place = Place::new();
    let store = place.open();
    run(store.commit(
        Batch::new("s", 1)
            .at(at(7))
            .alert("a", "x")
            .reject("bad")
            .commit(),
    ))
    .unwrap();
    let directory = place.path().parent().unwrap().to_owned();
    let own = std::process::id().to_string();
    for _ in 0..2 {
        assert_eq!(holder(&directory).unwrap(), Holder::Process(own.clone()));
    }
    let seen = inspect(&place.path()).unwrap();
    assert_eq!(
        (seen.schema, seen.journal.as_str()),
        (seen.schema_known, "wal")
    );
    assert_eq!((seen.newest, seen.dead_letters), (Some(at(7)), 1));
    assert!(seen.wal_bytes > 0);
    drop(store);
    assert_eq!(holder(&directory).unwrap(), Holder::Nobody);
    assert_eq!(inspect(&place.path()).unwrap().newest, Some(at(7)));
    place.execute("UPDATE alert_rows SET ingested_at = 5");
    let newest = inspect(&place.path()).unwrap().newest;
    assert_eq!(newest, Some(Timestamp::from_nanos(5)));
}

#[test]
fn a_foreign_an_empty_and_a_newer_database_are_told_apart() {
    let place = Place::new();
    std::fs::create_dir(place.path().parent().unwrap()).unwrap();
    std::fs::write(place.path(), b"").unwrap();
    assert_eq!(inspect(&place.path()).unwrap().schema, 0);
    place.execute("PRAGMA application_id = 7; CREATE TABLE theirs (x)");
    let foreign = inspect(&place.path());
    assert!(matches!(
        foreign,
        Err(OpenError::ForeignDatabase { found: 7, .. })
    ));
    std::fs::remove_file(place.path()).unwrap();
    drop(place.open());
    place.execute("PRAGMA user_version = 999");
    let newer = inspect(&place.path());
    assert!(matches!(
        newer,
        Err(OpenError::NewerSchema { found: 999, .. })
    ));
    std::fs::write(place.path(), [7; 5_000]).unwrap();
    assert!(matches!(
        inspect(&place.path()),
        Err(OpenError::Engine { .. })
    ));
    let nobody = tempfile::tempdir().unwrap();
    assert_eq!(holder(nobody.path()).unwrap(), Holder::Nobody);
}
