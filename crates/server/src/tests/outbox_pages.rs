//! Dead letters and deliveries as pages.

use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetterFilter;
use cresset_model::notification::{Delivery, DeliveryState};
use cresset_model::ports::{PortError, RedriveSelection};
use cresset_model::{AlertId, DeadLetterId, NotificationId, SourceId};

use super::fixture::{Fake, ask, at, delivery, get, letter, receiver, vitals};
use super::pages::{holds, is_clean};

const OWN: &str = "origin: http://127.0.0.1:8000";
const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}\u{0}\" onload=x";

fn is_harmless(page: &str) {
    for part in ["<img", "\u{202e}", "\u{0}", "\" onload"] {
        assert!(!page.contains(part), "{part:?} in {page}");
    }
    holds(page, &["&lt;img src=x", "U+202E", "U+0000"]);
}

#[tokio::test]
async fn dead_letters_stand_by_reason_with_their_bytes() {
    let fake = Fake::new();
    let mut cut = letter(2);
    cut.reason = Reason::RecordTooLarge;
    cut.full_bytes = 300_000;
    cut.raw = vec![0xff, 0xfe];
    let mut resolved = letter(1);
    resolved.resolved_at = Some(at("2026-11-23T09:20:00Z"));
    resolved.alert = Some(AlertId(7));
    *fake.letters.lock().unwrap() = vec![letter(3), cut, resolved];
    let router = fake.router();
    let page = get(&router, "/ui/dead-letters").await.body;
    holds(
        &page,
        &[
            "href=\"/ui/dead-letters?state=open&amp;reason=missing%5Ffield\"",
            "<span class=\"mono\">missing_field</span><small>a mandatory field is absent</small>",
            "href=\"/ui/dead-letters?state=open&amp;source=mock\"",
            "<b class=\"gist\">`id` is missing</b>",
            "×3</span>",
            "20 min ago",
            &format!(
                "href=\"/ui/dead-letters?state=open&amp;try={}\"",
                DeadLetterId(3)
            ),
            "Redrive all…",
            "The first 2 of 300,000 bytes were kept",
            "ff fe",
        ],
    );
    // What was not kept whole cannot be put through again.
    assert!(!page.contains(&format!("try={}", DeadLetterId(2))));
    assert!(!page.contains("resolved 10 min ago"));
    is_clean(&page);
    let narrowed = get(&router, "/ui/dead-letters?reason=record_too_large")
        .await
        .body;
    holds(
        &narrowed,
        &[
            "Redrive all that match…",
            "Clear filters",
            "aria-current=\"true\"",
        ],
    );
    assert_eq!(narrowed.matches("class=\"letter\"").count(), 1);
    let done = get(&router, "/ui/dead-letters?state=resolved").await.body;
    holds(
        &done,
        &[
            "resolved <time",
            "10 min ago",
            &format!("href=\"/ui/alerts/{}\"", AlertId(7)),
        ],
    );
    assert!(!done.contains("Redrive"));
    let many = (1..=30).rev().map(letter).collect();
    *fake.letters.lock().unwrap() = many;
    let first = get(&router, "/ui/dead-letters").await.body;
    holds(
        &first,
        &[
            "href=\"/ui/dead-letters?state=open&amp;before=6\"",
            "Older dead letters",
        ],
    );
}

#[tokio::test]
async fn dead_letters_can_be_chosen_by_time_exported_and_say_their_room() {
    let fake = Fake::new();
    *fake.letters.lock().unwrap() = vec![letter(3)];
    fake.health.lock().unwrap().vitals = Some(vitals());
    let router = fake.router();
    let page = get(&router, "/ui/dead-letters?source=mock&since=-1h")
        .await
        .body;
    holds(
        &page,
        &[
            "Last 24 hours",
            "name=\"since\" value=\"-1h\"",
            "href=\"/api/v1/dead-letters/export?source=mock&amp;since=%2D1h&amp;resolved=false\"",
            "download=\"dead-letters.ndjson\"",
            "4.8 KiB of 1 MiB taken.",
            "3 records dropped to keep it, the latest",
            "Clear filters",
        ],
    );
    is_clean(&page);
    holds(
        &get(&router, "/ui/dead-letters?until=2026-11-23T09:00:00Z")
            .await
            .body,
        &["No dead letters match"],
    );
    // What a dry run has looked at is what is put through: its times do not go on with the clock.
    let dry = get(&router, "/ui/dead-letters?since=-1h&try=all")
        .await
        .body;
    holds(
        &dry,
        &["<input type=\"hidden\" name=\"since\" value=\"2026-11-23T08:30:00"],
    );
}

