//! The demo flow of the original service, against the real mock over real connections.

use serde_json::Value;

use super::process::{Process, wait_until};

#[test]
fn a_failing_upstream_is_shown_and_a_recovered_one_clears_the_error() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(
        directory.path(),
        &["--delay", "50ms", "--failure-rate", "1"],
    );
    let service = Process::service(directory.path(), mock.port);
    let retrying = service.health(|health| health["system_status"] == "retrying");
    assert!(
        retrying["last_error"]
            .as_str()
            .unwrap()
            .starts_with("Server error '500 Internal Server Error' for url")
    );
    let refused = service.post("/sync", None);
    assert_eq!(refused.status, 409);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("Sync already in progress (Status: "),
        "{detail}"
    );
    let failed = service.health(|health| health["system_status"] == "failed");
    let bookmark = failed["last_event_time"].clone();

    let set = mock.post("/config", Some(r#"{"failure_rate":0.0}"#));
    assert_eq!(
        set.body,
        r#"{"message":"Config updated","config":{"failure_rate":0.0}}"#
    );
    let accepted = service.post("/sync", None);
    assert_eq!(
        accepted.body,
        r#"{"message":"Sync triggered in background"}"#
    );
    let well = service.health(|health| health["system_status"] == "idle");
    assert!(well["last_error"].is_null() && !well["last_success"].is_null());
    assert!(well["last_event_time"].as_str() > bookmark.as_str());
}

#[test]
fn a_pattern_of_failures_within_one_turn_ends_well() {
    let directory = tempfile::tempdir().unwrap();
    let mock = Process::mock(
        directory.path(),
        &["--delay", "0ms", "--pattern", "500,503,ok"],
    );
    let service = Process::service(directory.path(), mock.port);
    let mut source = Value::Null;
    wait_until(|| {
        source = service.get("/api/v1/sources/upstream").json();
        source["turns"].as_u64() > Some(0)
    });
    assert_eq!(source["attempts"][0]["requests"], 3, "{source}");
    assert!(source["attempts"][0]["error"].is_null());
}

#[test]
fn an_honest_upstream_is_read_page_by_page_without_doubles() {
    let directory = tempfile::tempdir().unwrap();
    let flags = [
        "--delay",
        "0ms",
        "--failure-rate",
        "0",
        "--honest",
        "--duplicate",
        "0.2",
        "--updated",
        "0.2",
    ];
    let mock = Process::mock(directory.path(), &flags);
    let service = Process::service(directory.path(), mock.port);
    service.health(|health| !health["last_success"].is_null());
    let items = service.get("/api/v1/alerts?limit=1000").json()["items"]
        .as_array()
        .unwrap()
        .clone();
    assert!(!items.is_empty());
    let mut ids: Vec<&str> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), items.len());
    let detail = service.get(&format!("/api/v1/alerts/{}", ids[0])).json();
    assert!(
        detail["raw"]["text"].as_str().unwrap().starts_with('{'),
        "{detail}"
    );
    assert_eq!(detail["provenance"]["country"]["table"], "builtin");
}
