//! `cresset doctor` on directories as they are found in the world.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use super::process::{Process, configuration, free_port, run, said};

/// Exit code and lines.
fn doctor(directory: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let mut all = vec!["doctor", "-o", "ndjson"];
    all.extend(arguments);
    let (code, out, error) = said(&run(directory, &all));
    assert_eq!(error, "");
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    (code, lines.collect())
}

/// The level and the words of the line of a check.
fn line(lines: &[Value], check: &str) -> (String, String) {
    let found = lines.iter().find(|line| line["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check} in {lines:?}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (
        text("level"),
        format!("{} -> {}", text("what"), text("remedy")),
    )
}

fn stopped(directory: &Path) {
    let mock = Process::mock(directory, &["--delay", "0ms", "--failure-rate", "0"]);
    let service = Process::service(directory, mock.port);
    service.health(|health| !health["last_success"].is_null());
    assert_eq!(service.terminate(), 0);
}

#[test]
fn a_sound_directory_is_well_while_the_service_runs_and_after() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mock = Process::mock(directory, &["--delay", "0ms", "--failure-rate", "0"]);
    let service = Process::service(directory, mock.port);
    service.health(|health| !health["last_success"].is_null());
    let (code, lines) = doctor(directory, &["data"]);
    assert_eq!(code, 0, "{lines:?}");
    let pid = service.child.id();
    assert_eq!(
        line(&lines, "lock").1,
        format!("process {pid} uses it now -> ")
    );
    for check in [
        "permissions",
        "schema",
        "books",
        "newest entry",
        "cursors",
        "outbox",
        "dead letters",
        "write-ahead log",
        "disk",
        "clock",
        "open files",
    ] {
        assert_eq!(line(&lines, check).0, "ok", "{check}: {lines:?}");
    }
    let (code, lines) = doctor(directory, &["-c", "cresset.yaml"]);
    assert_eq!(code, 0, "{lines:?}");
    for check in [
        "configuration",
        "geography",
        "tables",
        "receivers",
        "addresses",
        "books",
    ] {
        assert_eq!(line(&lines, check).0, "ok", "{check}: {lines:?}");
    }
    let url = format!("--url=http://127.0.0.1:{}", service.port);
    let (code, lines) = doctor(directory, &[&url]);
    assert_eq!(code, 0, "{lines:?}");
    assert_eq!(line(&lines, "watchdogs").1, "nothing is found -> ");
    assert_eq!(service.terminate(), 0);
    // What was looked at can be started again, and is as it was.
    let (code, lines) = doctor(directory, &["data/cresset.db"]);
    assert_eq!(
        (code, line(&lines, "lock").1.as_str()),
        (0, "no service uses it now -> ")
    );
    stopped(directory);
}

#[test]
fn a_directory_without_a_store_is_told_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (code, lines) = doctor(directory, &["nowhere"]);
    assert_eq!((code, line(&lines, "directory").0.as_str()), (2, "fail"));
    fs::create_dir(directory.join("empty")).unwrap();
    let (code, lines) = doctor(directory, &["empty"]);
    let (level, words) = line(&lines, "store");
    assert_eq!((code, level.as_str()), (1, "warn"));
    assert!(
        words.contains("the first `cresset run` makes it"),
        "{words}"
    );
    assert_eq!(
        fs::read_dir(directory.join("empty")).unwrap().count(),
        0,
        "nothing is made"
    );
    fs::write(directory.join("empty/cresset.db"), b"").unwrap();
    let (code, lines) = doctor(directory, &["empty"]);
    assert_eq!((code, line(&lines, "schema").0.as_str()), (1, "warn"));
}

