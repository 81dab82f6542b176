//! `cresset backup` while the service writes, and where it cannot.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::process::{Process, command, configuration, free_port, run, said, wait_until};

/// Copies that are taken of one store, one after another.
const COPIES: u64 = 4;
/// Lines that the writer adds at once.
const BURST: u64 = 25;

/// Exit code, standard output and standard error.
fn backup(directory: &Path, from: &str, to: &str) -> (i32, String, String) {
    said(&run(directory, &["backup", from, to]))
}

fn follower(directory: &Path, data: &str) -> Process {
    let port = free_port();
    let text = format!(
        "version: 1
store: {{ sqlite: {{ path: {data}/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
  files:
    source: {{ file: {{ path: in/app.log }} }}
    adapter: nullify
    detect: [ threat: {{ severity: high }} ]
"
    );
    let name = format!("{}.yaml", data.replace('/', "-"));
    fs::write(directory.join(&name), text).unwrap();
    Process::start(command(directory, &["run", "-c", &name]), port, "/readyz")
}

fn new_alerts(service: &Process) -> u64 {
    let source = service.get("/api/v1/sources/files").json();
    source["counters"]["new"].as_u64().unwrap()
}

/// Appends alerts until it is told to stop; returns how many.
fn write_until(directory: &Path, stop: &AtomicBool) -> u64 {
    let mut file = OpenOptions::new()
        .append(true)
        .open(directory.join("in/app.log"))
        .unwrap();
    let mut lines = 0;
    while !stop.load(Ordering::Relaxed) {
        for number in lines..lines + BURST {
            writeln!(
                file,
                "{{\"timestamp\":\"2026-11-25T04:00:00Z\",\"source_ip\":\"192.0.2.1\",\
                 \"destination_ip\":\"10.0.0.1\",\"event_type\":\"port_scan\",\
                 \"severity\":\"high\",\"description\":\"line {number:06}\"}}"
            )
            .unwrap();
        }
        lines += BURST;
        std::thread::yield_now();
    }
    lines
}

/// Alerts in a database, read as any tool would.
fn alerts_in(database: &Path) -> u64 {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT count(*) FROM alerts";
    let count: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    count.unsigned_abs()
}

#[test]
fn copies_taken_while_the_service_writes_are_whole_and_go_on_where_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::create_dir(place.join("in")).unwrap();
    fs::write(place.join("in/app.log"), "").unwrap();
    let service = follower(place, "data");
    let stop = Arc::new(AtomicBool::new(false));
    let writing = {
        let (place, stop) = (place.to_owned(), Arc::clone(&stop));
        std::thread::spawn(move || write_until(&place, &stop))
    };
    let mut last = 0;
    for nth in 0..COPIES {
        wait_until(|| new_alerts(&service) > last);
        let before = new_alerts(&service);
        let to = format!("copies/{nth}");
        let (code, out, error) = backup(place, "data", &to);
        assert_eq!(code, 0, "{out}{error}");
        let copy = format!("{to}/cresset.db");
        let bytes = fs::metadata(place.join(&copy)).unwrap().len();
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(told, json!({"database": copy, "bytes": bytes}));
        last = new_alerts(&service);
        // Everything that was told as stored before it began is in it.
        let copied = alerts_in(&place.join(&to).join("cresset.db"));
        assert!(
            (before..=last).contains(&copied),
            "{before} {copied} {last}"
        );
        let (code, out, error) = said(&run(place, &["verify", &to]));
        assert_eq!(code, 0, "{out}{error}");
    }
    // It was under writes to the end.
    wait_until(|| new_alerts(&service) > last);
    stop.store(true, Ordering::Relaxed);
    let lines = writing.join().unwrap();
    wait_until(|| new_alerts(&service) == lines);
    assert_eq!(service.terminate(), 0);

    // The first copy is the furthest behind: it reads what came after it, and has each alert once.
    let service = follower(place, "copies/0");
    wait_until(|| new_alerts(&service) >= lines);
    assert_eq!(service.terminate(), 0);
    assert_eq!(alerts_in(&place.join("copies/0/cresset.db")), lines);
    let (code, out, error) = said(&run(place, &["verify", "copies/0"]));
    assert_eq!(code, 0, "{out}{error}");
}

/// A directory with the store of a service that has ended.
fn stopped(directory: &Path) {
    let mock = Process::mock(directory, &["--delay", "0ms", "--failure-rate", "0"]);
    let service = Process::service(directory, mock.port);
    service.health(|health: &Value| !health["last_success"].is_null());
    assert_eq!(service.terminate(), 0);
}

#[test]
fn a_copy_that_is_there_already_is_refused_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    stopped(place);
    assert_eq!(backup(place, "data", "copy").0, 0);
    let first = fs::read(place.join("copy/cresset.db")).unwrap();
    for (from, to) in [
        ("data", "copy"),
        ("data/cresset.db", "copy"),
        ("data", "data"),
    ] {
        let (code, out, error) = backup(place, from, to);
        assert_eq!((code, out.as_str()), (3, ""), "{error}");
        let words = format!(
            "`{to}/cresset.db` is there already: choose another directory, or move that file away"
        );
        assert!(error.contains(&words), "{error}");
    }
    assert_eq!(fs::read(place.join("copy/cresset.db")).unwrap(), first);
    let names = fs::read_dir(place.join("copy")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["cresset.db"], "nothing half done stays");
}

#[test]
fn a_place_that_cannot_be_written_is_told_with_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    stopped(place);
    fs::write(place.join("file"), "of somebody").unwrap();
    // Neither can be written by anybody, however mighty.
    for to in ["file", "file/below", "/proc/none/here"] {
        let (code, out, error) = backup(place, "data", to);
        assert_eq!((code, out.as_str()), (3, ""), "{error}");
        let words = format!("create directory `{to}`: ");
        assert!(error.contains(&words), "{to}: {error}");
    }
    let kept = fs::read_to_string(place.join("file")).unwrap();
    assert_eq!(kept, "of somebody");
}

#[test]
fn what_is_no_data_directory_is_told_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    for name in ["empty", "blank", "text", "theirs"] {
        fs::create_dir(place.join(name)).unwrap();
    }
    fs::write(place.join("blank/cresset.db"), "").unwrap();
    fs::write(place.join("text/cresset.db"), "no database, ".repeat(100)).unwrap();
    Connection::open(place.join("theirs/cresset.db"))
        .unwrap()
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE x (y)")
        .unwrap();
    fs::write(place.join("cresset.yaml"), configuration(1, 1)).unwrap();
    for (from, words) in [
        (
            "nowhere",
            "there is no database `nowhere`: name a data directory or its file",
        ),
        (
            "empty",
            "there is no database `empty/cresset.db`: name a data directory or its file",
        ),
        ("blank", "there is no store in it yet"),
        ("text", "`text/cresset.db`"),
        (
            "theirs",
            "is a database of another program (application id 0x7)",
        ),
        ("cresset.yaml", "`cresset.yaml`"),
    ] {
        let (code, out, error) = backup(place, from, "copy");
        assert_eq!((code, out.as_str()), (3, ""), "{from}: {error}");
        assert!(error.contains(words), "{from}: {error}");
        assert!(!place.join("copy").exists(), "{from}");
    }
}
