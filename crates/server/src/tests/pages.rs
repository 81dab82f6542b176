//! The pages, their parts, their buttons and their files.

use std::sync::atomic::Ordering;

use cresset_model::Severity;
use cresset_model::health::{Level, Watchdog};
use cresset_model::ports::{CommandRefused, SyncRefused};
use cresset_model::source::{RetryState, SyncStatus};

use super::fixture::{Answer, Fake, NOW, ask, at, finding, get, row};
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
        "<style",
        "=\"http",
        "=\"//",
        "url(",
    ] {
        // What is shown on hover is text.
        let page = page.replace("title=\"http", "");
        assert!(!page.contains(part), "{part} in {page}");
    }
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
async fn the_strip_of_health_says_what_the_watchdogs_find_and_obeys_nothing_of_it() {
    let fake = Fake::new();
    let well = get(&fake.router(), "/ui/").await.body;
    assert!(!well.contains("Watchdogs"));
    fake.health.lock().unwrap().findings = vec![
        finding(Watchdog::Outbox, "soc/0", Level::Red),
        finding(Watchdog::Source, "mock", Level::Yellow),
    ];
    let page = get(&fake.router(), "/ui/").await.body;
    holds(
        &page,
        &[
            "<dt>Watchdogs</dt>",
            "red</span>",
            "yellow</span>",
            "soc/0",
            "&lt;b&gt;HTTP 503&lt;/b&gt;",
            ">30 min ago</time>",
            "What to do: ",
        ],
    );
    is_clean(&page);
    fake.health.lock().unwrap().findings =
        vec![finding(Watchdog::Source, "mock", Level::Yellow); 7];
    let many = get(&fake.router(), "/ui/").await.body;
    holds(&many, &["2 more in <a"]);
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

#[tokio::test]
async fn numbers_lists_and_charts_follow_the_filters() {
    let mut rows: Vec<_> = (1..=30).rev().map(row).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        row.severity = [Severity::Critical, Severity::High, Severity::Low][index % 3];
        row.country = Some(["US", "RU"][index % 2].to_owned());
        row.source = ["waf", "firewall"][index % 2].to_owned();
        row.ingested_at = at(["2026-11-23T09:10:00Z", "2026-11-23T04:00:00Z"][index / 15]);
    }
    let router = Fake::with_rows(rows).router();
    let tile = |page: &str| {
        let begin = page.split_once(r#"<b class="num">"#).unwrap().1;
        begin.split_once('<').unwrap().0.to_owned()
    };
    for (query, count) in [
        ("", "30"),
        ("from=-1h", "15"),
        ("hours=6", "30"),
        ("country=RU", "15"),
        ("country=RU&severity=critical", "5"),
        ("severity=%3E%3Dhigh&from=-1h", "10"),
        ("from=2026-11-23T03:00:00Z&to=2026-11-23T05:00:00Z", "15"),
        ("user=user-ajyyrr&q=source:waf", "15"),
    ] {
        let page = get(&router, &format!("/ui/?{query}")).await.body;
        assert_eq!(tile(&page), count, "{query}");
        is_clean(&page);
    }
    let page = get(&router, "/ui/?country=RU").await.body;
    holds(
        &page,
        &[
            "world.svg#RU",
            "/ui/alerts?country=RU&amp;source=firewall&amp;from=-24h",
            "Clear filters",
            "Russia: 15 alerts",
        ],
    );
    assert!(!page.contains("world.svg#US") && !page.contains(">waf<"));
}

#[tokio::test]
async fn emptiness_says_why_and_what_to_do() {
    let empty = get(&Fake::new().router(), "/ui/").await.body;
    holds(
        &empty,
        &[
            "No alerts found in database.",
            "Nothing has been stored yet",
            "Trigger sync now",
        ],
    );
    let narrowed = Fake::with_rows(vec![row(1)]).router();
    let page = get(&narrowed, "/ui/?country=DE&from=-1h").await.body;
    holds(
        &page,
        &[
            "No alerts match",
            "1 alert is stored",
            "Clear filters",
            "/ui/?country=DE&amp;from=-6h",
            "Widen to 6 h",
        ],
    );
}

#[tokio::test]
async fn where_nothing_is_polled_nothing_can_be_synced() {
    let fake = Fake::new();
    fake.source(|source| source.kind = "push");
    let router = fake.router();
    for path in ["/ui/", "/ui/alerts", "/ui/sources"] {
        let page = get(&router, path).await.body;
        assert!(!page.contains("Trigger sync now"), "{path}");
        assert!(!page.contains("/ui/interval"), "{path}");
    }
    let overview = get(&router, "/ui/").await.body;
    holds(&overview, &["no source is polled", "Open sources"]);
    let sources = get(&router, "/ui/sources").await.body;
    holds(&sources, &[r#"data-copy-push="/api/v1/events/"#]);
}

#[tokio::test]
async fn a_query_that_cannot_be_understood_is_named() {
    let router = Fake::with_rows(vec![row(1)]).router();
    let page = get(&router, "/ui/?severity=hgih&from=-1h").await.body;
    holds(
        &page,
        &[
            "unknown severity",
            "did you mean",
            r#"<option value="hgih" selected>"#,
        ],
    );
}

#[tokio::test]
async fn a_form_gets_its_address_written_short() {
    let router = Fake::new().router();
    let request = ["hx-request: true"];
    let wordy = ask(
        &router,
        "GET /ui/?severity=&country=US&hours=7",
        &request,
        "",
    )
    .await;
    assert_eq!(wordy.header("hx-push-url"), "/ui/?country=US&from=-7h");
    let short = ask(&router, "GET /ui/?country=US&from=-7h", &request, "").await;
    assert_eq!(short.header("hx-push-url"), "");
}

/// Path, body, the word of the answer, and what the port was asked.
const COMMANDS: [(&str, &str, &str, &str); 7] = [
    ("pause", "", "paused-now", "pause mock"),
    ("resume", "", "resumed", "resume mock"),
    (
        "rewind",
        "confirm=mock&to=2026-11-23T09:00",
        "rewound",
        "rewind mock 2026-11-23T09:00:00Z",
    ),
    (
        "rewind",
        "confirm=mok&to=2026-11-23T09:00",
        "not-confirmed",
        "",
    ),
    ("rewind", "confirm=mock&to=yesterday", "wrong-time", ""),
    (
        "chaos",
        "failure_rate=0.95&delay=3.5&malformed=5",
        "applied",
        "set_chaos mock Some(Dials { failure_rate: Some(0.95), delay: Some(3.5s), malformed: Some(0.05) })",
    ),
    (
        "chaos",
        "failure_rate=0.95&reset=1",
        "chaos-off",
        "set_chaos mock None",
    ),
];

#[tokio::test]
async fn a_source_takes_its_commands() {
    let fake = Fake::new();
    fake.source(|source| source.has_chaos = true);
    let router = fake.router();
    for (path, body, word, asked) in COMMANDS {
        fake.commands.asked.lock().unwrap().clear();
        let line = format!("POST /ui/sources/mock/{path}");
        let answer = ask(&router, &line, &[OWN], body).await;
        let location = format!("/ui/sources?notice={word}");
        assert_eq!(answer.header("location"), location, "{body}");
        let noted = fake.commands.asked.lock().unwrap().first().cloned();
        assert_eq!(noted.unwrap_or_default(), asked);
        holds(&get(&router, &location).await.body, &[r#"id="notice""#]);
    }
}

#[tokio::test]
async fn a_refused_command_says_why() {
    let fake = Fake::new();
    let router = fake.router();
    let why = CommandRefused::Conflict("not <now>".to_owned());
    *fake.commands.refused.lock().unwrap() = Some(why);
    let refused = ask(&router, "POST /ui/sources/mock/pause", &[OWN], "").await;
    holds(
        &get(&router, refused.header("location")).await.body,
        &["not &lt;now&gt;"],
    );
    let foreign = ["origin: https://evil.example"];
    let answer = ask(&router, "POST /ui/sources/mock/pause", &foreign, "").await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn chaos_has_a_card_and_a_chip_while_it_is_on() {
    let fake = Fake::new();
    let router = fake.router();
    assert!(
        !get(&router, "/ui/sources")
            .await
            .body
            .contains("Failure Probability")
    );
    fake.source(|source| source.has_chaos = true);
    let off = get(&router, "/ui/sources").await.body;
    holds(
        &off,
        &[
            "Failure Probability",
            r#"min="0" max="1" step="0.05" value="0.20""#,
            r#"id="chaos-chip" href="/ui/sources#chaos" hidden"#,
        ],
    );
    ask(
        &router,
        "POST /ui/sources/mock/chaos",
        &[OWN],
        "failure_rate=1",
    )
    .await;
    let on = get(&router, "/ui/").await.body;
    assert!(
        on.contains(r#"id="chaos-chip""#) && !on.contains(r#"href="/ui/sources#chaos" hidden"#)
    );
}

#[tokio::test]
async fn a_page_is_small_and_asks_nobody_else() {
    use std::io::Write as _;
    let mut rows: Vec<_> = (1..=2_000).rev().map(row).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        row.ingested_at = at(NOW).minus(std::time::Duration::from_secs(index as u64 * 43));
        row.severity = Severity::ALL[index % 6];
        let letter = |count: usize| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index % count]);
        row.country = Some(format!("{}{}", letter(26), letter(17)));
        row.source = format!("source-{}", index % 12);
    }
    let router = Fake::with_rows(rows).router();
    for path in ["/ui/", "/ui/?from=-1h", "/ui/sources"] {
        let page = get(&router, path).await.body;
        is_clean(&page);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(page.as_bytes()).unwrap();
        let bytes = packed.finish().unwrap().len();
        assert!(bytes <= 25 << 10, "{path}: {bytes} bytes");
    }
}

#[tokio::test]
async fn the_stream_of_a_tab_greets_and_tells_what_is_new() {
    use cresset_model::ports::{LiveEvent, Pulse};
    use cresset_model::query::SeverityCounts;
    let fake = Fake::new();
    let mut new = SeverityCounts::default();
    new.add(Severity::Critical, 2);
    let pulse = |position, new| {
        LiveEvent::Pulse(Pulse {
            position,
            new,
            ..Pulse::default()
        })
    };
    *fake.events.lock().unwrap() = vec![
        pulse(7, new),
        pulse(8, SeverityCounts::default()),
        LiveEvent::Reload(9),
    ];
    let router = fake.router();
    let stream = get(&router, "/ui/live").await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    holds(
        &stream.body,
        &[
            "event: state\ndata: {\"tone\":\"ok\"",
            "event: counts\ndata: ",
            "id: 7\nevent: alerts\ndata: {\"new\":2,",
            "id: 9\nevent: reload\n",
        ],
    );
    assert_eq!(stream.body.matches("event: state").count(), 1);
    for path in ["/ui/live?after=7", "/ui/live"] {
        let header = ["last-event-id: 7"];
        let headers = if path == "/ui/live" { &header[..] } else { &[] };
        let later = ask(&router, &format!("GET {path}"), headers, "").await.body;
        assert!(!later.contains("event: alerts"), "{path}: {later}");
    }
}
