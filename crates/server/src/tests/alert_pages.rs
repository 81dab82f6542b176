//! The list of alerts, and one alert.

use cresset_model::alert::AlertRow;
use cresset_model::notification::DeliveryState;
use cresset_model::{AlertId, Severity, SourceId};

use super::fixture::{Fake, ask, at, delivery, get, row};
use super::pages::{holds, is_clean};

const OWN: &str = "origin: http://127.0.0.1:8000";
/// Text that is markup, a handler, a control character and a turn of direction.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}\u{0}\" onload=x '\u{200b}";

fn row_of(seq: u64, change: impl FnOnce(&mut AlertRow)) -> AlertRow {
    let mut row = row(seq);
    change(&mut row);
    row
}

fn hostile(seq: u64) -> AlertRow {
    row_of(seq, |row| {
        row.description = HOSTILE.to_owned();
        row.title = Some(HOSTILE.to_owned());
        row.source = HOSTILE.to_owned();
        row.upstream_id = HOSTILE.to_owned();
        row.user = Some(HOSTILE.to_owned());
        row.country = Some("<b".to_owned());
        row.source_id = SourceId::new(HOSTILE);
    })
}

/// Nothing of a hostile text is markup, and what cannot be seen is shown.
fn is_harmless(page: &str) {
    for part in ["<img", "\u{202e}", "\u{0}", "\u{200b}", "\" onload", "<b\""] {
        assert!(!page.contains(part), "{part:?} in {page}");
    }
    holds(page, &["&lt;img src=x", "U+202E", "U+0000", "U+200B"]);
}

#[tokio::test]
async fn the_list_shows_rows_facets_and_the_way_on() {
    let mut rows: Vec<AlertRow> = (1..=120).rev().map(row).collect();
    rows[0].severity = Severity::Critical;
    rows[0].title = Some("Malicious IP detected".to_owned());
    rows[1].country = None;
    let router = Fake::with_rows(rows).router();
    let page = get(&router, "/ui/alerts").await.body;
    assert_eq!(page.matches("data-row").count(), 50);
    let newest = AlertId(120);
    holds(
        &page,
        &[
            "<span class=\"strong\" id=\"total\">120 alerts</span>",
            "of 120 stored",
            &format!("<a class=\"clip\" href=\"/ui/alerts?from=-24h&amp;open={newest}\""),
            "href=\"/ui/alerts?from=-24h&amp;before=71\"",
            "hx-get=\"/ui/parts/alerts/fresh?from=-24h&amp;newest=120\"",
            "href=\"/api/v1/alerts/export?from=-24h&amp;format=csv\" download",
            "href=\"/ui/alerts?severity=critical&amp;from=-24h\"",
            "href=\"/ui/alerts?country=US&amp;from=-24h\"",
            "href=\"/ui/alerts?country=-US&amp;from=-24h\"",
            "href=\"/ui/alerts?q=-country:&amp;from=-24h\"",
            "United States",
            "threat</span>",
            "rev 2",
            "data-complete=\"/api/v1/query/complete\"",
        ],
    );
    assert!(page.contains("<aside class=\"detail\" id=\"panel\" hidden"));
    is_clean(&page);
    let older = get(&router, "/ui/alerts?before=71").await.body;
    holds(&older, &["before=21\"", "Newest</a>"]);
    assert!(!older.contains("id=\"fresh\""));
    let part = get(&router, "/ui/parts/alerts/rows?before=21").await.body;
    assert!(part.starts_with("<tr"), "{part}");
    assert_eq!(part.matches("data-row").count(), 20);
    assert!(!part.contains("id=\"more\""));
    let end = get(&router, "/ui/alerts?before=1").await.body;
    holds(&end, &["No older alerts", "href=\"/ui/alerts?from=-24h\""]);
}

#[tokio::test]
async fn facets_take_values_in_and_out() {
    let other = row_of(2, |row| row.country = Some("CN".to_owned()));
    let router = Fake::with_rows(vec![other, row(1)]).router();
    let page = get(&router, "/ui/alerts?country=US&severity=%3E%3Dhigh")
        .await
        .body;
    holds(
        &page,
        &[
            ">1 alert</span>",
            "href=\"/ui/alerts?severity=%3E%3Dhigh&amp;country=US,CN&amp;from=-24h\"",
            "aria-label=\"Remove country:US\"",
            "href=\"/ui/alerts?severity=%3E%3Dhigh&amp;from=-24h\"",
            "<em>severity:</em><b>&gt;=high</b>",
            "Clear filters",
            "<input type=\"hidden\" name=\"country\" value=\"US\">",
        ],
    );
    let excluded = get(&router, "/ui/alerts?country=-US").await.body;
    holds(
        &excluded,
        &["<li class=\"out\">", ">allow</a>", ">1 alert</span>"],
    );
    let none = get(&router, "/ui/alerts?country=FR").await.body;
    holds(&none, &["No alerts match these filters", "France"]);
}

