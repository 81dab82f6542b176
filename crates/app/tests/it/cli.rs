//! The commands against a running service, and their exit codes.

use serde_json::Value;

use super::process::{Process, command, free_port, run, said, wait_until};

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_commands_show_what_the_service_holds() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(
        directory.path(),
        &[
            "--delay",
            "0ms",
            "--failure-rate",
            "0",
            "--malformed",
            "0.5",
            "--seed",
            "11",
        ],
    );
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| health["system_status"] == "idle" && !health["last_success"].is_null());
    let url = format!("--url=http://127.0.0.1:{}", service.port);
    let cresset = |arguments: &[&str]| {
        let mut all = vec![url.as_str()];
        all.extend(arguments);
        said(&run(directory.path(), &all))
    };

    for _ in 0..6 {
        let (code, out, error) = cresset(&["sync", "--wait"]);
        assert_eq!(code, 0, "{error}");
        assert_eq!(lines(&out)[0]["status"], "idle");
    }
    let (code, out, _) = cresset(&["status"]);
    assert_eq!(
        (code, lines(&out)[0]["health"]["db_status"].as_str()),
        (0, Some("Connected"))
    );

    let (code, out, _) = cresset(&["alerts", "list", "severity:>=low"]);
    let alerts = lines(&out);
    assert!(code == 0 && !alerts.is_empty());
    let (code, out, _) = cresset(&[
        "alerts",
        "show",
        alerts[0]["id"].as_str().unwrap(),
        "-o",
        "human",
    ]);
    assert!(code == 0 && out.contains("as received"), "{out}");
    let (code, _, error) = cresset(&["alerts", "list", "sevrity:high"]);
    assert_eq!(code, 1);
    assert!(error.contains("did you mean \"severity\""), "{error}");
    let (code, _, _) = cresset(&["alerts", "list", "source:nothing", "--fail-empty"]);
    assert_eq!(code, 1);
    let (code, _, error) = cresset(&["alerts", "show", "00000000000000000000000000"]);
    assert_eq!(code, 1, "{error}");

    let (code, out, _) = cresset(&["dlq", "list"]);
    let letters = lines(&out);
    assert!(code == 0 && !letters.is_empty(), "{out}");
    let (code, out, _) = cresset(&["dlq", "show", letters[0]["id"].as_str().unwrap()]);
    assert!(code == 0 && lines(&out)[0]["raw"].is_object(), "{out}");
    let (code, out, _) = cresset(&["dlq", "redrive", "--all", "--dry-run"]);
    let report = &lines(&out)[0];
    assert_eq!(code, 1, "every record is refused again: {report}");
    assert_eq!(report["items"].as_array().unwrap().len(), letters.len());
}

#[test]
fn a_sync_under_way_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(directory.path(), &["--delay", "30s"]);
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| health["system_status"] == "syncing");
    let url = format!("http://127.0.0.1:{}", service.port);
    let (code, _, error) = said(&run(directory.path(), &["--url", &url, "sync"]));
    assert_eq!(code, 5, "{error}");
    assert!(
        error.contains("Sync already in progress (Status: syncing)"),
        "{error}"
    );
}

#[test]
fn a_sync_is_forced_on_an_upstream_that_asked_to_wait() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let text = port.to_string();
    let arguments = ["mock", "--nasty", "retry_after_for_ever", "--port", &text];
    let mock = Process::start(command(directory.path(), &arguments), port, "/truth");
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| health["system_status"] == "failed");
    let url = format!("http://127.0.0.1:{}", service.port);
    let sync = |flags: &[&str]| {
        let mut all = vec!["--url", &url, "sync", "upstream"];
        all.extend(flags);
        said(&run(directory.path(), &all))
    };
    let turns = || {
        let source = service.get("/api/v1/sources/upstream").json();
        source["turns"].as_u64().unwrap()
    };
    wait_until(|| turns() == 1);
    let (code, _, error) = sync(&[]);
    assert_eq!(code, 5, "{error}");
    assert!(error.contains("Upstream asked to wait"), "{error}");
    let (code, out, error) = sync(&["--force", "--wait"]);
    // It was asked, and asks to wait again.
    assert_eq!((code, turns()), (1, 2), "{out}{error}");
    assert_eq!(sync(&[]).0, 5);
}

#[test]
fn a_service_that_is_not_there_is_unreachable() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("http://127.0.0.1:{}", free_port());
    let (code, _, error) = said(&run(directory.path(), &["--url", &url, "status"]));
    assert_eq!(code, 4);
    assert!(
        error.contains("is the service running? name another one with --url or CRESSET_URL"),
        "{error}"
    );
}

#[test]
fn a_faulty_configuration_is_refused_with_every_fault() {
    let directory = tempfile::tempdir().unwrap();
    let faulty = "version: 1\nserver: { lisen: 127.0.0.1:8000 }\npipelines:\n  up:\n    source: { http_poll: { interval: 5x } }\n";
    std::fs::write(directory.path().join("bad.yaml"), faulty).unwrap();
    for command in [
        ["validate", "bad.yaml"].as_slice(),
        &["run", "-c", "bad.yaml"],
    ] {
        let (code, out, error) = said(&run(directory.path(), command));
        assert_eq!(code, 3, "{out}{error}");
        let all = format!("{out}{error}");
        assert!(
            all.contains("lisen") && all.contains("interval") && all.contains("url"),
            "{all}"
        );
    }
    let (code, _, _) = said(&run(directory.path(), &["frobnicate"]));
    assert_eq!(code, 2);
}
