//! The pages, their parts, their buttons and their files.

use std::sync::atomic::Ordering;

use cresset_model::Severity;
use cresset_model::ports::SyncRefused;
use cresset_model::source::{RetryState, SyncStatus};

use super::fixture::{Answer, Fake, ask, at, get, row};
use crate::Access;

const OWN: &str = "origin: http://127.0.0.1:8000";

pub(super) fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} in {page}");
    }
}

/// What no page may hold: inline script or style, or an address of another host.
pub(super) fn is_clean(page: &str) {
    for part in [
        "<script>",
        " style=",
        " onclick=",
        "javascript:",
        "https://",
        "<style",
    ] {
        assert!(!page.contains(part), "{part} in {page}");
    }
    assert_eq!(page.matches("http://").count(), 0, "{page}");
}

#[tokio::test]
async fn the_root_leads_to_the_pages_with_what_was_chosen() {
    let router = Fake::new().router();
    let answer = get(&router, "/?hours=6").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, "/ui/?hours=6")
    );
    assert_eq!(get(&router, "/ui").await.header("location"), "/ui/");
}

#[tokio::test]
async fn the_overview_shows_health_and_numbers() {
    let fake = Fake::with_rows(vec![row(2), row(1)]);
    fake.rows.lock().unwrap()[0].severity = Severity::Critical;
    fake.source(|source| {
        source.last_sync = Some(at("2026-11-23T09:29:18Z"));
        source.last_success = Some(at("2026-11-23T09:24:00Z"));
        source.bookmark = Some(at("2026-11-23T09:28:44Z"));
    });
    let answer = get(&fake.router(), "/ui/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("vary"), "HX-Request");
    assert_eq!(answer.header("cache-control"), "no-store");
    holds(
        &answer.body,
        &[
            r#"<span class="pill ok"><i></i>Success</span>"#,
            r#"<span class="pill ok"><i></i>Connected</span>"#,
            "42 s ago",
            "6 min ago",
            ">09:28:44 UTC</time>",
            "1 min</span> behind now",
            r#"name="minutes" type="number" min="1" max="10080" required value="30""#,
            "Trigger sync now",
        ],
    );
    is_clean(&answer.body);
}

#[tokio::test]
async fn the_script_gets_the_changing_part_only() {
    let router = Fake::new().router();
    for path in ["/ui/", "/ui/sources"] {
        let part = ask(&router, &format!("GET {path}"), &["hx-request: true"], "").await;
        assert!(part.body.starts_with("<title>"), "{}", part.body);
        assert!(
            !part.body.contains("<html") && part.body.contains(r#"<div class="main" id="main">"#)
        );
        let restored = ["hx-request: true", "hx-history-restore-request: true"];
        let whole = ask(&router, &format!("GET {path}"), &restored, "").await;
        assert!(whole.body.starts_with("<!DOCTYPE html>"));
    }
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
    for path in ["/ui/", "/ui/sources", "/ui/parts/banners"] {
        let page = get(&fake.router_with(open.clone()), path).await.body;
        holds(
            &page,
            &[
                "Retrying (Transient Error)",
                "attempt 2 of 3 failed, next in",
                ">2 s</time>",
                "500 &lt;b&gt;",
                "Everybody who reaches this server",
            ],
        );
    }
    fake.source(|source| {
        source.status = SyncStatus::Failed;
        source.retry = None;
    });
    let failed = get(&fake.router(), "/ui/").await.body;
    holds(
        &failed,
        &[
            "Sync failed",
            "500 &lt;b&gt;<br>from upstream",
            "data-copy=\"500 &lt;b&gt;\nfrom upstream\"",
            r#"class="banner error" role="alert""#,
        ],
    );
    fake.down();
    let down = get(&fake.router(), "/ui/").await;
    assert_eq!(down.status, 200);
    holds(
        &down.body,
        &[
            "Database disconnected",
            "Disconnected</span>",
            "System failure",
            "The store does not answer",
        ],
    );
    assert!(!down.body.contains("secret"));
}

#[tokio::test]
async fn hostile_texts_are_shown_and_not_obeyed() {
    let mut bad = row(1);
    bad.description = "<script>alert(1)</script>\u{202e}\u{0}\" onload=x".to_owned();
    bad.severity = Severity::High;
    bad.source = "'\"><svg>".to_owned();
    let router = Fake::with_rows(vec![bad]).router();
    let page = get(
        &router,
        "/ui/?user=%22%3E%3Cscript%3Ealert(2)%3C/script%3E&notice=%3Cscript%3E&from=%3Cb%3E",
    )
    .await
    .body;
    assert!(!page.contains("<script>") && !page.contains("<b>\""));
    let page = get(&router, "/ui/").await.body;
    holds(
        &page,
        &[
            "&lt;script&gt;alert(1)",
            "U+202E</span>",
            "U+0000</span>",
            "&quot; onload=x",
        ],
    );
    assert!(!page.contains('\u{202e}') && !page.contains("\"><svg>"));
}

#[tokio::test]
async fn buttons_lead_back_and_say_what_came_of_it() {
    let fake = Fake::new();
    let router = fake.router();
    let plain = ask(&router, "POST /ui/sync", &[OWN], "").await;
    assert_eq!(
        (plain.status, plain.header("location")),
        (303, "/ui/?notice=started")
    );
    let from = [
        "hx-request: true",
        "hx-current-url: http://127.0.0.1:8000/ui/sources?a=1&notice=busy",
        OWN,
    ];
    let scripted = ask(&router, "POST /ui/sync", &from, "").await;
    assert_eq!(
        scripted.header("location"),
        "/ui/sources?a=1&notice=started"
    );
    let foreign = ["referer: http://127.0.0.1:8000/docs", OWN];
    assert_eq!(
        ask(&router, "POST /ui/sync", &foreign, "")
            .await
            .header("location"),
        "/ui/?notice=started"
    );
    *fake.refused.lock().unwrap() = Some(SyncRefused::Busy(SyncStatus::Syncing));
    let busy = ask(&router, "POST /ui/sources/mock/sync", &[], "").await;
    assert_eq!(busy.header("location"), "/ui/sources?notice=busy");
    holds(
        &get(&router, "/ui/?notice=busy").await.body,
        &["A sync is under way already"],
    );
    for (body, word, minutes) in [
        ("minutes=5", "applied", 5),
        ("minutes=0", "wrong-interval", 5),
        ("minutes=10081", "wrong-interval", 5),
        ("minutes=10080", "applied", 10_080),
        ("minutes=x", "wrong-interval", 10_080),
        ("", "wrong-interval", 10_080),
    ] {
        let answer: Answer = ask(&router, "POST /ui/interval", &[OWN], body).await;
        assert_eq!(
            answer.header("location"),
            format!("/ui/?notice={word}"),
            "{body}"
        );
        assert_eq!(fake.interval.load(Ordering::Relaxed), minutes);
    }
    assert_eq!(get(&router, "/ui/sync").await.status, 405);
}

#[tokio::test]
async fn a_theme_is_kept_and_leads_back_to_a_page_only() {
    let router = Fake::new().router();
    let chosen = ask(
        &router,
        "POST /ui/theme",
        &[OWN],
        "theme=dark&back=/ui/sources",
    )
    .await;
    assert_eq!(chosen.header("location"), "/ui/sources");
    assert_eq!(
        chosen.header("set-cookie"),
        "theme=dark; Path=/; Max-Age=31536000; SameSite=Strict"
    );
    for body in [
        "theme=pink&back=//evil.example/ui/",
        "back=https://evil.example",
    ] {
        let answer = ask(&router, "POST /ui/theme", &[OWN], body).await;
        assert_eq!(
            (answer.header("location"), answer.header("set-cookie")),
            ("/ui/", "")
        );
    }
    let dark = ask(&router, "GET /ui/", &["cookie: a=b; theme=dark"], "")
        .await
        .body;
    holds(&dark, &[r#"<html lang="en" data-theme="dark">"#]);
    holds(&get(&router, "/ui/").await.body, &[r#"<html lang="en">"#]);
}

#[tokio::test]
async fn files_are_sent_packed_or_whole_and_kept_for_good() {
    let router = Fake::new().router();
    let page = get(&router, "/ui/").await.body;
    let base = page
        .split_once("/ui/assets/")
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0
        .to_owned();
    for name in ["app.js", "htmx.js", "ui.css", "world.svg"] {
        let path = format!("/ui/assets/{base}/{name}");
        let whole = get(&router, &path).await;
        assert_eq!((whole.status, whole.header("content-encoding")), (200, ""));
        assert_eq!(
            whole.header("cache-control"),
            "public, max-age=31536000, immutable"
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
    let font = ask(
        &router,
        &format!("GET /ui/assets/{base}/inter.woff2"),
        &["accept-encoding: gzip"],
        "",
    )
    .await;
    assert_eq!((font.status, font.header("content-encoding")), (200, ""));
    let other = get(&router, "/ui/assets/0000/ui.css").await;
    assert_eq!(
        (other.status, other.header("cache-control")),
        (200, "no-cache")
    );
    for path in [
        "/ui/assets/x/y",
        "/ui/assets/x/..%2fCargo.toml",
        "/ui/assets/x/",
        "/assets/app.css",
    ] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
}
