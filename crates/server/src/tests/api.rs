//! `/api/v1/alerts` and what all of version 1 shares.

use cresset_model::Severity;
use cresset_model::health::{Level, Watchdog};

use super::fixture::{Fake, ask, finding, get, row};

#[tokio::test]
async fn a_list_has_items_a_cursor_and_a_total_if_asked() {
    let router = Fake::with_rows((1..=5).rev().map(row).collect()).router();
    let first = get(&router, "/api/v1/alerts?limit=2&country=US&include=total").await;
    assert_eq!(first.status, 200);
    let body = first.json();
    assert_eq!(
        body["total"],
        serde_json::json!({"value": 5, "relation": "eq"})
    );
    let cursor = body["next"].as_str().unwrap().to_owned();
    let link =
        format!("</api/v1/alerts?limit=2&country=US&include=total&cursor={cursor}>; rel=\"next\"");
    assert_eq!(first.header("link"), link);
    let next = get(
        &router,
        &format!("/api/v1/alerts?country=US&limit=3&cursor={cursor}"),
    )
    .await;
    assert_eq!(next.json()["next"], serde_json::Value::Null);
    assert!(next.json().get("total").is_none());
    assert_eq!(next.header("link"), "");
    let ids: Vec<String> = [body, next.json()]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap().clone())
        .map(|item| item["upstream_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        ids,
        (1..=5)
            .rev()
            .map(|n| format!("alert-1795426101-{n}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_item_has_exactly_these_keys() {
    let router = Fake::with_rows(vec![row(3)]).router();
    let answer = get(&router, "/api/v1/alerts").await;
    let expected = r#"{"items":[{"id":"00000000000000000000000003","pipeline":"mock","source":"api_gateway","upstream_id":"alert-1795426101-3","severity":"high","title":null,"description":"Legacy event from Source.API_GATEWAY with criticality 3.","src_ip":"192.168.232.169","dst_ip":"65.228.219.209","created_at":"2026-11-23T09:28:21.382794Z","ingested_at":"2026-11-23T09:29:00Z","updated_at":"2026-11-23T09:29:00.500000Z","country":"US","user":"user-ajyyrr","revision":2}],"next":null}"#;
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn an_event_without_a_destination_has_a_title_and_no_dst_ip() {
    let mut event = row(3);
    event.title = Some("High severity detected".to_owned());
    event.dst_ip = None;
    let router = Fake::with_rows(vec![event]).router();
    let item = get(&router, "/api/v1/alerts").await.json()["items"][0].clone();
    assert_eq!(item["title"], "High severity detected");
    assert_eq!(item["dst_ip"], serde_json::Value::Null);
    let one = get(&router, "/api/v1/alerts/00000000000000000000000003").await;
    assert_eq!(one.json()["normalized"]["dst_ip"], serde_json::Value::Null);
    let original = get(&router, "/alerts").await.body;
    assert!(
        original.contains(r#""dst_ip":null,"created_at":"#),
        "{original}"
    );
}

#[tokio::test]
async fn q_and_fields_narrow_together_and_repeats_widen() {
    let rows: Vec<_> = [Severity::Low, Severity::High, Severity::Critical]
        .into_iter()
        .zip([1, 2, 3])
        .map(|(severity, seq)| {
            let mut row = row(seq);
            row.severity = severity;
            row.country = Some(["US", "DE", "FR"][usize::try_from(seq).unwrap() - 1].to_owned());
            row
        })
        .rev()
        .collect();
    let router = Fake::with_rows(rows).router();
    for (query, found) in [
        ("", 3),
        ("q=severity:%3E=high", 2),
        ("q=severity:%3E=high&country=DE", 1),
        ("country=DE&country=US", 2),
        ("country=DE,US", 2),
        ("country=-DE&country=-US", 1),
        ("from=-6h&to=-1h", 0),
        ("from=-6h", 3),
        ("criticality=low&severity=high", 0),
    ] {
        let answer = get(&router, &format!("/api/v1/alerts?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        assert_eq!(
            answer.json()["items"].as_array().unwrap().len(),
            found,
            "{query}"
        );
    }
}

#[tokio::test]
async fn wrong_parameters_are_named_with_what_to_write_instead() {
    let router = Fake::new().router();
    let check = async |query: &str, parameter: &str, detail: &str| {
        let answer = get(&router, &format!("/api/v1/alerts?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let body = answer.json();
        assert_eq!(body["type"], "/problems/invalid-query");
        assert_eq!(body["instance"], "/api/v1/alerts");
        assert_eq!(body["status"], 400);
        assert_eq!(body["errors"][0]["parameter"], parameter, "{query}");
        assert_eq!(body["errors"][0]["detail"], detail, "{query}");
        assert_eq!(body["detail"], detail, "{query}");
    };
    check(
        "contry=US",
        "contry",
        "unknown parameter `contry`: did you mean `country`?",
    )
    .await;
    for limit in ["0", "1001", "x", "", "-1"] {
        let text = "`limit` must be a whole number from 1 to 1000";
        check(&format!("limit={limit}"), "limit", text).await;
    }
    check(
        "include=all",
        "include",
        "`include` knows only `total`, not `all`",
    )
    .await;
    check(
        "cursor=garbage",
        "cursor",
        "`cursor` is none of this server's: take it from `next` of the page before",
    )
    .await;
    check(
        "cursor=00000000000000010000000000000002",
        "cursor",
        "`cursor` belongs to another query: keep all other parameters, or leave `cursor` out to begin anew",
    )
    .await;
    let answer = get(&router, "/api/v1/alerts?severity=hihg&q=(&x=1").await;
    let body = answer.json();
    let parameters: Vec<_> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["parameter"])
        .collect();
    assert_eq!(parameters, ["x", "severity", "q"]);
}

#[tokio::test]
async fn one_alert_comes_with_everything_that_explains_it() {
    let router = Fake::with_rows(vec![row(3)]).router();
    let answer = get(&router, "/api/v1/alerts/00000000000000000000000003").await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["revision"], 2);
    let rest = |key: &str| body[key].to_string();
    assert_eq!(
        rest("raw"),
        r#"{"encoding":"utf-8","text":"{\"alertId\":\"x\"}","bytes":15}"#
    );
    assert_eq!(
        rest("mapping"),
        r#"{"id":"alertId","severity":"criticality"}"#
    );
    assert_eq!(
        rest("normalized"),
        r#"{"id":"alert-1795426101-3","source":"api_gateway","severity":"high","description":"Legacy event from Source.API_GATEWAY with criticality 3.","src_ip":"192.168.232.169","dst_ip":"65.228.219.209","created_at":"2026-11-23T09:28:21.382794Z"}"#
    );
    assert_eq!(
        rest("provenance"),
        r#"{"adapter":"seed_a/1","country":{"of":"dst_ip","table":"builtin","description":"some entries","built":"2026-11-01","answer":"US","explanation":"the database knows the address"},"user":{"of":"src_ip","table":"demo","description":"some entries","built":"2026-11-01","answer":"user-ajyyrr","explanation":"the directory has a network that holds the address"},"notes":[{"code":"criticality_outside","text":"the criticality is not 1 to 4 and was taken as low"}]}"#
    );
    assert_eq!(
        rest("enriched"),
        r#"{"encoding":"utf-8","text":"{\"alertId\":\"x\",\"country\":\"Iran\"}","bytes":32}"#
    );
    assert_eq!(
        rest("matches"),
        r#"[{"rule":"threat.list","field":"src_ip","value":"203.0.113.7","list":"known","entry":"203.0.113.0/24","origin":"known.txt"}]"#
    );
    assert_eq!(rest("deliveries"), "[]");
    assert_eq!(
        rest("revisions"),
        r#"[{"revision":1,"replaced_at":"2026-11-23T09:29:00.500000Z","severity":"low","description":"before","raw":{"encoding":"base64","text":"/w==","bytes":1}}]"#
    );
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let router = Fake::new().router();
    let check = async |line: &str, status: u16, kind: &str, detail: &str| {
        let answer = ask(&router, line, &[], "").await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["type"], format!("/problems/{kind}"));
        assert_eq!(answer.json()["detail"], detail);
        answer.header("allow").to_owned()
    };
    check(
        "GET /api/v1/alerts/00000000000000000000000003",
        404,
        "not-found",
        "no alert has the id 00000000000000000000000003; retention may have taken it",
    )
    .await;
    check(
        "GET /api/v1/alerts/x",
        404,
        "not-found",
        "`x` is not an id: 26 characters of Crockford base32 are expected",
    )
    .await;
    let text = "There is no such path; /docs lists those there are";
    check("GET /api/v1/nope", 404, "not-found", text).await;
    check("GET /api", 404, "not-found", text).await;
    let text = "`DELETE` is not possible on this path";
    let allow = check("DELETE /api/v1/alerts", 405, "method-not-allowed", text).await;
    assert_eq!(allow, "GET,HEAD");
}

#[tokio::test]
async fn without_the_store_version_1_is_unavailable() {
    let fake = Fake::new();
    fake.down();
    let router = fake.router();
    for path in [
        "/api/v1/alerts",
        "/api/v1/alerts/00000000000000000000000003",
        "/api/v1/dead-letters",
    ] {
        let answer = get(&router, path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
        let expected = format!(
            r#"{{"type":"/problems/unavailable","title":"The store does not answer","status":503,"detail":"The store does not answer; try again in 5 s","instance":"{path}","retry_after":5}}"#
        );
        assert_eq!(answer.body, expected);
    }
}

#[tokio::test]
async fn the_version_and_every_problem_can_be_read_about() {
    let router = Fake::new().router();
    let expected =
        r#"{"name":"cresset","version":"1.2.3","api":"v1","started":"2026-11-23T09:00:00Z"}"#;
    assert_eq!(get(&router, "/api/v1/version").await.body, expected);
    let page = get(&router, "/problems/conflict").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("<h1>It cannot be done now</h1>"));
    assert_eq!(get(&router, "/problems/nope").await.status, 404);
}

#[tokio::test]
async fn probes_say_whether_the_store_answers() {
    let fake = Fake::new();
    let router = fake.router();
    assert_eq!(get(&router, "/livez").await.body, r#"{"status":"live"}"#);
    let well = r#"{"status":"ready","level":"green","findings":[]}"#;
    assert_eq!(get(&router, "/readyz").await.body, well);
    fake.down();
    assert_eq!(get(&router, "/livez").await.status, 200);
    let answer = get(&router, "/readyz").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    let expected = r#"{"status":"not_ready","level":"red","findings":[],"reason":"The store does not answer; try again in 5 s"}"#;
    assert_eq!(answer.body, expected);
}

/// Only a store that is down takes the service out of service: its page and its intake are needed most when
/// an upstream or a receiver is down. To break it: answer 503 for every red finding.
#[tokio::test]
async fn findings_turn_readyz_yellow_then_red_and_only_strict_takes_it_out_of_service() {
    let fake = Fake::new();
    let router = fake.router();
    for (level, word, strict) in [
        (Level::Yellow, "degraded", 200),
        (Level::Red, "failing", 503),
    ] {
        let found = finding(Watchdog::Source, "mock", level);
        fake.health.lock().unwrap().findings = vec![found];
        for (path, status) in [
            ("/readyz", 200),
            ("/readyz?strict=false", 200),
            ("/readyz?whatever", 200),
            ("/readyz?strict=true", strict),
        ] {
            let answer = get(&router, path).await;
            assert_eq!(answer.status, status, "{path}");
            let body = answer.json();
            assert_eq!(body["status"], word);
            assert_eq!(body["level"], level.as_str());
            let finding = &body["findings"][0];
            assert_eq!(finding["watchdog"], "source");
            assert_eq!(finding["about"], "mock");
            assert_eq!(finding["level"], level.as_str());
            assert_eq!(finding["since"], "2026-11-23T09:00:00Z");
            assert_eq!(finding["remedy"], Watchdog::Source.remedy());
        }
        assert_eq!(get(&router, "/livez").await.body, r#"{"status":"live"}"#);
        assert_eq!(get(&router, "/health").await.status, 200);
    }
}
