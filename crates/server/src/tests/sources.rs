//! `/api/v1/sources`.

use std::sync::atomic::Ordering;

use cresset_model::ports::{CommandRefused, PortError, SyncRefused};
use cresset_model::source::SyncStatus;

use super::fixture::{Fake, ask, at, get};

const STATE: &str = r#"{"id":"mock","kind":"http_poll","address":"http://127.0.0.1:8001/alerts","status":"idle","bookmark":null,"round":null,"lag_seconds":null,"last_sync":null,"last_success":null,"last_error":null,"retry":null,"next_sync":null,"not_before":null,"interval_minutes":30,"warnings":[],"sweep":null,"turns":4,"paused":false,"has_chaos":false,"minute":{"read":0,"redriven":0,"new":0,"changed":0,"same":0,"passed":0,"filtered":0,"dead":0},"counters":{"read":5,"redriven":0,"new":5,"changed":0,"same":0,"passed":0,"filtered":0,"dead":0}"#;
const TURN: &str = r#"{"begun":"2026-11-23T09:20:00Z","ended":"2026-11-23T09:20:03Z","trigger":"schedule","requests":1,"pages":1,"read":5,"new":5,"changed":0,"dead":0,"same":0,"http_status":200,"bookmark_from":null,"bookmark_to":"2026-11-23T09:19:59Z","error":null}"#;

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

