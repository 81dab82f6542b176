//! The page, its fragments, its buttons and its files.

use std::sync::atomic::Ordering;

use cresset_model::Severity;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::SyncRefused;
use cresset_model::source::{RetryState, SyncStatus};

use super::fixture::{Fake, ask, at, delivery, get, receiver, row};
use crate::Access;

#[tokio::test]
async fn the_page_shows_health_counts_and_alerts() {
    let fake = Fake::with_rows(vec![row(2), row(1)]);
    fake.rows.lock().unwrap()[0].severity = Severity::Critical;
    fake.source(|source| {
        source.last_sync = Some(at("2026-11-23T09:29:18Z"));
        source.last_success = Some(at("2026-11-23T09:24:00Z"));
        source.bookmark = Some(at("2026-11-23T09:28:44Z"));
        source.next_sync = Some(at("2026-11-23T09:59:18Z"));
    });
    let answer = get(&fake.router(), "/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    for part in [
        r#"<span class="pill ok">Healthy</span>"#,
        r#"<span class="pill ok">Connected</span>"#,
        "42 s ago",
        "6 min ago",
        "2026-11-23 09:28:44</time>",
        "UTC, 1 min behind now",
        "in 29 min",
        r#"name="minutes" type="number" min="1" max="10080" required value="30""#,
        "Sync now",
        r#"<p class="number">2</p>"#,
        r#"<p class="number critical">1</p>"#,
        r#"<tr class="critical">"#,
        r#"<span class="tag critical">! critical</span>"#,
        r#"<span class="tag high">high</span>"#,
        "alert-1795426101-2",
        r#"<dt class="mono">api_gateway</dt>"#,
    ] {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
    assert!(!answer.body.contains("is open"));
    assert!(!answer.body.contains("<script>") && !answer.body.contains("style="));
    assert!(!answer.body.contains("//cdn") && !answer.body.contains("https://"));
}

#[tokio::test]
async fn the_page_shows_whom_it_told_and_what_is_not_known() {
    let mut event = row(1);
    event.title = Some("Malicious IP detected".to_owned());
    event.description = "login <b>".to_owned();
    (event.dst_ip, event.country) = (None, None);
    let fake = Fake::with_rows(vec![event]);
    let router = fake.router();
    let page = get(&router, "/").await.body;
    assert!(!page.contains("Notifications"));
    for part in [
        "<b>Malicious IP detected</b> · login &lt;b&gt;",
        r#"<td class="mono" data-name="To">–</td>"#,
        r#"<td data-name="Country">–</td>"#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    let page = get(&router, "/ui/live").await.body;
    assert!(page.contains("Nobody has been told anything yet."));
    let mut deliveries: Vec<_> = (1..=6).rev().map(delivery).collect();
    deliveries[0].state = DeliveryState::Dead;
    deliveries[0].subject = "<script>".to_owned();
    deliveries[0].attempts.truncate(1);
    *fake.told.deliveries.lock().unwrap() = deliveries;
    let page = get(&router, "/ui/live").await.body;
    for part in [
        r#"<span class="pill err">dead</span>"#,
        r#"<span class="pill ok">sent</span>"#,
        "&lt;script&gt;",
        "1 attempt,",
        "2 attempts,",
        "HTTP 500",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(page.matches("<li>").count(), 5);
}

#[tokio::test]
async fn banners_say_what_is_wrong() {
    let fake = Fake::new();
    fake.source(|source| {
        source.status = SyncStatus::Retrying;
        source.last_error = Some("500 <b>\nfrom upstream".to_owned());
        source.retry = Some(RetryState {
            attempt: 2,
            attempts_max: 3,
            next_at: at("2026-11-23T09:30:02Z"),
        });
    });
    let open = Access {
        open: true,
        hosts: vec![],
    };
    let page = get(&fake.router_with(open), "/ui/live").await.body;
    for part in [
        "attempt 2 of 3 failed, next in 2 s",
        "500 &lt;b&gt;<br>from upstream",
        r#"<span class="pill warn">Retrying</span>"#,
        "This server is open",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    fake.down();
    let page = get(&fake.router(), "/").await;
    assert_eq!(page.status, 200);
    for part in [
        "Disconnected",
        "System failure",
        "The alerts cannot be read.",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
}

#[tokio::test]
async fn an_empty_page_says_what_to_do() {
    let router = Fake::new().router();
    assert!(
        get(&router, "/")
            .await
            .body
            .contains("Press <b>Sync now</b>")
    );
    let narrowed = get(&router, "/?severity=high&country=us&hours=6")
        .await
        .body;
    assert!(narrowed.contains("No alert matches"));
    assert!(narrowed.contains(r#"<option value="6" selected>"#));
    assert!(narrowed.contains("/ui/live?hours=6&amp;severity=high&amp;country=US&amp;user="));
}

#[tokio::test]
async fn hostile_texts_are_shown_and_not_obeyed() {
    let mut bad = row(1);
    bad.description = "<script>alert(1)</script>\u{202e}\u{0}\" onload=x".to_owned();
    bad.user = Some("<img src=x onerror=alert(1)>".to_owned());
    bad.upstream_id = "'\"><svg>".to_owned();
    let router = Fake::with_rows(vec![bad]).router();
    let page = get(
        &router,
        "/?user=%22%3E%3Cscript%3Ealert(2)%3C/script%3E&notice=%3Cscript%3E",
    )
    .await
    .body;
    assert!(!page.contains("<script>") && !page.contains("</script>\u{202e}"));
    let page = get(&router, "/").await.body;
    for part in [
        "&lt;script&gt;alert(1)",
        "U+202E</span>",
        "U+0000</span>",
        "&quot; onload=x",
        "&lt;img src=x",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains('\u{202e}') && !page.contains("<img src=x") && !page.contains("<svg>"));
}

#[tokio::test]
async fn unchanged_alerts_are_not_drawn_again() {
    let fake = Fake::with_rows(vec![row(1)]);
    let router = fake.router();
    let body = get(&router, "/ui/alerts").await.body;
    let seen = body
        .split_once("seen=")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0
        .to_owned();
    let again = get(&router, &format!("/ui/alerts?seen={seen}")).await;
    assert_eq!((again.status, again.body.as_str()), (204, ""));
    fake.rows.lock().unwrap().insert(0, row(2));
    assert_eq!(
        get(&router, &format!("/ui/alerts?seen={seen}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn buttons_work_with_and_without_script() {
    let fake = Fake::new();
    let router = fake.router();
    let own = "origin: http://127.0.0.1:8000";
    let plain = ask(&router, "POST /ui/sync", &[own], "").await;
    assert_eq!(
        (plain.status, plain.header("location")),
        (303, "/?notice=started")
    );
    let live = ask(
        &router,
        "POST /ui/sync",
        &[own, "hx-request: true"],
        "hours=6",
    )
    .await;
    assert_eq!(live.status, 200);
    assert!(
        live.body
            .starts_with(r#"<div id="live" hx-get="/ui/live?hours=6&amp;"#)
    );
    assert!(live.body.contains("Sync started."));
    *fake.refused.lock().unwrap() = Some(SyncRefused::Busy(SyncStatus::Syncing));
    let busy = ask(&router, "POST /ui/sync", &[], "").await;
    assert_eq!(busy.header("location"), "/?notice=busy");
    assert!(
        get(&router, "/?notice=busy")
            .await
            .body
            .contains("A sync is under way already.")
    );
    for (body, word, minutes) in [
        ("minutes=5", "applied", 5),
        ("minutes=0", "wrong-interval", 5),
        ("minutes=10081", "wrong-interval", 5),
        ("minutes=10080", "applied", 10_080),
        ("minutes=x", "wrong-interval", 10_080),
        ("", "wrong-interval", 10_080),
    ] {
        let answer = ask(&router, "POST /ui/interval", &[own], body).await;
        assert_eq!(
            answer.header("location"),
            format!("/?notice={word}"),
            "{body}"
        );
        assert_eq!(fake.interval.load(Ordering::Relaxed), minutes);
    }
    assert_eq!(get(&router, "/ui/sync").await.status, 405);
}

#[tokio::test]
async fn files_are_sent_packed_or_whole() {
    let router = Fake::new().router();
    for (path, start) in [
        ("/assets/htmx.min.js", "var htmx="),
        (
            "/docs/assets/swagger-ui-bundle.js",
            "/*! For license information",
        ),
        ("/docs/assets/swagger-ui.css", ".swagger-ui"),
    ] {
        let whole = get(&router, path).await;
        assert_eq!((whole.status, whole.header("content-encoding")), (200, ""));
        assert!(
            whole.body.starts_with(start),
            "{path}: {}",
            &whole.body[..40]
        );
        let packed = ask(
            &router,
            &format!("GET {path}"),
            &["accept-encoding: gzip, br"],
            "",
        )
        .await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert!(packed.body.len() < whole.body.len());
        assert_eq!(packed.header("vary"), "accept-encoding");
    }
    for path in [
        "/assets/app.css",
        "/assets/app.js",
        "/assets/icon.svg",
        "/assets/htmx.LICENSE.txt",
        "/docs/assets/start.js",
        "/docs/assets/LICENSE.txt",
    ] {
        assert_eq!(get(&router, path).await.status, 200, "{path}");
    }
    for path in [
        "/assets/x",
        "/assets/..%2fCargo.toml",
        "/docs/assets/",
        "/assets/",
    ] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
}
