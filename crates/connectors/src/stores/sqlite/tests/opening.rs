//! Opening: files, locks, versions; and what is there after a crash.

use std::path::Path;

use cresset_model::ports::{PortError, Query, Retention, Store, Ticket, Upsert};
use cresset_model::source::{Checkpoint, Round};
use cresset_model::{SourceId, Timestamp};

use super::super::schema::{APPLICATION_ID, version};
use super::{Place, SqliteConfig, SqliteStore};
use crate::stores::contract::{Batch, T0, record, run};

fn checkpoint(fetch: u64) -> Checkpoint {
    Checkpoint {
        fetch,
        ..Checkpoint::at(T0)
    }
}

pub(super) fn copy_as_after_a_crash(from: &Place) -> Place {
    let to = Place::new();
    std::fs::create_dir_all(to.path().parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(&from.path()), name(&to.path())).unwrap();
    }
    to
}

/// What a process that was killed at this moment would find.
/// To break it: answer before the transaction commits.
#[test]
fn what_was_answered_is_there_after_a_crash() {
    let place = Place::new();
    let store = place.open();
    run(async {
        for fetch in 1..=5 {
            let batch = Batch::new("s", fetch)
                .alert(&format!("a-{fetch}"), "x")
                .checkpoint(checkpoint(fetch));
            store.commit(batch.commit()).await.unwrap();
            let copy = copy_as_after_a_crash(&place);
            let found = copy.open();
            let id = record("s", &format!("a-{fetch}"));
            assert!(found.alert(id).await.unwrap().is_some());
            let stored = found.source(SourceId::new("s")).await.unwrap();
            assert_eq!(stored.checkpoint, Some(checkpoint(fetch)));
            assert_eq!(stored.counters.new, fetch);
            assert_eq!(found.head(), fetch);
        }
    });
}

/// To break it: number anew at each start.
#[test]
fn a_store_that_was_dropped_or_closed_opens_again_and_goes_on() {
    let place = Place::new();
    for start in 1..=4 {
        let store = place.open();
        run(async {
            let batch = Batch::new("s", start).alert(&format!("a-{start}"), "x");
            assert_eq!(store.commit(batch.commit()).await.unwrap().head, start);
            let row = store
                .alert(record("s", &format!("a-{start}")))
                .await
                .unwrap();
            assert_eq!(row.unwrap().row.seq, start);
            if start % 2 == 0 {
                store.close().await.unwrap();
                let wal = format!("{}-wal", place.path().display());
                assert_eq!(std::fs::metadata(wal).map_or(0, |file| file.len()), 0);
                let refused = store.commit(Batch::new("s", 9).commit()).await.unwrap_err();
                assert_eq!(refused, PortError::permanent("the store is closed"));
                assert!(store.facts().await.is_err());
            }
        });
    }
}

/// To break it: begin after the greatest row that is left, when retention has taken the last.
#[test]
fn numbers_are_not_given_twice_after_retention_and_a_restart() {
    let place = Place::new();
    let store = place.open();
    let everything = Retention {
        source: None,
        ingested_before: Timestamp::MAX,
        unseen_since: Timestamp::MIN,
    };
    run(async {
        let batch = Batch::new("s", 1).alert("a", "x").alert("b", "x");
        store.commit(batch.commit()).await.unwrap();
        assert_eq!(store.retain(everything).await.unwrap().alerts, 2);
    });
    drop(store);
    let store = place.open();
    run(async {
        assert_eq!((store.head(), store.facts().await.unwrap().alerts), (2, 0));
        let batch = Batch::new("s", 2).alert("c", "x");
        assert_eq!(store.commit(batch.commit()).await.unwrap().head, 3);
        let found = store.alert(record("s", "c")).await.unwrap().unwrap();
        assert_eq!(found.row.seq, 3);
    });
}