#[tokio::test]
async fn a_sync_may_be_forced_against_an_upstream_that_asked_to_wait_and_against_nothing_else() {
    let fake = Fake::new();
    let router = fake.router();
    let not_before = SyncRefused::NotBefore(at("2026-11-23T09:31:00Z"));
    *fake.refused.lock().unwrap() = Some(not_before);
    let line = |query: &str| format!("POST /api/v1/sources/mock/sync{query}");
    for query in ["", "?force=false"] {
        assert_eq!(ask(&router, &line(query), &[], "").await.status, 409);
    }
    for query in ["?force=yes", "?force", "?forced=true", "?force=true&x=1"] {
        let answer = ask(&router, &line(query), &[], "").await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_eq!(fake.syncs.load(Ordering::Relaxed), 0);
    let answer = ask(&router, &line("?force=true"), &[], "").await;
    assert_eq!(answer.status, 202);
    assert_eq!(fake.syncs.load(Ordering::Relaxed), 1);
    *fake.refused.lock().unwrap() = Some(SyncRefused::Busy(SyncStatus::Syncing));
    let answer = ask(&router, &line("?force=true"), &[], "").await;
    assert_eq!(answer.status, 409);
    let answer = ask(&router, "POST /api/v1/sources/x/sync?force=true", &[], "").await;
    assert_eq!(answer.status, 404);
}

const JSON: [&str; 1] = ["content-type: application/json"];

#[tokio::test]
async fn commands_reach_their_source() {
    let fake = Fake::new();
    let router = fake.router();
    let done = r#"{"source":"mock","status":"idle","paused":false,"bookmark":null,"turns":4}"#;
    for (verb, body) in [
        ("pause", ""),
        ("resume", ""),
        ("rewind", r#"{"to":"2026-11-23T09:00:00Z"}"#),
    ] {
        let line = format!("POST /api/v1/sources/mock/{verb}");
        let answer = ask(&router, &line, &JSON, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (202, done), "{verb}");
    }
    let read = get(&router, "/api/v1/sources/mock/chaos").await;
    let stands =
        r#"{"source":"mock","failure_rate":0.2,"delay_ms":3000,"malformed":0.0,"until":null}"#;
    assert_eq!(read.body, stands);
    let line = "POST /api/v1/sources/mock/chaos";
    let turned = ask(&router, line, &JSON, r#"{"failure_rate":1,"delay_ms":0}"#).await;
    let expected = r#"{"source":"mock","failure_rate":1.0,"delay_ms":0,"malformed":0.0,"until":"1970-01-01T00:15:00Z"}"#;
    assert_eq!(turned.body, expected);
    let reset = ask(&router, line, &JSON, r#"{"reset":true}"#).await;
    assert_eq!(reset.body, stands);
    let asked = fake.commands.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "pause mock",
            "resume mock",
            "rewind mock 2026-11-23T09:00:00Z",
            "chaos mock",
            "set_chaos mock Some(Dials { failure_rate: Some(1.0), delay: Some(0ns), malformed: None })",
            "set_chaos mock None",
        ]
    );
}

#[tokio::test]
async fn refused_commands_say_why() {
    let fake = Fake::new();
    let router = fake.router();
    for (refused, status, said) in [
        (
            CommandRefused::Unknown("mock".to_owned()),
            404,
            "no source has the id `mock`",
        ),
        (
            CommandRefused::Conflict("names no mock".to_owned()),
            409,
            "names no mock",
        ),
        (
            CommandRefused::Invalid("too far back".to_owned()),
            422,
            "too far back",
        ),
        (
            CommandRefused::Port(PortError::transient("secret/path")),
            503,
            "does not answer",
        ),
    ] {
        *fake.commands.refused.lock().unwrap() = Some(refused);
        for (line, body) in [
            ("POST /api/v1/sources/mock/pause", ""),
            ("POST /api/v1/sources/mock/resume", ""),
            (
                "POST /api/v1/sources/mock/rewind",
                r#"{"to":"2026-11-23T09:00:00Z"}"#,
            ),
            ("GET /api/v1/sources/mock/chaos", ""),
            ("POST /api/v1/sources/mock/chaos", r#"{"reset":true}"#),
        ] {
            let answer = ask(&router, line, &JSON, body).await;
            assert_eq!(answer.status, status, "{line}");
            assert!(answer.body.contains(said), "{line}: {}", answer.body);
            assert!(!answer.body.contains("secret"), "{line}");
        }
    }
}

#[tokio::test]
async fn bodies_of_commands_are_read_strictly() {
    let fake = Fake::new();
    let router = fake.router();
    let check = async |verb: &str, body: &str, pointer: &str, said: &str| {
        let line = format!("POST /api/v1/sources/mock/{verb}");
        let answer = ask(&router, &line, &JSON, body.to_owned()).await;
        assert_eq!(answer.status, 422, "{body}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["pointer"], pointer, "{body}");
        assert!(
            error["detail"].as_str().unwrap().contains(said),
            "{body}: {error}"
        );
        let unlabeled = ask(
            &router,
            &line,
            &["content-type: text/plain"],
            body.to_owned(),
        )
        .await;
        assert_eq!(unlabeled.status, 415);
    };
    check("rewind", "[]", "", "must be an object").await;
    check("rewind", "{}", "/to", "must be an instant").await;
    check(
        "rewind",
        r#"{"to":"yesterday"}"#,
        "/to",
        "must be an instant",
    )
    .await;
    check(
        "rewind",
        r#"{"to":"2026-11-23T09:00:00Z","force":true}"#,
        "/force",
        "unknown key",
    )
    .await;
    check(
        "chaos",
        "{}",
        "",
        "give one of failure_rate, delay_ms, malformed, or `reset`",
    )
    .await;
    check(
        "chaos",
        r#"{"failure_rate":"1"}"#,
        "/failure_rate",
        "from 0 to 1",
    )
    .await;
    check("chaos", r#"{"delay_ms":1.5}"#, "/delay_ms", "whole number").await;
    check(
        "chaos",
        r#"{"reset":true,"malformed":0}"#,
        "/reset",
        "stand alone",
    )
    .await;
    check("chaos", r#"{"latency":3}"#, "/latency", "unknown key").await;
    assert!(fake.commands.asked.lock().unwrap().is_empty());
    let foreign = ["origin: http://evil.example", JSON[0]];
    for verb in ["pause", "resume", "rewind", "chaos"] {
        let line = format!("POST /api/v1/sources/mock/{verb}");
        assert_eq!(ask(&router, &line, &foreign, "{}").await.status, 403);
    }
}
