//! `/api/v1/dead-letters`.

use std::sync::Arc;

use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::ports::RedriveSelection;
use cresset_model::{DeadLetterId, SourceId};

use super::fixture::{Answer, Fake, ask, at, get, letter, vitals};

const JSON: [&str; 1] = ["content-type: application/json"];

#[tokio::test]
async fn dead_letters_are_listed_and_shown() {
    let fake = Fake::new();
    let mut resolved = letter(1);
    resolved.resolved_at = Some(at("2026-11-23T09:20:00Z"));
    resolved.raw = vec![];
    *fake.letters.lock().unwrap() = vec![letter(3), letter(2), resolved];
    let router = fake.router();
    let one = r#"{"id":"00000000000000000000000003","source":"mock","stage":"normalize","reason":"missing_field","detail":"`id` is missing","upstream_id":null,"count":3,"first_seen":"2026-11-23T09:00:00Z","last_seen":"2026-11-23T09:10:00Z","full_bytes":2,"full_hash":"abababababababababababababababababababababababababababababababab","whole":true,"resolved_at":null,"alert_id":null"#;
    let first = get(&router, "/api/v1/dead-letters?limit=1&include=total").await;
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    let expected = format!(
        r#"{{"items":[{one}}}],"next":"{cursor}","total":{{"value":10000,"relation":"gte"}}}}"#
    );
    assert_eq!(first.body, expected);
    let detail = get(&router, "/api/v1/dead-letters/00000000000000000000000003").await;
    let expected = format!(r#"{one},"raw":{{"encoding":"utf-8","text":"{{}}","bytes":2}}}}"#);
    assert_eq!(detail.body, expected);
    for (query, found) in [
        (format!("limit=5&cursor={cursor}"), 2),
        ("resolved=true".to_owned(), 1),
        (
            "resolved=false&source=mock&reason=missing_field".to_owned(),
            2,
        ),
        ("since=2026-11-23T09:10:00Z".to_owned(), 3),
        ("since=2026-11-23T09:10:00.1Z".to_owned(), 0),
        ("until=2026-11-23T09:00:00.1Z".to_owned(), 3),
        ("until=2026-11-23T09:00:00Z".to_owned(), 0),
        ("since=-25m&until=-5m&reason=missing_field".to_owned(), 3),
        ("since=-19m".to_owned(), 0),
        ("source=other".to_owned(), 0),
        ("reason=too_deep".to_owned(), 0),
    ] {
        let answer = get(&router, &format!("/api/v1/dead-letters?{query}")).await;
        assert_eq!(
            answer.json()["items"].as_array().unwrap().len(),
            found,
            "{query}"
        );
    }
}

#[tokio::test]
async fn wrong_filters_and_ids_are_named() {
    let router = Fake::new().router();
    for (query, text) in [
        (
            "reason=mising_field",
            "unknown reason `mising_field`: did you mean `missing_field`?",
        ),
        ("resolved=yes", "`resolved` must be true or false"),
        (
            "since=soon",
            "\"soon\" is not a time: write 2026-11-23T09:00:00Z, a date such as 2026-11-23, now, or a time before now such as -30m, -6h or -7d",
        ),
        (
            "sorce=x",
            "unknown parameter `sorce`: did you mean `source`?",
        ),
    ] {
        let answer = get(&router, &format!("/api/v1/dead-letters?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (400, &text.into())
        );
    }
    for line in [
        "GET /api/v1/dead-letters/00000000000000000000000009",
        "POST /api/v1/dead-letters/00000000000000000000000009/redrive",
    ] {
        let answer = ask(&router, line, &[], "").await;
        let text = "no dead letter has the id 00000000000000000000000009";
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (404, &text.into())
        );
    }
}

#[tokio::test]
async fn a_redrive_says_what_became_of_each() {
    let fake = Fake::new();
    *fake.letters.lock().unwrap() = vec![letter(3)];
    let router = fake.router();
    let report = |dry_run: bool| {
        format!(
            r#"{{"dry_run":{dry_run},"items":[{{"id":"00000000000000000000000001","outcome":"alert","alert_id":"00000000000000000000000009"}},{{"id":"00000000000000000000000002","outcome":"refused","reason":"missing_field","detail":"`id` is missing"}},{{"id":"00000000000000000000000004","outcome":"passed"}},{{"id":"00000000000000000000000003","outcome":"skipped","detail":"resolved already"}}],"counts":{{"alert":1,"passed":1,"refused":1,"skipped":1}}}}"#
        )
    };
    let post = async |path: &str, body: &'static str| -> Answer {
        ask(
            &router,
            &format!("POST /api/v1/dead-letters/{path}"),
            &JSON,
            body,
        )
        .await
    };
    let one = post("00000000000000000000000003/redrive", "").await;
    assert_eq!((one.status, one.body), (200, report(false)));
    let ids = r#"{"ids":["00000000000000000000000003","00000000000000000000000004"]}"#;
    assert_eq!(post("redrive?dry_run=true", ids).await.body, report(true));
    let matching = r#"{"filter":{"source":"mock","reason":"missing_field"},"limit":10000}"#;
    assert_eq!(post("redrive?dry_run=false", matching).await.status, 200);
    assert_eq!(post("redrive", r#"{"filter":{}}"#).await.status, 200);
    let timed = r#"{"filter":{"since":"-6h","until":"2026-11-23T09:00:00Z"}}"#;
    assert_eq!(post("redrive?dry_run=true", timed).await.status, 200);
    let selected = fake.redriven.lock().unwrap().clone();
    let open = DeadLetterFilter {
        resolved: Some(false),
        ..DeadLetterFilter::default()
    };
    let expected = [
        (RedriveSelection::Ids(vec![DeadLetterId(3)]), false),
        (
            RedriveSelection::Ids(vec![DeadLetterId(3), DeadLetterId(4)]),
            true,
        ),
        (
            RedriveSelection::Matching {
                filter: DeadLetterFilter {
                    source: Some(SourceId::new("mock")),
                    reason: Some(Reason::MissingField),
                    ..open.clone()
                },
                limit: 10_000,
            },
            false,
        ),
        (
            RedriveSelection::Matching {
                filter: open.clone(),
                limit: 100,
            },
            false,
        ),
        (
            RedriveSelection::Matching {
                filter: DeadLetterFilter {
                    since: Some(at("2026-11-23T03:30:00Z")),
                    until: Some(at("2026-11-23T09:00:00Z")),
                    ..open
                },
                limit: 100,
            },
            true,
        ),
    ];
    assert_eq!(selected, expected);
}

#[tokio::test]
async fn a_wrong_selection_is_refused_with_a_pointer() {
    let fake = Fake::new();
    let many = format!(r#"{{"ids":[{}"0"]}}"#, "\"0\",".repeat(1_000));
    for (body, pointer, text) in [
        (
            "{",
            "",
            "the body is no JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "", "the body must be an object"),
        ("{}", "", "give either `ids` or `filter`"),
        (
            r#"{"ids":[],"filter":{}}"#,
            "",
            "give either `ids` or `filter`",
        ),
        (
            r#"{"idz":[]}"#,
            "/idz",
            "unknown key `idz`: did you mean `ids`?",
        ),
        (
            r#"{"ids":[]}"#,
            "/ids",
            "`ids` must have 1 to 1000 entries, not 0",
        ),
        (&many, "/ids", "`ids` must have 1 to 1000 entries, not 1001"),
    ] {
        refused(&fake, body, pointer, text).await;
    }
}

#[tokio::test]
async fn a_wrong_part_of_a_selection_is_pointed_at() {
    let fake = Fake::new();
    for (body, pointer, text) in [
        (r#"{"ids":[1]}"#, "/ids/0", "an id is a text"),
        (
            r#"{"ids":["x"]}"#,
            "/ids/0",
            "`x` is not an id: 26 characters of Crockford base32 are expected",
        ),
        (
            r#"{"ids":["00000000000000000000000003"],"limit":1}"#,
            "/limit",
            "`limit` goes with `filter`, not with `ids`",
        ),
        (
            r#"{"filter":{"x/y":1}}"#,
            "/filter/x~1y",
            "unknown key `x/y`: source, reason, since, until are known",
        ),
        (
            r#"{"filter":{"source":1}}"#,
            "/filter/source",
            "`source` must be a text",
        ),
        (
            r#"{"filter":{"since":"yesterday"}}"#,
            "/filter/since",
            "\"yesterday\" is not a time: write 2026-11-23T09:00:00Z, a date such as 2026-11-23, now, or a time before now such as -30m, -6h or -7d",
        ),
        (
            r#"{"filter":{"until":5}}"#,
            "/filter/until",
            "`until` must be a text",
        ),
        (
            r#"{"filter":{"reason":"too_depe"}}"#,
            "/filter/reason",
            "unknown reason `too_depe`: did you mean `too_deep`?",
        ),
        (
            r#"{"filter":{},"limit":0}"#,
            "/limit",
            "`limit` must be a whole number from 1 to 10000",
        ),
        (
            r#"{"filter":{},"limit":10001}"#,
            "/limit",
            "`limit` must be a whole number from 1 to 10000",
        ),
    ] {
        refused(&fake, body, pointer, text).await;
    }
}

async fn refused(fake: &Arc<Fake>, body: &str, pointer: &str, text: &str) {
    let line = "POST /api/v1/dead-letters/redrive";
    let answer = ask(&fake.router(), line, &JSON, body.to_owned()).await;
    assert_eq!(answer.status, 422, "{body}");
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["pointer"], &error["detail"]),
        (&pointer.into(), &text.into())
    );
    assert!(fake.redriven.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_redrive_of_a_wrong_form_is_refused() {
    let fake = Fake::new();
    let router = fake.router();
    let line = "POST /api/v1/dead-letters/redrive?dry_run=1";
    assert_eq!(ask(&router, line, &JSON, "{}").await.status, 400);
    let line = "POST /api/v1/dead-letters/redrive?dryrun=true";
    let answer = ask(&router, line, &JSON, "{}").await;
    let text = "unknown parameter `dryrun`: did you mean `dry_run`?";
    assert_eq!(answer.json()["detail"], text);
    let line = "POST /api/v1/dead-letters/redrive";
    assert_eq!(
        ask(&router, line, &["content-type: text/plain"], "{}")
            .await
            .status,
        415
    );
    assert_eq!(
        ask(&router, line, &JSON, " ".repeat(65_537)).await.status,
        413
    );
    assert!(fake.redriven.lock().unwrap().is_empty());
}

#[tokio::test]
async fn dead_letters_are_counted_by_reason_with_what_was_dropped() {
    let fake = Fake::new();
    let mut deep = letter(2);
    deep.reason = Reason::TooDeep;
    deep.full_bytes = 70_000;
    *fake.letters.lock().unwrap() = vec![letter(3), deep, letter(1)];
    let router = fake.router();
    let path = "/api/v1/dead-letters/reasons";
    let answer = get(&router, path).await.json();
    let group = &answer["items"][0];
    assert_eq!(
        (&group["reason"], &group["letters"], &group["records"]),
        (&"missing_field".into(), &2.into(), &6.into())
    );
    assert_eq!(answer["items"][1]["whole"], 0);
    assert!(answer["room"].is_null());
    fake.health.lock().unwrap().vitals = Some(vitals());
    let answer = get(&router, &format!("{path}?reason=too_deep&since=-1h")).await;
    let expected = r#"{"items":[{"reason":"too_deep","source":"mock","letters":1,"whole":0,"records":3,"first_seen":"2026-11-23T09:00:00Z","last_seen":"2026-11-23T09:10:00Z","example":"`id` is missing","example_id":"00000000000000000000000002"}],"room":{"bytes":5000,"bytes_max":1048576,"dropped":3,"dropped_at":"2026-11-23T09:25:00Z","dropped_by_source":[{"source":"mock","records":3}]}}"#;
    assert_eq!(answer.body, expected);
    let wrong = get(&router, &format!("{path}?limit=5")).await;
    assert_eq!(wrong.status, 400);
    fake.down();
    assert_eq!(get(&router, path).await.status, 503);
}

/// To break it: send the first piece only, or a list without the records.
#[tokio::test]
async fn an_export_holds_every_dead_letter_with_its_record() {
    let fake = Fake::new();
    let mut binary = letter(200);
    binary.raw = vec![0xff];
    let others = (1..200).rev().map(letter);
    *fake.letters.lock().unwrap() = std::iter::once(binary).chain(others).collect();
    let router = fake.router();
    let path = "/api/v1/dead-letters/export";
    let answer = get(&router, &format!("{path}?source=mock&since=-1h")).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"dead-letters.ndjson\""
    );
    let lines: Vec<serde_json::Value> = answer
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 200);
    assert_eq!(lines[0]["raw"]["encoding"], "base64");
    assert_eq!(lines[199]["raw"]["text"], "{}");
    assert_eq!(lines[199]["id"], "00000000000000000000000001");
    assert_eq!(
        get(&router, &format!("{path}?resolved=true")).await.body,
        ""
    );
    assert_eq!(
        get(&router, &format!("{path}?format=csv")).await.status,
        400
    );
    fake.down();
    assert_eq!(get(&router, path).await.status, 503);
}
