//! What a crash leaves behind: a log that ends anywhere, pages that were written by half; and what goes on beside a running
//! process: readers that never leave a gap, and backups.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cresset_model::SourceId;
use cresset_model::ports::{Query, Store};
use cresset_model::source::{Checkpoint, Sweep};
use rusqlite::Connection;

use super::super::open::WAL_BYTES_MAX;
use super::super::{backup, verify};
use super::opening::copy_as_after_a_crash;
use super::{Place, SqliteStore};
use crate::stores::contract::{Batch, T0, record, run};

const COMMITS: u64 = 12;
/// Bytes of the head of the log, and of each frame with its page.
const HEAD: usize = 32;
const FRAME: usize = 24 + 4_096;

fn wal(place: &Place) -> PathBuf {
    PathBuf::from(format!("{}-wal", place.path().display()))
}

/// A store as a kill leaves it: so many commits of one alert and the checkpoint each, none written back.
fn killed() -> Place {
    let place = Place::new();
    let store = place.open();
    for fetch in 1..=COMMITS {
        run(store.commit(commit_of(fetch).commit())).unwrap();
    }
    copy_as_after_a_crash(&place)
}

fn commit_of(fetch: u64) -> Batch {
    let checkpoint = Checkpoint {
        bookmark: T0,
        round: None,
        fetch,
        sweep: Sweep::default(),
    };
    Batch::new("s", fetch)
        .alert(&format!("a-{fetch}"), "x")
        .reject(&format!("bad {fetch}"))
        .checkpoint(checkpoint)
}

/// Opens what is left: a prefix of the commits, each of them whole; says how many.
fn check_prefix(place: &Place) -> u64 {
    let store = place.open();
    let kept = run(async {
        let stored = store.source(SourceId::new("s")).await.unwrap();
        let kept = stored.checkpoint.map_or(0, |checkpoint| checkpoint.fetch);
        assert_eq!((stored.counters.new, stored.counters.dead), (kept, kept));
        for fetch in 1..=COMMITS {
            let found = store.alert(record("s", &format!("a-{fetch}"))).await;
            assert_eq!(found.unwrap().is_some(), fetch <= kept, "{fetch} of {kept}");
        }
        // It takes the next one as if nothing had been.
        let next = commit_of(kept + 1).commit();
        assert_eq!(store.commit(next).await.unwrap().head, kept + 1);
        kept
    });
    drop(store);
    let report = verify(&place.path()).unwrap();
    assert!(report.is_ok(), "{report:?}");
    kept
}

fn copy(from: &Place, change: impl Fn(&mut Vec<u8>)) -> Place {
    let to = copy_as_after_a_crash(from);
    let mut bytes = std::fs::read(wal(&to)).unwrap();
    change(&mut bytes);
    std::fs::write(wal(&to), bytes).unwrap();
    to
}

/// To break it: store rows and checkpoint in transactions of their own.
#[test]
fn a_log_that_ends_anywhere_leaves_a_prefix_of_whole_commits() {
    let place = killed();
    let length = std::fs::read(wal(&place)).unwrap().len();
    let frames = (length - HEAD) / FRAME;
    let mut places = vec![0, 1, HEAD - 1, HEAD, HEAD + 1, HEAD + 23, HEAD + 24];
    for frame in (1..frames).step_by(3) {
        let end = HEAD + frame * FRAME;
        places.extend([end - 1, end, end + 24 + 2_048]);
    }
    places.push(length);
    let mut last = 0;
    for place_of_cut in places {
        let kept = check_prefix(&copy(&place, |bytes| bytes.truncate(place_of_cut)));
        assert!(kept >= last, "a longer log keeps no less");
        last = kept;
    }
    assert_eq!(last, COMMITS, "the whole log keeps everything");
}

/// To break it: trust frames without their checksums.
#[test]
fn a_torn_page_in_the_log_ends_it_there() {
    let place = killed();
    let length = std::fs::read(wal(&place)).unwrap().len();
    let frames = (length - HEAD) / FRAME;
    let mut seen = std::collections::BTreeSet::new();
    for frame in (0..frames).step_by(5) {
        for sector in [0, 3, 7] {
            let torn = copy(&place, |bytes| {
                let begin = HEAD + frame * FRAME + 24 + sector * 512;
                for byte in &mut bytes[begin..begin + 512] {
                    *byte ^= 0x5a;
                }
            });
            seen.insert(check_prefix(&torn));
        }
    }
    assert!(seen.len() > 3 && !seen.contains(&COMMITS), "{seen:?}");
}

