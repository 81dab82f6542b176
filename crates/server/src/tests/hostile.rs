//! Texts that want to be obeyed, through every page: no element and no attribute is made of them, what
//! cannot be seen is shown by its code, and no address leads to another place.

use axum::Router;
use cresset_model::Severity;
use cresset_model::source::{RetryState, Warning, WarningKind};

use super::fixture::{Fake, at, delivery, get, letter, row};
use crate::form;

/// What strangers send.
const HOSTILE: [&str; 18] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</title></main><h1>owned</h1>",
    "<!--",
    "]]><![CDATA[",
    "&lt;u&gt; &#60;u&#62;",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "`onmouseover=alert(1)",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "a\u{202e}gnp.exe\u{2066}\u{2069}",
    "nul\u{0} bell\u{7} esc\u{1b}[31m del\u{7f}",
    "line\r\nSet-Cookie: a=b\u{2028}\u{2029}",
    "zero\u{200b}width\u{feff}\u{2060}",
    "https://evil.example/?<u>",
    "//evil.example/x",
    "😀 déjà 漢字",
];

const PAGES: [&str; 10] = [
    "/ui/",
    "/ui/sources",
    "/ui/parts/banners",
    "/ui/alerts",
    "/ui/alerts?open=00000000000000000000000002",
    "/ui/alerts/00000000000000000000000002",
    "/ui/parts/alerts/rows",
    "/ui/parts/alerts/panel?open=00000000000000000000000001",
    "/ui/dead-letters",
    "/ui/deliveries",
];

/// The names of all elements, but for those that show a character by its code.
fn elements(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .filter(|piece| !piece.starts_with("span class=\"code\""))
        .filter_map(|piece| piece.split([' ', '>', '/']).next())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Attributes that begin with `on`, and addresses that lead elsewhere.
fn traps(page: &str) -> Vec<&str> {
    let tags = page
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split('>').next());
    tags.filter(|tag| {
        let addresses = tag
            .split("href=\"")
            .skip(1)
            .chain(tag.split("src=\"").skip(1));
        let mut addresses = addresses.map(|rest| rest.split('"').next().unwrap_or_default());
        let names = tag.split('"').step_by(2);
        addresses.any(|address| {
            !(address.is_empty() || address.starts_with('#') || address.starts_with('/'))
                || address.starts_with("//")
        }) || names
            .into_iter()
            .any(|name| name.trim_start().starts_with("on"))
    })
    .collect()
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A server that shows the text wherever a stranger's text can be.
fn router(text: &str) -> Router {
    let mut rows = vec![row(2), row(1)];
    for row in &mut rows {
        row.severity = Severity::Critical;
        row.description = text.to_owned();
        row.source = text.to_owned();
        row.upstream_id = text.to_owned();
        row.user = Some(text.to_owned());
        row.country = Some(text.to_owned());
    }
    rows[0].title = Some(text.to_owned());
    let told_of = rows[0].id;
    let fake = Fake::with_rows(rows);
    fake.source(|source| {
        source.address = text.to_owned();
        source.last_error = Some(text.to_owned());
        source.warnings = vec![Warning {
            kind: WarningKind::GapSuspected,
            detail: text.to_owned(),
        }];
        source.has_chaos = true;
    });
    let mut dead = letter(1);
    dead.detail = text.to_owned();
    dead.upstream_id = Some(text.to_owned());
    dead.raw = text.as_bytes().to_vec();
    *fake.letters.lock().unwrap() = vec![dead];
    let mut told = delivery(1);
    told.receiver = text.to_owned();
    told.group = text.to_owned();
    told.subject = text.to_owned();
    told.body = text.as_bytes().to_vec();
    told.alerts = vec![told_of];
    told.attempts[0].error = Some(text.to_owned());
    *fake.told.deliveries.lock().unwrap() = vec![told];
    fake.router()
}

#[tokio::test]
async fn nothing_is_made_of_a_strangers_text() {
    let plain = router("plain");
    for text in HOSTILE {
        let hostile = router(text);
        for page in PAGES {
            let expected = get(&plain, page).await.body;
            let shown = get(&hostile, page).await.body;
            // A text of several lines is shown in several lines.
            let lines = |page: &str| -> Vec<String> {
                let names = elements(page).into_iter().filter(|name| *name != "br");
                names.map(str::to_owned).collect()
            };
            assert_eq!(lines(&shown), lines(&expected), "{page} with {text:?}");
            assert_eq!(traps(&shown), Vec::<&str>::new(), "{page} with {text:?}");
            // A button's text to copy is the one place that keeps it as it is.
            let seen: String = shown
                .split("data-copy=\"")
                .enumerate()
                .map(|(index, rest)| match index {
                    0 => rest,
                    _ => rest.split_once('"').map_or("", |(_, after)| after),
                })
                .collect();
            assert!(!seen.contains(is_hidden), "{page} with {text:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_made_of_what_an_address_says() {
    let router = router("plain");
    let asked: [(&str, &[&str]); 4] = [
        (
            "/ui/",
            &[
                "q", "severity", "country", "user", "source", "from", "to", "hours", "notice", "x",
            ],
        ),
        (
            "/ui/alerts",
            &["q", "country", "from", "open", "before", "x"],
        ),
        (
            "/ui/dead-letters",
            &["source", "reason", "state", "try", "notice"],
        ),
        ("/ui/deliveries", &["receiver", "state", "alert", "before"]),
    ];
    for (page, names) in asked {
        for name in names {
            for text in HOSTILE {
                let path = format!("{page}?{name}={}", form::encode(text));
                let shown = get(&router, &path).await;
                assert_eq!(shown.status, 200, "{path}");
                assert_eq!(traps(&shown.body), Vec::<&str>::new(), "{path}");
                for forbidden in ["<script>", "<img src=x", "<svg/", "<h1>owned", "<u>"] {
                    assert!(!shown.body.contains(forbidden), "{forbidden} by {path}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_retrying_source_shows_its_error_as_text() {
    let fake = Fake::new();
    fake.source(|source| {
        source.last_error = Some("<b>\u{202e}".to_owned());
        source.retry = Some(RetryState {
            attempt: 1,
            attempts_max: 3,
            next_at: at("2026-11-23T09:30:02Z"),
        });
    });
    let page = get(&fake.router(), "/ui/parts/banners").await.body;
    assert!(page.contains("&lt;b&gt;<span class=\"code\""), "{page}");
    assert!(!page.contains('\u{202e}'));
}
