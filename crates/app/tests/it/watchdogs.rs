//! Watchdogs through the real binary: yellow, red, and green again, with short limits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::hook::Hook;
use super::process::{
    Answer, Process, command, configuration, free_port, run, said, signal, wait_until,
};

/// An event that is an alert.
const EVENT: &str = r#"{"timestamp":"2026-11-25T04:00:00Z","source_ip":"192.0.2.1","destination_ip":"10.0.0.1","event_type":"port_scan","severity":"high","description":"d"}"#;

/// A configuration that tells a webhook of what is pushed, and has this limit.
fn routed(port: u16, hook: u16, limit: &str) -> String {
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
watchdogs: {{ {limit} }}
pipelines:
  nullify:
    source: {{ push: {{}} }}
    adapter: nullify
    detect: [ threat: {{ severity: high }} ]
route: {{ receiver: soc }}
receivers:
  - name: soc
    retry: [ 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s ]
    webhook: {{ url: \"http://127.0.0.1:{hook}/\", allow_private: 127.0.0.1:{hook} }}
"
    )
}

fn start(directory: &Path, text: &str, port: u16) -> Process {
    std::fs::write(directory.join("cresset.yaml"), text).unwrap();
    let command = command(directory, &["run", "-c", "cresset.yaml"]);
    Process::start(command, port, "/readyz")
}

/// Waits until /readyz says this level, and gives the answer.
fn level(service: &Process, level: &str) -> Answer {
    let mut answer = None;
    wait_until(|| {
        let ready = service.get("/readyz");
        let is_so = ready.json()["level"] == level;
        answer = Some(ready);
        is_so
    });
    answer.unwrap()
}

fn metric(service: &Process, line: &str) -> bool {
    service.get("/metrics").body.lines().any(|it| it == line)
}

/// What `cresset` says against the service.
fn cresset(directory: &Path, service: &Process, arguments: &[&str]) -> (i32, String, String) {
    let url = format!("--url=http://127.0.0.1:{}", service.port);
    let mut all = vec![url.as_str()];
    all.extend(arguments);
    said(&run(directory, &all))
}

/// An agent that runs and collects nothing must not look well. To break it: look at the process only.
#[test]
fn an_upstream_that_is_down_turns_the_service_yellow_then_red_and_green_again() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mock = Process::mock(directory, &["--delay", "0ms", "--failure-rate", "1"]);
    let port = free_port();
    let text = configuration(port, mock.port) + "watchdogs: { source_intervals: 0, source: 4s }\n";
    let service = start(directory, &text, port);
    assert_eq!(service.get("/readyz").json()["status"], "ready");

    let yellow = level(&service, "yellow");
    assert_eq!(
        (yellow.status, &yellow.json()["status"]),
        (200, &"degraded".into())
    );
    let finding = yellow.json()["findings"][0].clone();
    assert_eq!(
        (&finding["watchdog"], &finding["about"]),
        (&"source".into(), &"upstream".into())
    );
    let what = finding["what"].as_str().unwrap();
    assert!(what.contains("500 Internal Server Error"), "{what}");
    assert!(finding["since"].is_string() && finding["remedy"].is_string());

    let red = level(&service, "red");
    assert_eq!(
        (red.status, &red.json()["status"]),
        (200, &"failing".into())
    );
    assert_eq!(service.get("/readyz?strict=true").status, 503);
    assert_eq!(service.get("/livez").body, r#"{"status":"live"}"#);
    assert!(metric(&service, "cresset_health_level 2"));
    assert!(metric(
        &service,
        "cresset_watchdog_level{watchdog=\"source\"} 2"
    ));
    let page = service.get("/ui/").body;
    assert!(page.contains("<dt>Watchdogs</dt>"), "{page}");
    let (code, out, _) = cresset(directory, &service, &["status", "-o", "human"]);
    assert_eq!(code, 1);
    assert!(out.contains("red") && out.contains("what to do:"), "{out}");
    let (code, out, _) = cresset(directory, &service, &["doctor", "-o", "human"]);
    assert_eq!(code, 2);
    assert!(out.contains("fail  watchdogs  source upstream"), "{out}");

    mock.post("/config", Some(r#"{"failure_rate":0.0}"#));
    wait_until(|| service.post("/sync", None).status == 200);
    let green = level(&service, "green");
    assert_eq!(green.json()["findings"], serde_json::json!([]));
    assert!(metric(&service, "cresset_health_level 0"));
}

/// To break it: look at what is due only; what failed waits for its next try and is not due.
#[test]
fn a_receiver_that_is_down_turns_the_service_yellow_then_red_and_green_again() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let well = Arc::new(AtomicBool::new(false));
    let hook = Hook::start_while(Arc::clone(&well));
    let port = free_port();
    let service = start(directory, &routed(port, hook.port, "outbox: 3s"), port);
    let pushed = service.post("/api/v1/events/nullify", Some(EVENT));
    assert_eq!(pushed.json()["new"], 1);
    for (word, number) in [("yellow", 1), ("red", 2)] {
        let found = level(&service, word).json()["findings"][0].clone();
        assert_eq!(
            (&found["watchdog"], &found["about"]),
            (&"outbox".into(), &"soc/0".into())
        );
        let what = found["what"].as_str().unwrap();
        assert!(
            what.starts_with("1 notification waits; the last try failed: "),
            "{what}"
        );
        let line = format!("cresset_watchdog_level{{watchdog=\"outbox\"}} {number}");
        wait_until(|| metric(&service, &line));
    }
    well.store(true, Ordering::Relaxed);
    level(&service, "green");
    assert_eq!(hook.told().len(), 1);
}

/// To break it: tell of a router that is behind and moves, or forget that there is one.
#[test]
fn a_router_that_stands_still_turns_the_service_yellow_then_red_and_green_again() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let hook = Hook::start();
    let port = free_port();
    let service = start(directory, &routed(port, hook.port, "cursor: 3s"), port);
    let database = rusqlite::Connection::open(directory.join("data/cresset.db")).unwrap();
    database
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    let jam =
        "CREATE TRIGGER jam BEFORE UPDATE ON cursors BEGIN SELECT RAISE(ABORT, 'jammed'); END";
    database.execute_batch(jam).unwrap();
    assert_eq!(
        service.post("/api/v1/events/nullify", Some(EVENT)).json()["new"],
        1
    );
    for word in ["yellow", "red"] {
        let found = level(&service, word).json()["findings"][0].clone();
        assert_eq!(
            (&found["watchdog"], &found["about"], &found["what"]),
            (
                &"cursor".into(),
                &"router".into(),
                &"it stands still, 1 changes behind".into()
            )
        );
    }
    assert!(hook.told().is_empty());
    database.execute_batch("DROP TRIGGER jam").unwrap();
    level(&service, "green");
    wait_until(|| hook.told().len() == 1);
}

#[test]
fn a_configuration_that_is_refused_is_yellow_until_it_is_mended() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mock = Process::mock(directory, &["--delay", "0ms", "--failure-rate", "0"]);
    let port = free_port();
    let text = configuration(port, mock.port);
    let service = start(directory, &text, port);
    level(&service, "green");
    let file = directory.join("cresset.yaml");
    std::fs::write(&file, text.replace("seed_a", "seed_b")).unwrap();
    signal(&service.child, "-HUP");
    let found: Value = level(&service, "yellow").json()["findings"][0].clone();
    assert_eq!(found["watchdog"], "configuration");
    assert!(
        found["what"].as_str().unwrap().contains("seed_b"),
        "{found}"
    );
    // Mended, and with limits of another kind, which are taken over without a restart.
    let shorter = text + "watchdogs: { disk: 1024GiB, source: 1h }\n";
    std::fs::write(&file, shorter).unwrap();
    signal(&service.child, "-HUP");
    let mut found = Value::Null;
    wait_until(|| {
        found = service.get("/readyz").json();
        found["findings"][0]["watchdog"] == "disk"
    });
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
}