#[tokio::test]
async fn a_redrive_says_first_what_it_would_do() {
    let fake = Fake::new();
    *fake.letters.lock().unwrap() = vec![letter(3)];
    let router = fake.router();
    let dry = get(
        &router,
        "/ui/dead-letters?reason=missing_field&source=mock&try=all",
    )
    .await
    .body;
    holds(
        &dry,
        &[
            "Dry run: nothing has changed yet",
            "Of 4 dead letters, <b>1</b> would become an alert, <b>1</b> would go on as events; the others would stay:",
            "refused again",
            "`id` is missing",
            "resolved already",
            "<form class=\"inline\" action=\"/ui/dead-letters/redrive\" method=\"post\"",
            "<input type=\"hidden\" name=\"try\" value=\"all\">",
            "Redrive 2 records",
        ],
    );
    let matching = RedriveSelection::Matching {
        filter: DeadLetterFilter {
            source: Some(SourceId::new("mock")),
            reason: Some(Reason::MissingField),
            resolved: Some(false),
            ..DeadLetterFilter::default()
        },
        limit: 1_000,
    };
    assert_eq!(*fake.redriven.lock().unwrap(), [(matching.clone(), true)]);
    let body = "state=open&source=mock&reason=missing_field&try=all";
    let done = ask(&router, "POST /ui/dead-letters/redrive", &[OWN], body).await;
    let location =
        "/ui/dead-letters?state=open&source=mock&reason=missing%5Ffield&notice=redriven-1-1-1-1";
    assert_eq!((done.status, done.header("location")), (303, location));
    assert_eq!(fake.redriven.lock().unwrap()[1], (matching, false));
    let said = get(&router, location).await.body;
    holds(
        &said,
        &["1 dead letter is an alert now, 1 went on as events, 1 refused again, 1 not tried"],
    );
    let one = format!("try={}", DeadLetterId(3));
    ask(&router, "POST /ui/dead-letters/redrive", &[OWN], one).await;
    let ids = RedriveSelection::Ids(vec![DeadLetterId(3)]);
    assert_eq!(fake.redriven.lock().unwrap()[2], (ids, false));
    let nothing = ask(&router, "POST /ui/dead-letters/redrive", &[OWN], "try=x").await;
    assert_eq!(
        nothing.header("location"),
        "/ui/dead-letters?state=open&notice=nothing-meant"
    );
    assert_eq!(fake.redriven.lock().unwrap().len(), 3);
    let foreign = ["origin: http://evil.example"];
    let refused = ask(
        &router,
        "POST /ui/dead-letters/redrive",
        &foreign,
        "try=all",
    )
    .await;
    assert_eq!(refused.status, 403);
    fake.down();
    let down = ask(&router, "POST /ui/dead-letters/redrive", &[OWN], "try=all").await;
    assert_eq!(
        down.header("location"),
        "/ui/dead-letters?state=open&notice=unavailable"
    );
}

#[tokio::test]
async fn dead_letters_are_shown_and_not_obeyed_and_emptiness_is_explained() {
    let fake = Fake::new();
    let router = fake.router();
    holds(
        &get(&router, "/ui/dead-letters").await.body,
        &[
            "No dead letters",
            "Every record was understood",
            "Open sources",
        ],
    );
    holds(
        &get(&router, "/ui/dead-letters?reason=too_deep").await.body,
        &["No dead letters match", "Show all"],
    );
    holds(
        &get(&router, "/ui/dead-letters?state=resolved").await.body,
        &["Nothing was put through again"],
    );
    let mut bad = letter(1);
    bad.detail = HOSTILE.to_owned();
    bad.upstream_id = Some(HOSTILE.to_owned());
    bad.raw = format!("{{\"{HOSTILE}\":1").into_bytes();
    bad.full_bytes = bad.raw.len() as u64;
    *fake.letters.lock().unwrap() = vec![bad];
    let page = get(&router, "/ui/dead-letters").await.body;
    is_harmless(&page);
    is_clean(&page);
    let asked = "/ui/dead-letters?source=%3Cimg%3E&reason=%3Cimg%3E&state=%3Cimg%3E&try=%3Cimg%3E&notice=redriven-%3Cimg%3E";
    assert!(!get(&router, asked).await.body.contains("<img"));
    fake.down();
    let down = get(&router, "/ui/dead-letters").await;
    assert_eq!(down.status, 200);
    holds(
        &down.body,
        &["Dead letters cannot be read", "The store does not answer"],
    );
    assert!(!down.body.contains("secret"));
}

fn in_state(seq: u64, state: DeliveryState) -> Delivery {
    Delivery {
        state,
        sent_at: None,
        next_at: (state == DeliveryState::Pending).then(|| at("2026-11-23T09:31:00Z")),
        attempts: delivery(seq).attempts[..1].to_vec(),
        ..delivery(seq)
    }
}

