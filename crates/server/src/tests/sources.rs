//! `/api/v1/sources`.

use std::sync::atomic::Ordering;

use cresset_model::ports::SyncRefused;
use cresset_model::source::SyncStatus;

use super::fixture::{Fake, ask, at, get};

const STATE: &str = r#"{"id":"mock","kind":"http_poll","address":"http://127.0.0.1:8001/alerts","status":"idle","bookmark":null,"round":null,"lag_seconds":null,"last_sync":null,"last_success":null,"last_error":null,"retry":null,"next_sync":null,"not_before":null,"interval_minutes":30,"warnings":[],"turns":4,"counters":{"read":5,"redriven":0,"new":5,"changed":0,"same":0,"passed":0,"filtered":0,"dead":0}"#;
const TURN: &str = r#"{"begun":"2026-11-23T09:20:00Z","ended":"2026-11-23T09:20:03Z","trigger":"schedule","requests":1,"pages":1,"read":5,"new":5,"changed":0,"dead":0,"error":null}"#;

#[tokio::test]
async fn sources_are_listed_and_shown_with_their_turns() {
    let router = Fake::new().router();
    let list = get(&router, "/api/v1/sources").await;
    assert_eq!(list.body, format!(r#"{{"items":[{STATE}}}],"next":null}}"#));
    let one = get(&router, "/api/v1/sources/mock").await;
    assert_eq!(one.body, format!(r#"{STATE},"attempts":[{TURN}]}}"#));
    let turns = get(&router, "/api/v1/sources/mock/attempts").await;
    assert_eq!(turns.body, format!(r#"{{"items":[{TURN}],"next":null}}"#));
    for line in [
        "GET /api/v1/sources/x",
        "GET /api/v1/sources/x/attempts",
        "POST /api/v1/sources/x/sync",
    ] {
        let answer = ask(&router, line, &[], "").await;
        assert_eq!(answer.status, 404);
        let text = "no source has the id `x`; /api/v1/sources lists those there are";
        assert_eq!(answer.json()["detail"], text);
    }
}

#[tokio::test]
async fn a_sync_of_one_source_starts_or_says_why_not() {
    let fake = Fake::new();
    let router = fake.router();
    let line = "POST /api/v1/sources/mock/sync";
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(answer.status, 202);
    assert_eq!(
        answer.body,
        r#"{"source":"mock","status":"syncing","turns":4}"#
    );
    assert_eq!(fake.syncs.load(Ordering::Relaxed), 1);
    *fake.refused.lock().unwrap() = Some(SyncRefused::Busy(SyncStatus::Retrying));
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(answer.status, 409);
    let expected = r#"{"type":"/problems/conflict","title":"It cannot be done now","status":409,"detail":"Sync already in progress (Status: retrying)","instance":"/api/v1/sources/mock/sync"}"#;
    assert_eq!(answer.body, expected);
    *fake.refused.lock().unwrap() = Some(SyncRefused::NotBefore(at("2026-11-23T09:31:00Z")));
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.json()["retry_after"], 60);
}
