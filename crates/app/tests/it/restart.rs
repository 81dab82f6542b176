//! Ends and beginnings: signals, locks, what is kept.

use super::process::{Process, run, said, signal};

#[test]
fn a_terminated_service_ends_well_and_its_books_balance() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(
        directory.path(),
        &[
            "--delay",
            "0ms",
            "--failure-rate",
            "0",
            "--malformed",
            "0.3",
        ],
    );
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| !health["last_success"].is_null());
    assert_eq!(service.terminate(), 0);
    let (code, out, error) = said(&run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn a_second_process_on_the_same_data_is_refused_with_the_pid_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "0ms"]);
    let service = Process::service(directory.path(), mock.port);
    let other = super::process::configuration(super::process::free_port(), mock.port);
    std::fs::write(directory.path().join("other.yaml"), other).unwrap();
    let (code, _, error) = said(&run(directory.path(), &["run", "-c", "other.yaml"]));
    assert_eq!(code, 5, "{error}");
    assert!(error.contains(&service.child.id().to_string()), "{error}");
}

#[test]
fn the_interval_that_was_set_is_kept_and_wins_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "0ms"]);
    let service = Process::service(directory.path(), mock.port);
    assert_eq!(
        service.get("/config").body,
        r#"{"sync_interval_minutes":30}"#
    );
    let saved = service.post("/config", Some(r#"{"sync_interval_minutes":7}"#));
    assert_eq!(
        saved.body,
        r#"{"message":"Configuration saved and applied","config":{"sync_interval_minutes":7}}"#
    );
    service.kill();
    let service = Process::service(directory.path(), mock.port);
    assert_eq!(
        service.get("/config").body,
        r#"{"sync_interval_minutes":7}"#
    );
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    // The upstream holds the first answer back, so that the service has something to stop.
    let mock = Process::mock(directory.path(), &["--delay", "30s"]);
    let mut service = Process::service(directory.path(), mock.port);
    signal(&service.child, "-INT");
    signal(&service.child, "-INT");
    let code = service.child.wait().unwrap().code().unwrap_or(-1);
    assert!(code == 0 || code == 130, "{code}");
}

#[test]
fn what_was_stored_before_a_kill_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "0ms", "--failure-rate", "0"]);
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| !health["last_success"].is_null());
    let before = service.get("/alerts?limit=1000").json();
    service.kill();
    let service = Process::service(directory.path(), mock.port);
    let after = service.get("/alerts?limit=1000").json();
    for alert in before.as_array().unwrap() {
        assert!(after.as_array().unwrap().contains(alert), "{alert} is lost");
    }
}
