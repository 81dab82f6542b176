//! The description and the routes say the same.

use cresset_model::health::{Level, Watchdog};
use serde_json::{Map, Value};

use super::fixture::{Fake, ask, delivery, finding, get, letter, receiver, row, vitals};

/// Routes that are pages or files and not part of the API.
const PAGES: [&str; 4] = [
    "/docs",
    "/docs/assets/{name}",
    "/problems/{kind}",
    "/api/v1",
];

async fn description() -> Value {
    let answer = get(&Fake::new().router(), "/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

#[tokio::test]
async fn every_described_operation_is_a_route() {
    let router = Fake::new().router();
    let description = description().await;
    for (path, operations) in object(&description["paths"]) {
        let path = ["{id}", "{name}", "{source}"]
            .iter()
            .fold(path.clone(), |path, part| path.replace(part, "x"));
        for method in ["get", "post", "put", "delete", "patch"] {
            let line = format!("{} {path}", method.to_uppercase());
            let answer = ask(&router, &line, &[], "").await;
            let described = object(operations).contains_key(method);
            assert_eq!(answer.status != 405, described, "{line}");
            assert!(answer.status != 404 || path.contains("/x"), "{line}");
        }
    }
}

#[tokio::test]
async fn every_route_is_described() {
    let description = description().await;
    let source = include_str!("../router.rs");
    let mut checked = 0;
    let (outside, inside) = source.split_once("fn version_1").unwrap();
    let (inside, after) = inside.split_once("fn operations").unwrap();
    for (prefix, text) in [("", outside), ("/api/v1", inside), ("", after)] {
        for piece in text.split(".route(").skip(1) {
            let path = format!("{prefix}{}", piece.split('"').nth(1).unwrap());
            if !PAGES.contains(&path.as_str()) {
                assert!(object(&description["paths"]).contains_key(&path), "{path}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, object(&description["paths"]).len());
}

#[tokio::test]
async fn the_original_names_are_kept() {
    let description = description().await;
    assert_eq!(description["openapi"], "3.1.0");
    for (path, method, id) in [
        ("/health", "get", "health_check_health_get"),
        ("/sync", "post", "trigger_sync_sync_post"),
        ("/config", "get", "get_config_config_get"),
        ("/config", "post", "update_config_config_post"),
        ("/alerts", "get", "get_alerts_alerts_get"),
    ] {
        assert_eq!(description["paths"][path][method]["operationId"], id);
    }
    for name in [
        "AlertEnriched",
        "ConfigUpdate",
        "HTTPValidationError",
        "ValidationError",
    ] {
        assert!(
            description["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

/// Checks that a value has the keys that its schema requires and no key that the schema does not name.
fn conforms(description: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit_once('/').unwrap().1;
        return conforms(
            description,
            &description["components"]["schemas"][name],
            value,
            at,
        );
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (index, value) in values.iter().enumerate() {
            conforms(description, items, value, &format!("{at}/{index}"));
        }
    }
    let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object())
    else {
        return;
    };
    for key in schema["required"].as_array().into_iter().flatten() {
        assert!(
            object.contains_key(key.as_str().unwrap()),
            "{at} lacks {key}"
        );
    }
    for (key, value) in object {
        let property = properties.get(key);
        assert!(property.is_some(), "{at}/{key} is not described");
        conforms(
            description,
            property.unwrap(),
            value,
            &format!("{at}/{key}"),
        );
    }
}

/// Request, described path, status and body.
const EXCHANGES: [(&str, &str, u16, &str); 48] = [
    ("GET /alerts", "/alerts", 200, ""),
    ("GET /alerts?hours=0", "/alerts", 422, ""),
    ("GET /health", "/health", 200, ""),
    ("GET /config", "/config", 200, ""),
    (
        "POST /config",
        "/config",
        200,
        r#"{"sync_interval_minutes":3}"#,
    ),
    ("POST /config", "/config", 422, "{"),
    ("POST /sync", "/sync", 200, ""),
    (
        "GET /api/v1/alerts?include=total",
        "/api/v1/alerts",
        200,
        "",
    ),
    ("GET /api/v1/alerts?x=1", "/api/v1/alerts", 400, ""),
    (
        "GET /api/v1/alerts/00000000000000000000000001",
        "/api/v1/alerts/{id}",
        200,
        "",
    ),
    ("GET /api/v1/alerts/x", "/api/v1/alerts/{id}", 404, ""),
    ("GET /api/v1/dead-letters", "/api/v1/dead-letters", 200, ""),
    (
        "GET /api/v1/dead-letters/00000000000000000000000003",
        "/api/v1/dead-letters/{id}",
        200,
        "",
    ),
    (
        "POST /api/v1/dead-letters/00000000000000000000000003/redrive",
        "/api/v1/dead-letters/{id}/redrive",
        200,
        "",
    ),
    (
        "POST /api/v1/dead-letters/redrive",
        "/api/v1/dead-letters/redrive",
        200,
        r#"{"filter":{}}"#,
    ),
    (
        "POST /api/v1/dead-letters/redrive",
        "/api/v1/dead-letters/redrive",
        422,
        "{}",
    ),
    (
        "POST /api/v1/events/mock",
        "/api/v1/events/{source}",
        200,
        "{}",
    ),
    (
        "POST /api/v1/events/x",
        "/api/v1/events/{source}",
        404,
        "{}",
    ),
    (
        "GET /api/v1/deliveries?include=total",
        "/api/v1/deliveries",
        200,
        "",
    ),
    (
        "GET /api/v1/deliveries/00000000000000000000000001",
        "/api/v1/deliveries/{id}",
        200,
        "",
    ),
    (
        "POST /api/v1/deliveries/00000000000000000000000001/retry",
        "/api/v1/deliveries/{id}/retry",
        409,
        "",
    ),
    (
        "POST /api/v1/deliveries/retry",
        "/api/v1/deliveries/retry",
        200,
        r#"{"ids":["00000000000000000000000001"]}"#,
    ),
    (
        "POST /api/v1/deliveries/retry",
        "/api/v1/deliveries/retry",
        422,
        "{}",
    ),
    ("GET /api/v1/receivers", "/api/v1/receivers", 200, ""),
    (
        "POST /api/v1/receivers/soc/test",
        "/api/v1/receivers/{name}/test",
        200,
        "",
    ),
    (
        "POST /api/v1/receivers/x/test",
        "/api/v1/receivers/{name}/test",
        404,
        "",
    ),
    (
        "POST /api/v1/config/reload",
        "/api/v1/config/reload",
        200,
        "",
    ),
    ("GET /api/v1/sources", "/api/v1/sources", 200, ""),
    ("GET /api/v1/sources/mock", "/api/v1/sources/{id}", 200, ""),
    (
        "GET /api/v1/sources/mock/attempts",
        "/api/v1/sources/{id}/attempts",
        200,
        "",
    ),
    (
        "POST /api/v1/sources/mock/sync",
        "/api/v1/sources/{id}/sync",
        202,
        "",
    ),
    (
        "GET /api/v1/alerts/facets",
        "/api/v1/alerts/facets",
        200,
        "",
    ),
    (
        "GET /api/v1/alerts/histogram",
        "/api/v1/alerts/histogram",
        200,
        "",
    ),
    (
        "GET /api/v1/alerts/00000000000000000000000001/related",
        "/api/v1/alerts/{id}/related",
        200,
        "",
    ),
    (
        "GET /api/v1/query/complete?q=user:",
        "/api/v1/query/complete",
        200,
        "",
    ),
    (
        "POST /api/v1/sources/mock/pause",
        "/api/v1/sources/{id}/pause",
        202,
        "",
    ),
    (
        "POST /api/v1/sources/mock/resume",
        "/api/v1/sources/{id}/resume",
        202,
        "",
    ),
    (
        "POST /api/v1/sources/mock/rewind",
        "/api/v1/sources/{id}/rewind",
        202,
        r#"{"to":"2026-11-23T09:00:00Z"}"#,
    ),
    (
        "POST /api/v1/sources/mock/rewind",
        "/api/v1/sources/{id}/rewind",
        422,
        "{}",
    ),
    (
        "GET /api/v1/sources/mock/chaos",
        "/api/v1/sources/{id}/chaos",
        200,
        "",
    ),
    (
        "POST /api/v1/sources/mock/chaos",
        "/api/v1/sources/{id}/chaos",
        200,
        r#"{"malformed":0.5}"#,
    ),
    ("GET /api/v1/version", "/api/v1/version", 200, ""),
    (
        "GET /api/v1/dead-letters/reasons",
        "/api/v1/dead-letters/reasons",
        200,
        "",
    ),
    (
        "GET /api/v1/dead-letters/export",
        "/api/v1/dead-letters/export",
        200,
        "",
    ),
    ("GET /readyz?strict=true", "/readyz", 503, ""),
    ("GET /readyz?strict=1", "/readyz", 400, ""),
    ("GET /livez", "/livez", 200, ""),
    ("GET /readyz", "/readyz", 200, ""),
];

#[tokio::test]
async fn real_answers_carry_the_described_keys() {
    let description = description().await;
    let fake = Fake::with_rows(vec![row(2), row(1)]);
    *fake.letters.lock().unwrap() = vec![letter(3)];
    let mut told = delivery(1);
    told.alerts = vec![cresset_model::AlertId(1)];
    *fake.told.deliveries.lock().unwrap() = vec![told];
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    fake.health.lock().unwrap().findings = vec![finding(Watchdog::Disk, "store", Level::Red)];
    fake.health.lock().unwrap().vitals = Some(vitals());
    let router = fake.router();
    let json = ["content-type: application/json"];
    for (line, path, status, body) in EXCHANGES {
        let answer = ask(&router, line, &json, body).await;
        assert_eq!(answer.status, status, "{line}: {}", answer.body);
        let method = line.split_once(' ').unwrap().0.to_lowercase();
        let response = &description["paths"][path][&method]["responses"][status.to_string()];
        let media = answer.header("content-type");
        let schema = &response["content"][media]["schema"];
        assert!(
            schema.is_object(),
            "{line}: {status} {media} is not described"
        );
        conforms(&description, schema, &answer.json(), line);
    }
}
