//! What every answer carries, and who is let in.

use std::sync::atomic::Ordering;

use super::fixture::{Answer, Fake, ask, get};
use crate::Access;

fn secured(answer: &Answer, line: &str) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{line}");
    assert!(policy.contains("frame-ancestors 'none'"), "{line}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{line}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{line}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{line}");
    assert!(
        answer.header("permissions-policy").contains("camera=()"),
        "{line}"
    );
    for name in answer.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"), "{line}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let fake = Fake::new();
    let router = fake.router();
    for line in [
        "GET /",
        "GET /alerts",
        "GET /alerts/",
        "GET /alerts?hours=x",
        "GET /health",
        "POST /sync",
        "OPTIONS /sync",
        "GET /api/v1/alerts",
        "GET /api/v1/nope",
        "GET /nope",
        "GET /docs",
        "GET /docs/assets/swagger-ui.css",
        "GET /ui/",
        "GET /ui/sources",
        "GET /ui/parts/banners",
        "GET /ui/assets/x/ui.css",
        "GET /ui/assets/x/..%2f..%2fCargo.toml",
        "GET /metrics",
        "POST /ui/sync",
    ] {
        secured(
            &ask(&router, line, &["origin: http://127.0.0.1:8000"], "").await,
            line,
        );
    }
    let foreign = ask(&router, "GET /health", &["host: evil.example"], "").await;
    secured(&foreign, "foreign host");
    fake.panics.store(true, Ordering::Relaxed);
    secured(&get(&router, "/alerts").await, "panic");
}

#[tokio::test]
async fn a_foreign_host_is_misdirected() {
    let fake = Fake::new();
    let router = fake.router();
    let answer = ask(&router, "GET /alerts", &["host: evil.example:8000"], "").await;
    assert_eq!(answer.status, 421);
    let expected = r#"{"detail":"This server does not answer for the host `evil.example:8000`; use localhost or 127.0.0.1, or list the name under server.hosts"}"#;
    assert_eq!(answer.body, expected);
    let answer = ask(&router, "GET /api/v1/alerts", &["host: evil.example"], "").await;
    assert_eq!(answer.json()["type"], "/problems/misdirected");
    for host in ["localhost:1", "127.0.0.1", "[::1]:8501"] {
        let header = format!("host: {host}");
        assert_eq!(
            ask(&router, "GET /health", &[&header], "").await.status,
            200
        );
    }
    let open = Access {
        open: true,
        hosts: vec!["ingestor".to_owned()],
    };
    let router = fake.router_with(open);
    assert_eq!(
        ask(&router, "GET /health", &["host: ingestor:8000"], "")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(&router, "GET /health", &["host: other:8000"], "")
            .await
            .status,
        421
    );
}

#[tokio::test]
async fn a_foreign_page_starts_nothing() {
    let fake = Fake::new();
    let router = fake.router();
    for line in [
        "POST /sync",
        "POST /ui/sync",
        "POST /config",
        "POST /api/v1/sources/mock/sync",
    ] {
        for header in [
            "origin: http://evil.example",
            "origin: null",
            "sec-fetch-site: cross-site",
        ] {
            let answer = ask(&router, line, &[header], "").await;
            assert_eq!(answer.status, 403, "{line} {header}");
            assert!(
                answer.body.contains("must not change anything here"),
                "{}",
                answer.body
            );
        }
    }
    assert_eq!(fake.syncs.load(Ordering::Relaxed), 0);
    let own = [
        "origin: http://127.0.0.1:8000",
        "sec-fetch-site: same-origin",
    ];
    assert_eq!(ask(&router, "POST /sync", &own, "").await.status, 200);
    assert_eq!(ask(&router, "POST /sync", &[], "").await.status, 200);
}

#[tokio::test]
async fn no_panic_and_no_internals_reach_a_client() {
    let fake = Fake::new();
    fake.panics.store(true, Ordering::Relaxed);
    let router = fake.router();
    let answer = get(&router, "/alerts").await;
    assert_eq!(answer.status, 500);
    let expected = r#"{"detail":"Internal error; the log names the cause under id 6a22b7b0-0"}"#;
    let id = |text: &str| text.rsplit_once("id ").unwrap().0.to_owned();
    assert_eq!(id(&answer.body), id(expected));
    let answer = get(&router, "/api/v1/alerts").await;
    assert_eq!(answer.json()["type"], "/problems/internal");
    assert!(!answer.body.contains("fake"));
    let fake = Fake::new();
    fake.down();
    let router = fake.router();
    for path in [
        "/alerts",
        "/health",
        "/readyz",
        "/",
        "/api/v1/alerts",
        "/metrics",
    ] {
        assert!(
            !get(&router, path).await.body.contains("secret/path"),
            "{path}"
        );
    }
}