#[test]
fn a_second_process_is_refused_and_told_which_one_has_the_store() {
    let place = Place::new();
    let store = place.open();
    let error = SqliteStore::open(SqliteConfig::new(place.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the store in `{}` is in use by process {}: stop that process, or choose another \
             directory",
            place.path().parent().unwrap().display(),
            std::process::id()
        )
    );
    drop(store);
    place.open();
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.open());
    place.execute("PRAGMA user_version = 70");
    let error = SqliteStore::open(SqliteConfig::new(place.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` has schema version 70, and this program knows versions up to {}: use a newer \
             program, or restore a backup",
            place.path().display(),
            version()
        )
    );
    assert_eq!(place.number("PRAGMA user_version"), 70);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    for foreign in ["CREATE TABLE t (x)", "PRAGMA application_id = 305419896"] {
        let place = Place::new();
        std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
        place.execute(foreign);
        let before = std::fs::read(place.path()).unwrap();
        let error = SqliteStore::open(SqliteConfig::new(place.path())).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("is a database of another program"),
            "{message}"
        );
        assert_eq!(std::fs::read(place.path()).unwrap(), before);
    }
}

/// To break it: give a column of version 4 no default, or read a round only where it has a place.
#[test]
fn a_checkpoint_of_a_former_version_reads_as_it_was() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    place.execute(&format!(
        "{}{}{}PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 3;
         INSERT INTO sources (id, name) VALUES (1, 's');
         INSERT INTO checkpoints (source_id, bookmark, round_since, round_seen, round_begun, fetch)
         VALUES (1, 10, 7, 8, 9, 77);
         INSERT INTO receipts (source_id, slot, ticket, receipt)
         VALUES (1, 5, x'00000000000000030000000000000005', '9 0 1 2 0 0 0 0 6 ncc');",
        include_str!("../schema.sql"),
        include_str!("../receipts.sql"),
        include_str!("../turns.sql")
    ));
    let store = place.open();
    let at = Timestamp::from_nanos;
    let former = Checkpoint {
        round: Some(Round {
            since: at(7),
            place: None,
            seen: at(8),
            begun: at(9),
        }),
        fetch: 77,
        ..Checkpoint::at(at(10))
    };
    run(async {
        let source = SourceId::new("s");
        let stored = store.source(source.clone()).await.unwrap();
        assert_eq!(stored.checkpoint, Some(former));
        let ticket = Ticket { run: 3, number: 5 };
        let receipt = store.receipt(source, ticket).await.unwrap().unwrap();
        let counts = receipt.counts;
        assert_eq!((counts.read, counts.enrich_misses, counts.late), (9, 6, 0));
        assert_eq!(receipt.upserts.len(), 3);
    });
    assert_eq!(place.number("PRAGMA user_version"), version());
}

/// To break it: leave a tombstone or an alert out of the generations, or give one the generation of another.
#[test]
fn identities_of_a_former_version_are_known_and_found() {
    let place = Place::new();
    let store = place.open();
    let batch = |fetch| {
        let batch = Batch::new("s", fetch);
        batch.alert("gone", "x").alert("kept", "x").commit()
    };
    run(store.commit(batch(1))).unwrap();
    drop(store);
    place.execute(
        "DELETE FROM alert_rows WHERE seq = 1;
         UPDATE identity SET seq = NULL WHERE seq = 1;
         UPDATE alert_rows SET seq = 50000 WHERE seq = 2;
         UPDATE alert_bodies SET seq = 50000 WHERE seq = 2;
         UPDATE identity SET seq = 50000 WHERE seq = 2;
         CREATE TABLE former (id BLOB PRIMARY KEY, source_id INTEGER NOT NULL, seq INTEGER,
             content BLOB NOT NULL, observed INTEGER NOT NULL, seen INTEGER NOT NULL)
             STRICT, WITHOUT ROWID;
         INSERT INTO former SELECT id, source_id, seq, content, observed, seen FROM identity;
         DROP TABLE identity;
         DROP TABLE identity_generations;
         ALTER TABLE former RENAME TO identity;
         CREATE INDEX identity_tombstones ON identity (seen) WHERE seq IS NULL;
         PRAGMA user_version = 4;",
    );
    for start in 1..=2 {
        let store = place.open();
        run(async {
            let receipt = store.commit(batch(1 + start)).await.unwrap();
            assert_eq!(receipt.upserts, [Upsert::Same, Upsert::Same]);
            let kept = store.alert(record("s", "kept")).await.unwrap().unwrap();
            assert_eq!(kept.row.seq, 50_000);
            assert!(store.alert(record("s", "gone")).await.unwrap().is_none());
        });
    }
    assert_eq!(place.number("PRAGMA user_version"), version());
    let generations = "SELECT group_concat(generation) FROM identity_generations";
    let found: String = place
        .connect()
        .query_row(generations, [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, "-1,3");
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let mut config = SqliteConfig::new(place.path());
    config.database_bytes_max = Some(8 << 12);
    let error = SqliteStore::open(config).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("migrate the schema of `"), "{message}");
    assert_eq!(place.number("SELECT count(*) FROM sqlite_schema"), 0);
    drop(place.open());
    assert_eq!(place.number("PRAGMA user_version"), version());
    assert_eq!(place.number("PRAGMA application_id"), 0x4352_5354);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open();
    run(store.commit(Batch::new("s", 1).alert("a", "x").commit())).unwrap();
    let directory = place.path().parent().unwrap().to_owned();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 4, "database, two journals, lock");
}

/// The names, columns and forms that SQL for the original service expects.
#[test]
fn the_tables_of_the_original_service_can_be_read() {
    let place = Place::new();
    let store = place.open();
    run(async {
        let before_epoch = Timestamp::from_nanos(-1_500_000_000);
        let batch = Batch::new("s", 1).at(before_epoch).alert("a-1", "x");
        store
            .commit(batch.checkpoint(checkpoint(1)).commit())
            .await
            .unwrap();
    });
    let text = |sql: &str| -> String {
        place
            .connect()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    let alert = text(
        "SELECT concat_ws('|', id, source, severity, description, src_ip, dst_ip, created_at,
             country, user, ingested_at) FROM alerts WHERE id = 'a-1'",
    );
    assert_eq!(
        alert,
        "a-1|waf|critical|x|10.0.0.191|::ffff:102:304|1969-12-31T23:59:57.500000Z|\
         1969-12-31T23:59:58.500000Z"
    );
    let batch = Batch::new("s", 2)
        .alert("a-2", "y")
        .detected("High severity detected", "high");
    run(store.commit(batch.commit())).unwrap();
    let absent = "SELECT coalesce(dst_ip, 'none') FROM alerts WHERE id = 'a-2'";
    assert_eq!(text(absent), "none");
    let state = text(
        "SELECT concat_ws('|', id, coalesce(last_sync_time, '-'), coalesce(last_success_time, '-'),
             last_event_time, coalesce(last_error, '-'), current_status) FROM service_state",
    );
    assert_eq!(state, "1|-|-|2030-03-17T17:46:40.123456Z|-|idle");
    let minutes = "SELECT id || '|' || sync_interval_minutes FROM system_config";
    assert_eq!(text(minutes), "1|30");
    run(store.set_setting("sync_interval_minutes", Some("5".to_owned()))).unwrap();
    assert_eq!(text(minutes), "1|5");
}