#[tokio::test]
async fn what_is_new_is_counted_and_nothing_moves() {
    let rows = vec![row(5), row_of(4, |row| row.country = None), row(3)];
    let router = Fake::with_rows(rows).router();
    let fresh = |query: &'static str| {
        let router = router.clone();
        async move {
            get(&router, &format!("/ui/parts/alerts/fresh?{query}"))
                .await
                .body
        }
    };
    let two = fresh("newest=3").await;
    holds(
        &two,
        &["2 new alerts", "newest=3", "href=\"/ui/alerts?from=-24h\""],
    );
    holds(&fresh("newest=3&country=US").await, &["1 new alert<"]);
    assert!(!fresh("newest=5").await.contains("newbar"));
    let many: Vec<AlertRow> = (1..=300).rev().map(row).collect();
    let router = Fake::with_rows(many).router();
    let bar = get(&router, "/ui/parts/alerts/fresh?newest=1").await.body;
    holds(&bar, &["200+ new alerts"]);
}

#[tokio::test]
async fn emptiness_says_what_is_so_and_what_to_do() {
    let fake = Fake::new();
    let router = fake.router();
    holds(
        &get(&router, "/ui/alerts").await.body,
        &[
            "No alerts found in database.",
            "action=\"/ui/sync\"",
            "Trigger sync now",
        ],
    );
    fake.source(|source| source.status = cresset_model::source::SyncStatus::Failed);
    holds(&get(&router, "/ui/alerts").await.body, &["a source fails"]);
    fake.sources.lock().unwrap().clear();
    holds(
        &get(&router, "/ui/alerts").await.body,
        &["No source is configured", "cresset demo"],
    );
    let old = row_of(1, |row| row.ingested_at = at("2026-11-20T09:00:00Z"));
    let router = Fake::with_rows(vec![old]).router();
    holds(
        &get(&router, "/ui/alerts?user=user-ajyyrr").await.body,
        &[
            "No alerts match these filters",
            "1 of them match within 7 days",
            "href=\"/ui/alerts?user=user-ajyyrr&amp;from=-7d\"",
            "Widen to 7 days (1)",
            "Clear filters",
        ],
    );
    holds(
        &get(&router, "/ui/alerts?user=nobody").await.body,
        &["none of the last 30 days matches"],
    );
    fake.down();
    let down = get(&fake.router(), "/ui/alerts").await;
    assert_eq!(down.status, 200);
    holds(
        &down.body,
        &[
            "Failed to fetch alerts",
            "The store does not answer",
            "Database disconnected",
        ],
    );
    assert!(!down.body.contains("secret"));
    holds(
        &get(&fake.router(), "/ui/parts/alerts/rows?before=9")
            .await
            .body,
        &["The store does not answer", "Try again", "before=9"],
    );
}

#[tokio::test]
async fn a_query_with_a_flaw_shows_no_rows_but_what_to_write() {
    let router = Fake::with_rows(vec![row(1)]).router();
    let page = get(&router, "/ui/alerts?q=contry:US&severity=hgh")
        .await
        .body;
    holds(
        &page,
        &[
            "The query cannot be understood",
            "contry",
            "severity:&gt;=high",
            "Clear filters",
        ],
    );
    assert!(!page.contains("data-row"));
}

#[tokio::test]
async fn columns_are_chosen_and_kept() {
    let router = Fake::with_rows(vec![row(1)]).router();
    let chosen = ask(
        &router,
        "POST /ui/alerts/columns",
        &[OWN],
        "column=user&column=pipeline&column=x&back=/ui/alerts?from=-1h",
    )
    .await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, "/ui/alerts?from=-1h")
    );
    let cookie = "columns=user.pipeline; Path=/ui/; Max-Age=31536000; SameSite=Strict";
    assert_eq!(chosen.header("set-cookie"), cookie);
    let page = ask(
        &router,
        "GET /ui/alerts",
        &["cookie: columns=user.pipeline"],
        "",
    )
    .await
    .body;
    holds(
        &page,
        &[
            "<th scope=\"col\" class=\"pipeline\">Pipeline</th>",
            "<td class=\"col user\"",
        ],
    );
    assert!(
        !page.contains("<td class=\"col time\"") && !page.contains("<td class=\"col country\"")
    );
    let foreign = ask(
        &router,
        "POST /ui/alerts/columns",
        &[OWN],
        "back=//evil.example",
    )
    .await;
    assert_eq!(foreign.header("location"), "/ui/alerts");
}

