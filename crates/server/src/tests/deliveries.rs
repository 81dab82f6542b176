//! `/api/v1/deliveries`.

use cresset_model::NotificationId;
use cresset_model::notification::DeliveryState;

use super::fixture::{Fake, ask, delivery, get, row};

const JSON: [&str; 1] = ["content-type: application/json"];
const TOLD: &str = r#""receiver":"soc/0","state":"sent","ordinal":3,"subject":"1 alert: High severity detected","created_at":"2026-11-23T09:29:00Z","sent_at":"2026-11-23T09:29:02Z","attempts":[{"number":1,"begun":"2026-11-23T09:29:01Z","ended":"2026-11-23T09:29:02Z","error":"HTTP 500"},{"number":2,"begun":"2026-11-23T09:29:01Z","ended":"2026-11-23T09:29:02Z","error":null}]"#;
const ITEM: &str =
    r#""group":"0{country=US}","episode":1,"next_at":null,"alerts":["00000000000000000000000003"]"#;
const THIRD: &str = "00000000000000000000000003";

fn with_deliveries() -> std::sync::Arc<Fake> {
    let fake = Fake::with_rows(vec![row(3)]);
    let mut dead = delivery(2);
    dead.state = DeliveryState::Dead;
    dead.receiver = "mail/1".to_owned();
    let mut leased = delivery(1);
    leased.state = DeliveryState::Leased;
    leased.alerts = vec![];
    *fake.told.deliveries.lock().unwrap() = vec![delivery(3), dead, leased];
    fake
}

#[tokio::test]
async fn deliveries_are_listed_and_shown_with_their_tries() {
    let router = with_deliveries().router();
    let first = get(&router, "/api/v1/deliveries?limit=1&include=total").await;
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    let expected = format!(
        r#"{{"items":[{{"id":"{THIRD}",{TOLD},{ITEM}}}],"next":"{cursor}","total":{{"value":3,"relation":"eq"}}}}"#
    );
    assert_eq!(first.body, expected);
    let one = get(&router, &format!("/api/v1/deliveries/{THIRD}")).await;
    let body = r#""body":{"type":"alerts","more":1.50}"#;
    assert_eq!(
        one.body,
        format!(r#"{{"id":"{THIRD}",{TOLD},{ITEM},{body}}}"#)
    );
    for (query, found) in [
        (format!("limit=9&cursor={cursor}"), 2),
        ("receiver=mail".to_owned(), 1),
        ("state=dead&receiver=soc".to_owned(), 0),
        ("state=leased".to_owned(), 1),
        (format!("alert={THIRD}"), 2),
    ] {
        let answer = get(&router, &format!("/api/v1/deliveries?{query}")).await;
        let body = answer.json();
        assert_eq!(body["items"].as_array().unwrap().len(), found, "{query}");
        assert!(body.get("total").is_none());
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_shown_as_text() {
    let fake = with_deliveries();
    fake.told.deliveries.lock().unwrap()[0].body = b"{\"a".to_vec();
    let one = get(&fake.router(), &format!("/api/v1/deliveries/{THIRD}")).await;
    assert_eq!(one.json()["body"], "{\"a");
}

#[tokio::test]
async fn an_alert_shows_who_was_told_of_it() {
    let fake = with_deliveries();
    fake.told.deliveries.lock().unwrap().truncate(1);
    let answer = get(&fake.router(), &format!("/api/v1/alerts/{THIRD}")).await;
    let expected = format!(r#""deliveries":[{{"id":"{THIRD}",{TOLD}}}]"#);
    assert!(answer.body.contains(&expected), "{}", answer.body);
}

#[tokio::test]
async fn wrong_filters_and_ids_of_deliveries_are_named() {
    let router = Fake::new().router();
    for (query, text) in [
        ("state=ded", "unknown state `ded`: did you mean `dead`?"),
        (
            "alert=x",
            "`x` is not an id: 26 characters of Crockford base32 are expected",
        ),
        (
            "reciever=x",
            "unknown parameter `reciever`: did you mean `receiver`?",
        ),
    ] {
        let answer = get(&router, &format!("/api/v1/deliveries?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (400, &text.into())
        );
    }
    for line in [
        format!("GET /api/v1/deliveries/{THIRD}"),
        format!("POST /api/v1/deliveries/{THIRD}/retry"),
    ] {
        let answer = ask(&router, &line, &[], "").await;
        let text = format!("no delivery has the id {THIRD}");
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (404, &text.into())
        );
    }
}

#[tokio::test]
async fn dead_deliveries_are_tried_again_and_sent_ones_are_not() {
    let fake = with_deliveries();
    let router = fake.router();
    let line = "POST /api/v1/deliveries/00000000000000000000000002/retry";
    let answer = ask(&router, line, &[], "").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"asked":1,"retried":1}"#)
    );
    let line = format!("POST /api/v1/deliveries/{THIRD}/retry");
    let answer = ask(&router, &line, &[], "").await;
    let text = "the delivery is sent: only dead and pending ones can be tried again";
    assert_eq!(
        (answer.status, &answer.json()["detail"]),
        (409, &text.into())
    );
    fake.told.retried.lock().unwrap().clear();
    let body = format!(r#"{{"ids":["{THIRD}","00000000000000000000000002","{THIRD}"]}}"#);
    let line = "POST /api/v1/deliveries/retry";
    let answer = ask(&router, line, &JSON, body).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"asked":2,"retried":1}"#)
    );
    let asked = fake.told.retried.lock().unwrap().clone();
    assert_eq!(asked, [NotificationId(2), NotificationId(3)]);
}

#[tokio::test]
async fn a_retry_of_a_wrong_form_is_refused() {
    let fake = with_deliveries();
    let router = fake.router();
    let line = "POST /api/v1/deliveries/retry";
    assert_eq!(ask(&router, line, &[], "{}").await.status, 415);
    let many = format!(r#"{{"ids":[{}"0"]}}"#, "\"0\",".repeat(1_000));
    for (body, text) in [
        ("[]", "the body must be an object"),
        ("{}", "give `ids`, a list of ids"),
        (
            r#"{"ids":[],"x":1}"#,
            "unknown key `x`: ids are known; `ids` must have 1 to 1000 entries, not 0",
        ),
        (&many, "`ids` must have 1 to 1000 entries, not 1001"),
    ] {
        let answer = ask(&router, line, &JSON, body.to_owned()).await;
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (422, &text.into())
        );
    }
    assert!(fake.told.retried.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_the_store_deliveries_are_unavailable() {
    let fake = with_deliveries();
    fake.down();
    let router = fake.router();
    for line in [
        "GET /api/v1/deliveries".to_owned(),
        format!("GET /api/v1/deliveries/{THIRD}"),
        format!("POST /api/v1/deliveries/{THIRD}/retry"),
    ] {
        let answer = ask(&router, &line, &[], "").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
        assert!(!answer.body.contains("secret"));
    }
}
