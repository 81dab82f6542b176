//! The original's answers, byte for byte as they were recorded.

use std::sync::atomic::Ordering;

use cresset_model::Severity;
use cresset_model::ports::SyncRefused;
use cresset_model::source::SyncStatus;

use super::fixture::{Fake, ask, at, get, row, source};

const ITEM: &str = r#"{"id":"alert-1795426101-3","source":"api_gateway","severity":"high","description":"Legacy event from Source.API_GATEWAY with criticality 3.","src_ip":"192.168.232.169","dst_ip":"65.228.219.209","created_at":"2026-11-23T09:28:21.382794Z","country":"US","user":"user-ajyyrr"}"#;

fn int_parsing(name: &str, input: &str) -> String {
    format!(
        r#"{{"type":"int_parsing","loc":["query","{name}"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"{input}"}}"#
    )
}

fn bound(at: &str, input: &str, word: &str, bound: &str) -> String {
    let (kind, ctx) = match word {
        "greater" => ("greater_than_equal", "ge"),
        _ => ("less_than_equal", "le"),
    };
    format!(
        r#"{{"type":"{kind}","loc":[{at}],"msg":"Input should be {word} than or equal to {bound}","input":{input},"ctx":{{"{ctx}":{bound}}}}}"#
    )
}

#[tokio::test]
async fn alerts_are_answered_as_recorded() {
    let fake = Fake::with_rows(vec![row(3)]);
    let router = fake.router();
    let all = format!("[{ITEM}]");
    for (query, found) in [
        ("", true),
        ("?limit=1", true),
        ("?limit=0", false),
        ("?limit=100000", true),
        ("?limit=9223372036854775807", true),
        ("?hours=6", true),
        ("?hours=%2B6", true),
        ("?hours=1.0", true),
        ("?hours=%206%20", true),
        ("?hours=0&hours=6", true),
        ("?hours=17000000", true),
        ("?country=US", true),
        ("?country=us", false),
        ("?country=", true),
        ("?user=user-ajyyrr", true),
        ("?user=USER-ajyyrr", false),
        ("?user=", true),
        ("?user=%00", false),
        ("?user=%ff", false),
        ("?user=user-ajyyrr&user=zzz", false),
        ("?criticality=high", true),
        ("?criticality=HIGH", true),
        ("?criticality=3", false),
        ("?criticality=bogus", false),
        ("?criticality=", true),
        ("?severity=High", true),
        ("?severity=critical", false),
        ("?severity=high&criticality=low", false),
        ("?foo=1", true),
        (
            "?criticality=high&country=US&user=u&hours=24&limit=3",
            false,
        ),
    ] {
        let answer = get(&router, &format!("/alerts{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(answer.header("content-type"), "application/json", "{query}");
        let expected = if found { all.as_str() } else { "[]" };
        assert_eq!(answer.body, expected, "{query}");
    }
}

#[tokio::test]
async fn the_window_is_measured_on_ingestion() {
    let mut old = row(1);
    old.ingested_at = at("2026-11-23T08:29:59Z");
    let mut edge = row(2);
    edge.ingested_at = at("2026-11-23T08:30:00Z");
    edge.created_at = at("2020-01-01T00:00:00Z");
    let router = Fake::with_rows(vec![edge, old]).router();
    let answer = get(&router, "/alerts").await;
    assert_eq!(answer.json().as_array().unwrap().len(), 1);
    assert!(
        answer
            .body
            .contains(r#""created_at":"2020-01-01T00:00:00Z""#)
    );
    assert_eq!(
        get(&router, "/alerts?hours=2")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn texts_addresses_and_nulls_keep_their_form() {
    let mut odd = row(1);
    odd.description = "déjà \"vu\"\n<b>".to_owned();
    odd.src_ip = "::ffff:1.2.3.4".parse().unwrap();
    odd.dst_ip = Some("2001:DB8::1".parse().unwrap());
    odd.country = None;
    odd.user = None;
    odd.severity = Severity::Unknown;
    let answer = get(&Fake::with_rows(vec![odd]).router(), "/alerts").await;
    let expected = r#""severity":"unknown","description":"déjà \"vu\"\n<b>","src_ip":"::ffff:102:304","dst_ip":"2001:db8::1","created_at":"2026-11-23T09:28:21.382794Z","country":null,"user":null}]"#;
    assert!(answer.body.ends_with(expected), "{}", answer.body);
}

#[tokio::test]
async fn wrong_parameters_are_named_as_recorded() {
    let router = Fake::new().router();
    let hours = r#""query","hours""#;
    let limit = r#""query","limit""#;
    for (query, errors) in [
        ("hours=0", bound(hours, r#""0""#, "greater", "1")),
        ("hours=-1", bound(hours, r#""-1""#, "greater", "1")),
        ("hours=6&hours=0", bound(hours, r#""0""#, "greater", "1")),
        (
            "hours=17000001",
            bound(hours, r#""17000001""#, "less", "17000000"),
        ),
        ("hours=abc", int_parsing("hours", "abc")),
        ("hours=1.5", int_parsing("hours", "1.5")),
        ("hours=1e3", int_parsing("hours", "1e3")),
        ("hours=", int_parsing("hours", "")),
        ("hours", int_parsing("hours", "")),
        ("limit=abc", int_parsing("limit", "abc")),
        ("limit=", int_parsing("limit", "")),
        ("limit=-1", bound(limit, r#""-1""#, "greater", "0")),
        (
            "limit=9223372036854775808",
            bound(
                limit,
                r#""9223372036854775808""#,
                "less",
                "9223372036854775807",
            ),
        ),
        (
            "limit=abc&hours=0",
            format!(
                "{},{}",
                bound(hours, r#""0""#, "greater", "1"),
                int_parsing("limit", "abc")
            ),
        ),
    ] {
        let answer = get(&router, &format!("/alerts?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            answer.body,
            format!(r#"{{"detail":[{errors}]}}"#),
            "{query}"
        );
    }
    let digits = "9".repeat(4_301);
    let answer = get(&router, &format!("/alerts?limit={digits}")).await;
    assert!(answer.body.starts_with(
        r#"{"detail":[{"type":"int_parsing_size","loc":["query","limit"],"msg":"Unable to parse input string as an integer, exceeded maximum size","input":"9"#
    ));
}

#[tokio::test]
async fn long_answers_come_in_pieces_and_are_whole() {
    for count in [999, 1_000, 1_001, 2_500] {
        let rows = (1..=count).rev().map(row).collect();
        let router = Fake::with_rows(rows).router();
        let items = |answer: super::fixture::Answer| answer.json().as_array().unwrap().clone();
        let all = items(get(&router, "/alerts?limit=100000").await);
        assert_eq!(all.len(), usize::try_from(count).unwrap());
        assert_eq!(all[0]["id"], format!("alert-1795426101-{count}"));
        assert_eq!(all.last().unwrap()["id"], "alert-1795426101-1");
        assert_eq!(items(get(&router, "/alerts").await).len(), 100);
        let some = items(get(&router, "/alerts?limit=998").await);
        assert_eq!(some.len(), 998);
    }
    let rows = (1..=2_500).rev().map(row).collect();
    let answer = get(&Fake::with_rows(rows).router(), "/alerts?limit=1500").await;
    assert_eq!(answer.json().as_array().unwrap().len(), 1_500);
}

#[tokio::test]
async fn sync_starts_or_says_why_not() {
    let fake = Fake::new();
    let router = fake.router();
    for (headers, body) in [
        (vec![], ""),
        (vec!["content-type: application/json"], "{\"x\":1}"),
        (vec!["content-type: application/json"], "{bad"),
        (vec!["content-type: text/xml"], "<a"),
    ] {
        let answer = ask(&router, "POST /sync", &headers, body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, r#"{"message":"Sync triggered in background"}"#);
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_eq!(fake.syncs.load(Ordering::Relaxed), 4);
    for (status, word) in [
        (SyncStatus::Syncing, "syncing"),
        (SyncStatus::Retrying, "retrying"),
    ] {
        *fake.refused.lock().unwrap() = Some(SyncRefused::Busy(status));
        let answer = ask(&router, "POST /sync", &[], "").await;
        assert_eq!(answer.status, 409);
        let expected = format!(r#"{{"detail":"Sync already in progress (Status: {word})"}}"#);
        assert_eq!(answer.body, expected);
        assert_eq!(answer.header("retry-after"), "");
    }
    *fake.refused.lock().unwrap() = Some(SyncRefused::NotBefore(at("2026-11-23T09:30:40Z")));
    let answer = ask(&router, "POST /sync", &[], "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, "40"));
    let expected = r#"{"detail":"Upstream asked to wait (Retry-After): next sync possible at 2026-11-23T09:30:40Z"}"#;
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn health_is_answered_as_recorded() {
    let fake = Fake::new();
    let router = fake.router();
    let check = async |expected: &str| {
        let answer = get(&router, "/health").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected));
        assert_eq!(answer.header("content-type"), "application/json");
    };
    check(
        r#"{"system_status":"idle","db_status":"Connected","last_sync":null,"last_success":null}"#,
    )
    .await;
    fake.source(|source| {
        source.last_sync = Some(at("2026-11-23T09:25:57.751816Z"));
        source.bookmark = Some(at("2026-11-22T09:25:57.751824Z"));
    });
    check(r#"{"system_status":"idle","db_status":"Connected","last_sync":"2026-11-23T09:25:57.751816+00:00","last_success":null,"last_event_time":"2026-11-22T09:25:57.751824+00:00","last_error":null}"#).await;
    fake.source(|source| {
        source.status = SyncStatus::Retrying;
        source.last_success = Some(at("2026-11-23T09:27:24Z"));
        source.last_error = Some("Server error '500'\nFor more".to_owned());
    });
    check(r#"{"system_status":"retrying","db_status":"Connected","last_sync":"2026-11-23T09:25:57.751816+00:00","last_success":"2026-11-23T09:27:24+00:00","last_event_time":"2026-11-22T09:25:57.751824+00:00","last_error":"Server error '500'\nFor more"}"#).await;
    fake.down();
    check(r#"{"system_status":"system_failure","db_status":"Disconnected","last_sync":null,"last_success":null}"#).await;
}

#[tokio::test]
async fn health_of_several_sources_is_the_worst_status_and_the_newest_times() {
    let fake = Fake::new();
    fake.source(|source| {
        source.status = SyncStatus::Failed;
        source.last_sync = Some(at("2026-11-23T09:00:00Z"));
        source.bookmark = Some(at("2026-11-23T09:10:00Z"));
        source.last_error = Some("refused".to_owned());
    });
    let mut other = source("other");
    other.status = SyncStatus::Syncing;
    other.last_sync = Some(at("2026-11-23T09:20:00Z"));
    other.last_success = Some(at("2026-11-23T08:00:00Z"));
    fake.sources.lock().unwrap().push(other);
    let answer = get(&fake.router(), "/health").await;
    let expected = r#"{"system_status":"failed","db_status":"Connected","last_sync":"2026-11-23T09:20:00+00:00","last_success":"2026-11-23T08:00:00+00:00","last_event_time":"2026-11-23T09:10:00+00:00","last_error":"mock: refused"}"#;
    assert_eq!(answer.body, expected);
}

const KEY: &str = r#""body","sync_interval_minutes""#;

fn field(kind: &str, message: &str, input: &str) -> String {
    format!(r#"{{"type":"{kind}","loc":[{KEY}],"msg":"{message}","input":{input}}}"#)
}

fn no_object(input: &str) -> String {
    format!(
        r#"{{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":{input}}}"#
    )
}

fn no_json(position: usize, error: &str) -> String {
    format!(
        r#"{{"type":"json_invalid","loc":["body",{position}],"msg":"JSON decode error","input":{{}},"ctx":{{"error":"{error}"}}}}"#
    )
}

#[tokio::test]
async fn the_interval_is_taken_in_every_recorded_form() {
    let fake = Fake::new();
    let router = fake.router();
    let answer = get(&router, "/config").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"sync_interval_minutes":30}"#)
    );
    for (body, minutes) in [
        (r#"{"sync_interval_minutes":1}"#, 1),
        (r#"{"sync_interval_minutes":10080}"#, 10_080),
        (r#"{"sync_interval_minutes":2.0}"#, 2),
        (r#"{"sync_interval_minutes":"7"}"#, 7),
        (r#"{"sync_interval_minutes":true}"#, 1),
        (r#"{"sync_interval_minutes":1e3}"#, 1_000),
        (r#"{"sync_interval_minutes":30,"a":1}"#, 30),
        (
            r#"{"sync_interval_minutes":"x","sync_interval_minutes":31}"#,
            31,
        ),
    ] {
        for media in [
            "application/json",
            "application/problem+json",
            "application/json; charset=utf-8",
        ] {
            let header = format!("content-type: {media}");
            let answer = ask(&router, "POST /config", &[&header], body).await;
            assert_eq!(answer.status, 200, "{body}");
            let expected = format!(
                r#"{{"message":"Configuration saved and applied","config":{{"sync_interval_minutes":{minutes}}}}}"#
            );
            assert_eq!(answer.body, expected);
            assert_eq!(fake.interval.load(Ordering::Relaxed), minutes);
        }
    }
}

#[tokio::test]
async fn every_other_interval_is_refused_as_recorded() {
    let int_type = |input| field("int_type", "Input should be a valid integer", input);
    let cases = [
        (
            "1.5".to_owned(),
            field(
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
                "1.5",
            ),
        ),
        (
            "\"x\"".to_owned(),
            field(
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
                "\"x\"",
            ),
        ),
        ("null".to_owned(), int_type("null")),
        ("[1]".to_owned(), int_type("[1]")),
        (
            "1e30".to_owned(),
            field(
                "int_parsing_size",
                "Unable to parse input string as an integer, exceeded maximum size",
                "1e+30",
            ),
        ),
        (
            "NaN".to_owned(),
            field("finite_number", "Input should be a finite number", "null"),
        ),
        ("0".to_owned(), bound(KEY, "0", "greater", "1")),
        ("-5".to_owned(), bound(KEY, "-5", "greater", "1")),
        ("false".to_owned(), bound(KEY, "false", "greater", "1")),
        ("10081".to_owned(), bound(KEY, "10081", "less", "10080")),
        ("20000.0".to_owned(), bound(KEY, "20000.0", "less", "10080")),
        ("9".repeat(60), bound(KEY, &"9".repeat(60), "less", "10080")),
        (
            format!("-{}", "9".repeat(60)),
            bound(KEY, &format!("-{}", "9".repeat(60)), "greater", "1"),
        ),
    ];
    for (value, error) in cases {
        refused(&format!(r#"{{"sync_interval_minutes":{value}}}"#), &error).await;
    }
}

async fn refused(body: &str, error: &str) {
    let json = ["content-type: application/json"];
    let router = Fake::new().router();
    let answer = ask(&router, "POST /config", &json, body.to_owned()).await;
    assert_eq!(answer.status, 422, "{body}");
    assert_eq!(answer.body, format!(r#"{{"detail":[{error}]}}"#), "{body}");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn every_other_body_is_refused_as_recorded() {
    let cases = [
        ("{}".to_owned(), field("missing", "Field required", "{}")),
        (
            r#"{"a":1}"#.to_owned(),
            field("missing", "Field required", r#"{"a":1}"#),
        ),
        ("[1]".to_owned(), no_object("[1]")),
        ("null".to_owned(), no_object("null")),
        ("5".to_owned(), no_object("5")),
        ("hello".to_owned(), no_json(0, "Expecting value")),
        (
            r#"{"sync_interval_minutes":"#.to_owned(),
            no_json(25, "Expecting value"),
        ),
        (
            r#"{"sync_interval_minutes":30} x"#.to_owned(),
            no_json(29, "Extra data"),
        ),
        (
            "{'a':1}".to_owned(),
            no_json(1, "Expecting property name enclosed in double quotes"),
        ),
        (
            String::new(),
            r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#.to_owned(),
        ),
    ];
    for (body, error) in cases {
        refused(&body, &error).await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_by_its_type_or_bytes_is_refused_as_recorded() {
    let router = Fake::new().router();
    let missing =
        r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#;
    assert_eq!(ask(&router, "POST /config", &[], "").await.body, missing);
    let text = r#"{"sync_interval_minutes":30}"#;
    for headers in [
        vec!["content-type: text/plain"],
        vec![],
        vec!["content-type: image/x+json"],
    ] {
        let answer = ask(&router, "POST /config", &headers, text).await;
        let error = no_object(r#""{\"sync_interval_minutes\":30}""#);
        assert_eq!(answer.body, format!(r#"{{"detail":[{error}]}}"#));
        assert_eq!(answer.status, 422);
    }
    let unreadable: [&[u8]; 2] = [b"{\"sync_interval_minutes\":\"\xff\"}", &[b'['; 3_000]];
    for body in unreadable {
        let answer = ask(
            &router,
            "POST /config",
            &["content-type: application/json"],
            body,
        )
        .await;
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.body,
            r#"{"detail":"There was an error parsing the body"}"#
        );
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let router = Fake::new().router();
    let body = |bytes: usize| format!("{}{{}}", " ".repeat(bytes - 2));
    let json = ["content-type: application/json"];
    assert_eq!(
        ask(&router, "POST /config", &json, body(65_536))
            .await
            .status,
        422
    );
    let answer = ask(&router, "POST /config", &json, body(65_537)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.body,
        r#"{"detail":"The body is larger than 65536 bytes"}"#
    );
    let declared = ["content-length: 65537"];
    assert_eq!(ask(&router, "POST /sync", &declared, "").await.status, 413);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_as_recorded() {
    let router = Fake::new().router();
    let answer = get(&router, "/nope").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"detail":"Not Found"}"#)
    );
    assert_eq!(answer.header("content-type"), "application/json");
    for (line, allow) in [
        ("POST /alerts", "GET"),
        ("OPTIONS /alerts", "GET"),
        ("GET /sync", "POST"),
        ("OPTIONS /sync", "POST"),
        ("DELETE /config", "GET"),
        ("PUT /config", "GET"),
        ("POST /health", "GET"),
        ("TRACE /alerts", "GET"),
    ] {
        let headers = ["access-control-request-method: GET"];
        let answer = ask(&router, line, &headers, "").await;
        assert_eq!(answer.status, 405, "{line}");
        assert_eq!(answer.body, r#"{"detail":"Method Not Allowed"}"#);
        assert_eq!(answer.header("allow"), allow, "{line}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    for path in ["/alerts", "/health", "/config", "/sync"] {
        let answer = ask(&router, &format!("HEAD {path}"), &[], "").await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("content-length"), "31", "{path}");
    }
}

#[tokio::test]
async fn a_slash_too_many_is_taken_away() {
    let router = Fake::new().router();
    for (path, location) in [
        ("/alerts/", "http://127.0.0.1:8000/alerts"),
        ("/alerts/?a=1", "http://127.0.0.1:8000/alerts?a=1"),
        ("/docs/", "http://127.0.0.1:8000/docs"),
        ("/health//", "http://127.0.0.1:8000/health"),
    ] {
        let answer = get(&router, path).await;
        assert_eq!((answer.status, answer.header("location")), (307, location));
        assert_eq!(answer.body, "");
    }
    assert_eq!(get(&router, "/nope/").await.status, 404);
    assert_eq!(get(&router, "//alerts").await.status, 404);
}

#[tokio::test]
async fn without_the_store_it_says_so_and_when_to_come_back() {
    let fake = Fake::new();
    fake.down();
    let router = fake.router();
    let body = r#"{"sync_interval_minutes":3}"#;
    for (line, body) in [
        ("GET /alerts", ""),
        ("GET /config", ""),
        ("POST /config", body),
    ] {
        let answer = ask(&router, line, &["content-type: application/json"], body).await;
        assert_eq!(answer.status, 503, "{line}");
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(
            answer.body,
            r#"{"detail":"The store does not answer; try again in 5 s"}"#
        );
    }
    assert_eq!(fake.interval.load(Ordering::Relaxed), 30);
}