#[tokio::test]
async fn one_alert_is_explained_beside_the_list_and_alone() {
    let fake = Fake::with_rows(vec![row(4), row(3)]);
    let mut waiting = delivery(2);
    waiting.state = DeliveryState::Pending;
    waiting.sent_at = None;
    waiting.next_at = Some(at("2026-11-23T09:30:07Z"));
    waiting.attempts.truncate(1);
    *fake.told.deliveries.lock().unwrap() = vec![waiting, delivery(1)];
    let router = fake.router();
    let id = AlertId(3);
    let alone = get(&router, &format!("/ui/alerts/{id}")).await;
    assert_eq!(alone.status, 200);
    let beside = get(&router, &format!("/ui/alerts?open={id}")).await.body;
    let part = get(&router, &format!("/ui/parts/alerts/panel?open={id}"))
        .await
        .body;
    assert!(part.starts_with("<aside"), "{part}");
    for page in [&alone.body, &beside, &part] {
        holds(
            page,
            &[
                "<mark>src_ip 203.0.113.7</mark> is in the list <b>known</b>",
                "203.0.113.0/24</code>",
                "known.txt",
                "The criticality is not 1 to 4 and was taken as low",
                "the database knows the address",
                "some entries · built 2026-11-01",
                "alertId</span>: <span class=\"js\">&quot;x&quot;</span>",
                "Revision 1 replaced",
                "Low</span>: before",
                "1 attempt failed, next in",
                ">7 s</time>",
                "Attempt 1 to tell",
                "HTTP 500",
                "took it at attempt 2 after 1000 ms",
                "Same destination <span class=\"mono\">65.228.219.209</span>",
                "Same user",
                &format!("data-copy-link=\"/ui/alerts/{id}\""),
                &format!("data-copy-curl=\"/api/v1/alerts/{id}\""),
                &format!("href=\"/ui/deliveries?alert={id}\""),
                "href=\"/ui/alerts?country=US&amp;from=-24h",
                "data-exclude=\"/ui/alerts?country=-US&amp;from=-24h",
            ],
        );
        is_clean(page);
    }
    holds(
        &beside,
        &["class=\"cur\"", "data-close", "<main class=\"triage\""],
    );
    let missing = get(&router, &format!("/ui/alerts/{}", AlertId(99))).await;
    assert_eq!(missing.status, 404);
    holds(
        &missing.body,
        &["There is no such alert", "Retention may have taken it"],
    );
    let wrong = get(&router, "/ui/alerts/%3Cb%3E").await;
    assert_eq!(wrong.status, 404);
    holds(&wrong.body, &["This is no id of an alert"]);
    let gone = get(&router, &format!("/ui/alerts?open={}", AlertId(99)))
        .await
        .body;
    holds(&gone, &["There is no such alert", "data-row"]);
    fake.down();
    let down = get(&fake.router(), &format!("/ui/alerts/{id}")).await;
    assert_eq!(down.status, 503);
    holds(
        &down.body,
        &["The alert cannot be read", "The store does not answer"],
    );
}

#[tokio::test]
async fn hostile_alerts_are_shown_and_not_obeyed() {
    let fake = Fake::with_rows(vec![hostile(3), hostile(2)]);
    let mut told = delivery(1);
    told.receiver = HOSTILE.to_owned();
    told.attempts[0].error = Some(HOSTILE.to_owned());
    *fake.told.deliveries.lock().unwrap() = vec![told];
    let router = fake.router();
    let id = AlertId(3);
    for path in [
        "/ui/alerts".to_owned(),
        format!("/ui/alerts?open={id}"),
        format!("/ui/alerts/{id}"),
        "/ui/parts/alerts/rows".to_owned(),
        format!("/ui/parts/alerts/panel?open={id}"),
    ] {
        let page = get(&router, &path).await.body;
        is_harmless(&page);
        is_clean(&page);
    }
    let asked = "/ui/alerts?user=%22%3E%3Cimg%3E&open=%3Cimg%3E&before=%3Cimg%3E&q=%3Cimg+src=x%3E&from=%3Cimg%3E";
    let page = get(&router, asked).await.body;
    assert!(!page.contains("<img"), "{page}");
}
