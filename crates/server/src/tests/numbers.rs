//! Facets, histogram, related alerts, completion.

use cresset_model::Severity;

use super::fixture::{Fake, at, get, row};

fn fake() -> std::sync::Arc<Fake> {
    let (mut low, mut other, mut third) = (row(2), row(1), row(3));
    low.severity = Severity::Low;
    low.country = Some("CH".to_owned());
    other.ingested_at = at("2026-11-23T08:59:59Z");
    other.user = None;
    other.dst_ip = None;
    third.title = Some("High severity detected".to_owned());
    Fake::with_rows(vec![third, low, other])
}

#[tokio::test]
async fn facets_count_under_the_other_terms() {
    let router = fake().router();
    let path =
        "/api/v1/alerts/facets?fields=country,severity&country=US,RU&severity=%3E%3Dhigh&top=1";
    let answer = get(&router, path).await;
    let items = &answer.json()["items"];
    let country = r#"{"value":"US","count":2,"choice":"included"},{"value":"RU","count":0,"choice":"included"}"#;
    let expected =
        format!(r#"{{"field":"country","values":[{country}],"distinct":1,"exact":true}}"#);
    assert_eq!(items[0].to_string(), expected);
    assert_eq!(items[1]["values"].as_array().unwrap().len(), 6);
    assert_eq!(items[1]["values"][1]["value"], "high");
    assert_eq!(items[1]["values"][1]["count"], 2);
    let all = get(&router, "/api/v1/alerts/facets").await;
    let fields: Vec<_> = all.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|facet| facet["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        fields,
        [
            "severity", "source", "country", "user", "threat", "pipeline"
        ]
    );
}

#[tokio::test]
async fn a_histogram_reaches_over_the_bounds_of_the_filter() {
    let router = fake().router();
    let path =
        "/api/v1/alerts/histogram?from=2026-11-23T08:30:00Z&to=2026-11-23T09:29:59Z&buckets=2";
    let answer = get(&router, path).await.json();
    assert_eq!(
        (&answer["width_seconds"], &answer["exact"]),
        (&1_800.into(), &true.into())
    );
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["from"], "2026-11-23T08:30:00Z");
    assert_eq!(items[0]["total"], 1);
    assert_eq!(items[1]["to"], "2026-11-23T09:30:00Z");
    assert_eq!(
        items[1]["severities"].to_string(),
        r#"{"critical":0,"high":1,"medium":0,"low":1,"info":0,"unknown":0}"#
    );
    let day = get(&router, "/api/v1/alerts/histogram?by=created_at")
        .await
        .json();
    assert_eq!(day["field"], "created_at");
    assert!(day["items"].as_array().unwrap().len() <= 60);
}

#[tokio::test]
async fn related_alerts_come_with_the_query_that_finds_them() {
    let router = fake().router();
    let path = "/api/v1/alerts/00000000000000000000000002/related?limit=1";
    let items = get(&router, path).await.json()["items"].clone();
    let queries: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["query"].as_str().unwrap().to_owned(),
                item["total"]["value"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        queries,
        [
            ("dst_ip:65.228.219.209".to_owned(), Some(1)),
            ("src_ip:192.168.232.169".to_owned(), Some(2)),
            ("user:user-ajyyrr".to_owned(), Some(1)),
        ]
    );
    assert_eq!(items[1]["newest"].as_array().unwrap().len(), 1);
    assert_eq!(items[1]["newest"][0]["id"], "00000000000000000000000003");
    for (path, status) in [
        ("/api/v1/alerts/00000000000000000000000009/related", 404),
        ("/api/v1/alerts/x/related", 404),
        (
            "/api/v1/alerts/00000000000000000000000002/related?limit=51",
            400,
        ),
        ("/api/v1/alerts/00000000000000000000000002/related?x=1", 400),
    ] {
        assert_eq!(get(&router, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_query_is_completed_by_fields_and_by_values() {
    let router = fake().router();
    let fields = get(&router, "/api/v1/query/complete?q=user:ann%20th").await;
    assert_eq!(
        fields.body,
        r#"{"from":9,"items":[{"text":"threat:","hint":"what a detection says","count":null}]}"#
    );
    let values = get(&router, "/api/v1/query/complete?q=threat:hi").await;
    assert_eq!(
        values.body,
        r#"{"from":7,"items":[{"text":"\"High severity detected\"","hint":null,"count":1}]}"#
    );
    assert_eq!(
        get(&router, "/api/v1/query/complete?query=x").await.status,
        400
    );
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let router = fake().router();
    for (path, parameter, said) in [
        (
            "facets?fields=colour",
            "fields",
            "no facet `colour`: severity, source",
        ),
        ("facets?top=0", "top", "from 1 to 1000"),
        ("facets?limit=3", "limit", "unknown parameter `limit`"),
        ("histogram?buckets=1", "buckets", "from 2 to 500"),
        (
            "histogram?by=now",
            "by",
            "ingested_at, created_at or updated_at",
        ),
        ("histogram?from=x", "from", "is not a time"),
        ("export?format=xlsx", "format", "csv or ndjson"),
        ("export?cursor=x", "cursor", "unknown parameter"),
    ] {
        let answer = get(&router, &format!("/api/v1/alerts/{path}")).await;
        assert_eq!(answer.status, 400, "{path}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["parameter"], parameter, "{path}");
        assert!(error["detail"].as_str().unwrap().contains(said), "{error}");
    }
    let down = fake();
    down.down();
    let router = down.router();
    for path in [
        "/api/v1/alerts/facets",
        "/api/v1/alerts/histogram",
        "/api/v1/alerts/export",
        "/api/v1/alerts/00000000000000000000000002/related",
        "/api/v1/query/complete?q=user:",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(!answer.body.contains("secret"), "{path}");
    }
}