#[tokio::test]
async fn deliveries_show_state_attempts_and_payload() {
    let fake = Fake::new();
    *fake.told.deliveries.lock().unwrap() = vec![
        in_state(3, DeliveryState::Pending),
        in_state(2, DeliveryState::Dead),
        delivery(1),
    ];
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    let router = fake.router();
    let page = get(&router, "/ui/deliveries").await.body;
    holds(
        &page,
        &[
            "Waiting<span class=\"count\">1</span>",
            "Given up<span class=\"count\">1</span>",
            "Delivered<span class=\"count\">1</span>",
            "1 attempt, next in",
            ">1 min</time>",
            "1 attempt, given up · <span class=\"fault\">HTTP 500</span>",
            "2 attempts, taken 2 s after the decision",
            "attempt 2 · 1000 ms",
            "<span class=\"jn\">1.50</span>",
            &format!("href=\"/ui/alerts/{}\"", AlertId(3)),
            &format!("action=\"/ui/deliveries/{}/retry\"", NotificationId(3)),
            &format!("action=\"/ui/deliveries/{}/retry\"", NotificationId(2)),
            "action=\"/ui/receivers/soc/test\"",
            "soc/1</span>",
            "https://hooks.example",
        ],
    );
    assert!(!page.contains(&format!(
        "action=\"/ui/deliveries/{}/retry\"",
        NotificationId(1)
    )));
    assert!(!page.contains("href=\"https"));
    let dead = get(
        &router,
        "/ui/deliveries?state=dead&receiver=soc&alert=00000000000000000000000003",
    )
    .await
    .body;
    assert_eq!(dead.matches("class=\"letter\"").count(), 1);
    holds(
        &dead,
        &[
            "receiver:soc</span>",
            "href=\"/ui/deliveries?state=dead&amp;receiver=soc\"",
            "href=\"/ui/deliveries?state=dead&amp;alert=00000000000000000000000003\"",
        ],
    );
    *fake.told.deliveries.lock().unwrap() = (1..=40).rev().map(delivery).collect();
    holds(
        &get(&router, "/ui/deliveries").await.body,
        &["href=\"/ui/deliveries?before=11\"", "Older deliveries"],
    );
}

#[tokio::test]
async fn a_retry_and_a_test_say_what_came_of_them() {
    let fake = Fake::new();
    *fake.told.deliveries.lock().unwrap() = vec![in_state(2, DeliveryState::Dead), delivery(1)];
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    let router = fake.router();
    for (id, word, sentence) in [
        (NotificationId(2).to_string(), "retried", "tried again now"),
        (
            NotificationId(1).to_string(),
            "not-retried",
            "Only deliveries that wait",
        ),
        ("x".to_owned(), "no-delivery", "There is no such delivery"),
    ] {
        let path = format!("POST /ui/deliveries/{id}/retry");
        let answer = ask(&router, &path, &[OWN], "").await;
        let location = format!("/ui/deliveries?notice={word}");
        assert_eq!(answer.header("location"), location);
        holds(&get(&router, &location).await.body, &[sentence]);
    }
    *fake.told.second.lock().unwrap() = Err(PortError::permanent("HTTP 404 <b>no</b>"));
    let tested = ask(&router, "POST /ui/receivers/soc/test", &[OWN], "").await;
    assert_eq!(tested.status, 200);
    holds(
        &tested.body,
        &[
            "soc/0</span> took the message",
            "soc/1</span>: HTTP 404 &lt;b&gt;no&lt;/b&gt;",
            "Answer to the test, after ",
        ],
    );
    let unknown = ask(&router, "POST /ui/receivers/%3Cimg%3E/test", &[OWN], "").await;
    holds(&unknown.body, &["no receiver `&lt;img&gt;`"]);
    let foreign = ask(
        &router,
        "POST /ui/receivers/soc/test",
        &["origin: http://evil.example"],
        "",
    )
    .await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn deliveries_are_shown_and_not_obeyed_and_emptiness_is_explained() {
    let fake = Fake::new();
    let router = fake.router();
    holds(
        &get(&router, "/ui/deliveries").await.body,
        &[
            "Nothing has been told yet",
            "Nobody is told",
            "receivers</code>",
            "cresset validate",
        ],
    );
    *fake.told.receivers.lock().unwrap() = vec![receiver("soc")];
    holds(
        &get(&router, "/ui/deliveries").await.body,
        &["Send a test to see whether"],
    );
    holds(
        &get(&router, "/ui/deliveries?state=dead").await.body,
        &["No deliveries match", "Show all"],
    );
    let mut bad = in_state(1, DeliveryState::Pending);
    bad.receiver = HOSTILE.to_owned();
    bad.group = HOSTILE.to_owned();
    bad.subject = HOSTILE.to_owned();
    bad.body = HOSTILE.as_bytes().to_vec();
    bad.attempts[0].error = Some(HOSTILE.to_owned());
    *fake.told.deliveries.lock().unwrap() = vec![bad];
    is_harmless(&get(&router, "/ui/deliveries").await.body);
    let asked =
        "/ui/deliveries?state=%3Cimg%3E&receiver=%3Cimg%3E&alert=%3Cimg%3E&before=%3Cimg%3E";
    assert!(!get(&router, asked).await.body.contains("<img"));
    fake.down();
    let down = get(&router, "/ui/deliveries").await;
    assert_eq!(down.status, 200);
    holds(
        &down.body,
        &[
            "Deliveries cannot be read",
            "The store does not answer",
            "Receivers",
        ],
    );
    assert!(!down.body.contains("secret"));
}
