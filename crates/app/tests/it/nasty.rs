//! `cresset mock --nasty`, as a user meets it. Every scenario is judged by a test program of its own.

use serde_json::Value;

use super::process::{Process, command, free_port, run, said, wait_until};

#[test]
fn the_scenarios_are_listed_and_a_mistyped_one_is_refused_with_the_nearest() {
    let directory = tempfile::tempdir().unwrap();
    let mock = |scenario| said(&run(directory.path(), &["mock", "--nasty", scenario]));
    let (code, out, _) = mock("list");
    assert_eq!(code, 0);
    assert_eq!(out.lines().count(), cresset_sim::nasty::SCENARIOS.len());
    assert!(
        out.contains("slow_drip              a byte each half second"),
        "{out}"
    );
    let (code, _, error) = mock("slow-drip");
    assert_eq!(code, 2);
    let hint = "no scenario is called `slow-drip`: did you mean slow_drip?";
    assert!(error.contains(hint), "{error}");
}

#[test]
fn a_hostile_upstream_says_what_must_be_stored_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let text = port.to_string();
    let arguments = [
        "mock",
        "--nasty",
        "hostile_json",
        "--seed",
        "7",
        "--port",
        &text,
    ];
    let mock = Process::start(command(directory.path(), &arguments), port, "/truth");
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| !health["last_success"].is_null());
    let truth = mock.get("/truth").body;
    let (alerts, summary) = truth.trim_end().rsplit_once('\n').unwrap();
    let summary: Value = serde_json::from_str(summary).unwrap();
    let summary = &summary["summary"];
    assert_eq!(summary["alerts"], alerts.lines().count());
    assert_eq!(summary["complaints"], Value::Array(Vec::new()));
    let mut counters = Value::Null;
    wait_until(|| {
        counters = service.get("/api/v1/sources/upstream").json()["counters"].clone();
        counters["dead"].as_u64() >= summary["unusable"].as_u64()
    });
    let stored = service.get("/api/v1/alerts?limit=1000").json();
    let stored = stored["items"].as_array().map(Vec::len);
    assert_eq!(stored, Some(alerts.lines().count()));
    assert_eq!(service.terminate(), 0);
}