/// A crash while the log is written back: some pages of the database are new, some old, some half of each.
/// To break it: begin the log anew before the database is on the disk.
#[test]
fn a_torn_page_in_the_database_is_mended_by_the_log() {
    let place = killed();
    let written = copy_as_after_a_crash(&place);
    written
        .connect()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let old = std::fs::read(place.path()).unwrap();
    let new = std::fs::read(written.path()).unwrap();
    for shift in 0..3 {
        let torn = copy_as_after_a_crash(&place);
        let mut bytes = old.clone();
        bytes.resize(new.len(), 0);
        for (number, page) in new.chunks(4_096).enumerate() {
            let begin = number * 4_096;
            let length = [page.len(), 1_024, 0][(number + shift) % 3];
            bytes[begin..begin + length].copy_from_slice(&page[..length]);
        }
        std::fs::write(torn.path(), bytes).unwrap();
        assert_eq!(check_prefix(&torn), COMMITS);
    }
}

fn begin_reading(connection: &Connection) {
    connection.execute_batch("BEGIN").unwrap();
    let count = "SELECT count(*) FROM alert_rows";
    connection
        .query_row(count, [], |row| row.get::<_, i64>(0))
        .unwrap();
}

/// Two readers take turns so that one of them is always there.
fn read_without_a_gap(path: &Path, stop: &AtomicBool) {
    let open = || Connection::open(path).unwrap();
    let (one, other) = (open(), open());
    begin_reading(&one);
    while !stop.load(Ordering::Relaxed) {
        begin_reading(&other);
        one.execute_batch("ROLLBACK").unwrap();
        begin_reading(&one);
        other.execute_batch("ROLLBACK").unwrap();
    }
}

/// Stores so much, and says the greatest length of the log meanwhile.
fn longest_log(place: &Place, store: &SqliteStore) -> u64 {
    let long = "x".repeat(60_000);
    let mut longest = 0;
    for number in 0..80 {
        let mut batch = Batch::new("s", number + 1);
        for alert in 0..16 {
            batch = batch.alert(&format!("a-{number}-{alert}"), &long);
        }
        run(store.commit(batch.commit())).unwrap();
        longest = longest.max(std::fs::metadata(wal(place)).unwrap().len());
    }
    longest
}

/// To break it: leave it to the engine to begin the log anew, which needs a moment without readers.
#[test]
fn the_log_stays_short_under_readers_that_leave_no_gap() {
    let place = Place::new();
    let store = place.open();
    let stop = AtomicBool::new(false);
    let path = place.path();
    let longest = std::thread::scope(|scope| {
        scope.spawn(|| read_without_a_gap(&path, &stop));
        let longest = longest_log(&place, &store);
        stop.store(true, Ordering::Relaxed);
        longest
    });
    let bound = WAL_BYTES_MAX + (16 << 20);
    assert!(longest < bound, "{longest} bytes, and the bound is {bound}");
}

/// To break it: copy the files one after another.
#[test]
fn a_backup_is_whole_while_the_store_goes_on() {
    let place = Place::new();
    let store = place.open();
    let other = Place::new();
    for fetch in 1..=COMMITS {
        run(store.commit(commit_of(fetch).commit())).unwrap();
        if fetch == 5 {
            backup(&place.path(), &other.path()).unwrap();
        }
    }
    assert!(verify(&other.path()).unwrap().is_ok());
    assert_eq!(check_prefix(&other), 5);
    let again = backup(&place.path(), &other.path()).unwrap_err();
    assert_eq!(
        again.to_string(),
        format!(
            "`{}` is there already: choose another directory, or move that file away",
            other.path().display()
        )
    );
    let directory = other.path().parent().unwrap().to_owned();
    let part = std::fs::read_dir(directory).unwrap().find(|entry| {
        entry.as_ref().unwrap().path().extension() == Some(std::ffi::OsStr::new("part"))
    });
    assert!(part.is_none(), "{part:?}");
}