#[test]
fn a_foreign_a_newer_and_a_broken_store_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let theirs = directory.join("theirs.db");
    Connection::open(&theirs)
        .unwrap()
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE x (y)")
        .unwrap();
    let (code, lines) = doctor(directory, &["theirs.db"]);
    let (level, words) = line(&lines, "store");
    assert_eq!((code, level.as_str()), (2, "fail"));
    assert!(
        words.contains("database of another program") && words.contains("leave it alone"),
        "{words}"
    );

    stopped(directory);
    let database = directory.join("data/cresset.db");
    let whole = fs::read(&database).unwrap();
    Connection::open(&database)
        .unwrap()
        .execute_batch("PRAGMA user_version = 999")
        .unwrap();
    let (code, lines) = doctor(directory, &["data"]);
    let (_, words) = line(&lines, "store");
    assert!(code == 2 && words.contains("schema version 999"), "{words}");

    fs::write(&database, &whole).unwrap();
    Connection::open(&database)
        .unwrap()
        .execute_batch("DELETE FROM alert_bodies")
        .unwrap();
    let (code, lines) = doctor(directory, &["data"]);
    let (level, words) = line(&lines, "books");
    assert_eq!((code, level.as_str()), (2, "fail"));
    assert!(
        words.contains("alerts without a body of the store: expected 0"),
        "{words}"
    );

    let mut broken = whole.clone();
    let (from, to) = (8 * 4_096, broken.len() - 4_096);
    broken[from..to].fill(0x5a);
    fs::write(&database, &broken).unwrap();
    let (code, lines) = doctor(directory, &["data"]);
    assert_eq!(code, 2, "{lines:?}");
    fs::write(
        &database,
        b"this is no database at all, and it is long enough to have a header",
    )
    .unwrap();
    let (code, lines) = doctor(directory, &["data"]);
    let (level, words) = line(&lines, "store");
    assert_eq!((code, level.as_str()), (2, "fail"));
    assert!(words.contains("restore a backup"), "{words}");
}

#[test]
fn what_others_may_read_and_what_is_dated_ahead_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    stopped(directory);
    let database = directory.join("data/cresset.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    let far = i64::MAX / 2;
    let sql = format!("UPDATE checkpoints SET last_sync = {far}");
    Connection::open(&database)
        .unwrap()
        .execute_batch(&sql)
        .unwrap();
    let (code, lines) = doctor(directory, &["data"]);
    assert_eq!(code, 1, "{lines:?}");
    let (level, words) = line(&lines, "permissions");
    assert!(
        level == "warn" && words.contains("(mode 644) -> chmod 600 data/cresset.db"),
        "{words}"
    );
    let (level, words) = line(&lines, "newest entry");
    assert!(level == "warn" && words.contains("after now"), "{words}");
}

#[test]
fn a_configuration_and_a_service_that_are_not_well_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let port = free_port();
    let text = configuration(port, free_port());
    fs::write(
        directory.join("bad.yaml"),
        text.replace("builtin", "none.mmdb"),
    )
    .unwrap();
    let (code, lines) = doctor(directory, &["-c", "bad.yaml"]);
    let (level, words) = line(&lines, "tables");
    assert_eq!((code, level.as_str()), (2, "fail"));
    assert!(words.contains("none.mmdb"), "{words}");
    fs::write(
        directory.join("worse.yaml"),
        text.replace("seed_a", "seed_b"),
    )
    .unwrap();
    let (code, lines) = doctor(directory, &["-c", "worse.yaml"]);
    assert_eq!(
        (code, line(&lines, "configuration").0.as_str()),
        (2, "fail")
    );
    let url = format!("--url=http://127.0.0.1:{port}");
    let (code, lines) = doctor(directory, &[&url]);
    let (level, words) = line(&lines, "service");
    assert_eq!((code, level.as_str()), (2, "fail"));
    assert!(words.contains("start it with `cresset run`"), "{words}");
    let mock = Process::mock(directory, &["--delay", "0ms"]);
    let url = format!("--url=http://127.0.0.1:{}", mock.port);
    let (code, lines) = doctor(directory, &[&url]);
    assert!(
        code == 2 && line(&lines, "service").1.contains("is no Cresset"),
        "{lines:?}"
    );
}
