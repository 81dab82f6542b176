use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::router::{RECORD_BYTES_MAX, RECORDS_BYTES_MAX, RouterLimits};

fn intent(row: RoutedRow) -> Intent {
    let step = router(RouteTree::to("night")).step(&memory(), &[row], &[], at(1));
    step.intents.into_iter().next().unwrap()
}

fn body(row: RoutedRow) -> Value {
    serde_json::from_slice(&intent(row).body).unwrap()
}

/// A record of exactly so many bytes.
fn record(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}

#[test]
fn a_body_is_written_like_this() {
    let intent = intent(row(7, Severity::High));
    let expected = concat!(
        r#"{"type":"alert.created","timestamp":"2026-11-23T10:00:01Z","receiver":"night","group":{},"#,
        r#""subject":"High severity detected","alerts":[{"id":"00000000000000000000000007","#,
        r#""title":"High severity detected","severity":"high","source":"nullify","#,
        r#""description":"Repeated failed logins","src_ip":"203.0.113.7","dst_ip":null,"#,
        r#""country":"DE","user":null,"created_at":"2026-11-23T10:00:00Z","pipeline":"nullify","#,
        r#""matches":[{"rule":"threat.severity","field":"severity","value":"high","list":null,"#,
        r#""entry":null,"origin":null}],"record":{"severity":"high"}}],"more":0}"#,
    );
    assert_eq!(String::from_utf8(intent.body).unwrap(), expected);
    assert_eq!(intent.subject, "High severity detected");
    assert_eq!(intent.group, "night@0:00000000000000000000000007");
    assert_eq!((intent.episode, intent.ordinal), (7, 1));
}

#[test]
fn all_notifiers_of_a_receiver_get_the_same_body_under_ids_of_their_own() {
    let step = router(RouteTree::to("soc")).step(&memory(), &[row(1, Severity::High)], &[], at(1));
    let [first, second] = step.intents.as_slice() else {
        panic!("two notifiers");
    };
    assert_eq!(first.body, second.body);
    assert_ne!(first.id, second.id);
}

#[test]
fn the_subject_is_one_line_of_what_there_is() {
    let named = |change: fn(&mut AlertRow)| intent(with(row(1, Severity::High), change)).subject;
    assert_eq!(named(|alert| alert.title = None), "Repeated failed logins");
    let nothing = named(|alert| {
        alert.title = None;
        alert.description = " ".to_owned();
    });
    assert_eq!(nothing, "high alert from nullify");
    let forged = named(|alert| alert.title = Some("a\r\nBcc: b@example.org".to_owned()));
    assert_eq!(forged, "a  Bcc: b@example.org");
    assert_eq!(
        named(|alert| alert.title = Some("x".repeat(200))),
        "x".repeat(200)
    );
    let long = named(|alert| alert.title = Some("x".repeat(201)));
    assert_eq!(long, format!("{}…", "x".repeat(200)));
}

#[test]
fn a_record_beyond_the_limit_is_only_measured() {
    for most in [10, RECORD_BYTES_MAX, RECORDS_BYTES_MAX] {
        let router = router(RouteTree::to("night")).with_limits(RouterLimits {
            record_bytes_max: most,
            ..RouterLimits::default()
        });
        let of = |bytes: usize| {
            let row = RoutedRow {
                record: record(bytes),
                ..row(1, Severity::High)
            };
            let step = router.step(&memory(), &[row], &[], at(1));
            let body: Value = serde_json::from_slice(&step.intents[0].body).unwrap();
            body["alerts"][0].clone()
        };
        let whole = of(most);
        assert_eq!(whole["record"].as_str().unwrap().len(), most - 2);
        assert_eq!(whole.get("record_bytes"), None);
        for bytes in [most + 1, most * 10] {
            let cut = of(bytes);
            assert_eq!(
                (&cut["record"], &cut["record_bytes"]),
                (&Value::Null, &bytes.into())
            );
        }
    }
}

#[test]
fn all_records_together_have_a_limit_too() {
    let router = router(grouped("night", &[]));
    let fitting = RECORDS_BYTES_MAX / RECORD_BYTES_MAX;
    let mut state = memory();
    let all: Vec<_> = (1..=fitting as u64 + 2)
        .map(|n| RoutedRow {
            record: record(RECORD_BYTES_MAX),
            ..row(n, Severity::High)
        })
        .collect();
    advance(&router, &mut state, &all, at(0));
    let step = advance(&router, &mut state, &all, at(30));
    let body: Value = serde_json::from_slice(&step.intents[0].body).unwrap();
    let alerts = body["alerts"].as_array().unwrap();
    let shown = alerts.iter().filter(|alert| alert["record"].is_string());
    assert_eq!((alerts.len(), shown.count()), (fitting + 2, fitting));
}

#[test]
fn long_texts_and_many_detections_are_cut() {
    let mut long = with(row(1, Severity::High), |alert| {
        alert.description = "é".repeat(200_000);
    });
    long.matches[0].value = "v".repeat(10_000);
    long.matches = vec![long.matches[0].clone(); 100];
    let body = body(long);
    let alert = &body["alerts"][0];
    assert_eq!(alert["description"], format!("{}…", "é".repeat(1_024)));
    assert_eq!(alert["matches"].as_array().unwrap().len(), 16);
    assert_eq!(
        alert["matches"][0]["value"],
        format!("{}…", "v".repeat(256))
    );
}

proptest! {
    #[test]
    fn whatever_a_sender_writes_the_body_is_json_that_says_it(
        description in any::<String>().prop_filter("short", |text| text.len() <= 2_048),
        user in prop::option::of("\\PC{0,60}"),
    ) {
        let said = (description.clone(), user.clone());
        let row = with(row(1, Severity::High), move |alert| {
            alert.title = None;
            alert.description = said.0;
            alert.user = said.1;
        });
        let body = body(row);
        let alert = &body["alerts"][0];
        prop_assert_eq!(alert["description"].as_str(), Some(description.as_str()));
        prop_assert_eq!(alert["user"].as_str(), user.as_deref());
    }
}

/// Broken on purpose by a record that goes in as it is: no reader of JSON with whole characters takes it.
#[test]
fn surrogates_without_a_partner_spoil_no_body() {
    let check = |record: &str, expected: &str| {
        let mut row = row(1, Severity::High);
        row.record = format!("\"{record}\"").into_bytes();
        let text = String::from_utf8(intent(row).body).unwrap();
        let told = format!("\"record\":\"{expected}\"}}");
        assert!(text.contains(&told), "{record}\n{text}");
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    };
    for whole in [
        r"\ud83d\ude00",
        r"\\ud800",
        r"\\\\ud800",
        r"\u0041\n\ufffd",
        "",
    ] {
        check(whole, whole);
    }
    check(r"\ud800", r"\ufffd");
    check(r"a\uDBFFb", r"a\ufffdb");
    check(r"\udc00\ud800", r"\ufffd\ufffd");
    check(r"\ud800\ud83d\ude00", r"\ufffd\ud83d\ude00");
    check(r"\ud800\u0041", r"\ufffd\u0041");
    check(r"\\\ud800", r"\\\ufffd");
}
