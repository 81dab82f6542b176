use serde_json::json;

use super::dice::Dice;
use super::judge::{Records, Verdict, judge};
use super::service::read_truth;

fn alerts(rows: &[(&str, &str)]) -> Records {
    let mut alerts = Records::default();
    for (id, description) in rows {
        let alert = json!({
            "source": "waf", "id": id, "severity": "low", "description": description,
            "src_ip": "192.168.0.1", "dst_ip": "203.0.113.1",
        });
        alerts.add_alert(&alert, "id").unwrap();
    }
    alerts
}

/// Judges with an upstream that stood still during the last sync.
fn check(upstream: &[(&str, &str)], kept: &[(&str, &str)], expected: [usize; 4]) -> Verdict {
    let verdict = judge(&alerts(upstream), &alerts(upstream), &alerts(kept));
    let Verdict {
        lost,
        doubled,
        stale,
        invented,
        ..
    } = verdict;
    assert_eq!([lost, doubled, stale, invented], expected);
    verdict
}

#[test]
fn equal_sides_are_clean() {
    let both = [("1", "a"), ("2", "b")];
    assert!(check(&both, &both, [0, 0, 0, 0]).is_clean());
}

#[test]
fn each_kind_of_difference_is_counted_and_named() {
    let lost = check(&[("1", "a"), ("2", "b")], &[("1", "a")], [1, 0, 0, 0]);
    assert_eq!(lost.examples, ["lost: waf 2"]);
    assert!(!lost.is_clean());
    check(&[("1", "a")], &[("1", "a"), ("1", "a")], [0, 1, 0, 0]);
    check(&[("1", "new")], &[("1", "old")], [0, 0, 1, 0]);
    check(&[("1", "a")], &[("1", "a"), ("2", "b")], [0, 0, 0, 1]);
}

#[test]
fn an_upstream_that_goes_on_during_the_last_sync_is_fair() {
    let (before, after) = (alerts(&[("1", "a")]), alerts(&[("1", "b"), ("2", "c")]));
    for kept in [
        [("1", "a")].as_slice(),
        &[("1", "between a and b")],
        &[("1", "b"), ("2", "c")],
    ] {
        assert!(judge(&before, &after, &alerts(kept)).is_clean());
    }
    assert_eq!(judge(&before, &after, &alerts(&[("2", "c")])).lost, 1);
}

#[test]
fn a_malformed_record_that_is_no_dead_letter_is_lost() {
    let mut upstream = alerts(&[("1", "a")]);
    upstream.add_malformed("{}");
    assert_eq!(upstream.counts(), (1, 1));
    let verdict = judge(&upstream, &upstream, &alerts(&[("1", "a")]));
    assert_eq!(verdict.lost, 1);
    assert_eq!(verdict.examples, ["lost: malformed {}"]);
}

#[test]
fn the_truth_is_a_line_for_each_alert_and_a_summary() {
    let alert = "{\"source\":\"waf\",\"id\":\"1\",\"severity\":\"low\",\"description\":\"a\",\
                 \"src_ip\":\"192.168.0.1\",\"dst_ip\":\"203.0.113.1\"}";
    let summary = "{\"summary\":{\"alerts\":1,\"malformed\":1,\"malformed_raw\":[\"{}\"]}}";
    let mut expected = alerts(&[("1", "a")]);
    expected.add_malformed("{}");
    assert_eq!(
        read_truth(&format!("{alert}\n{summary}\n")).unwrap(),
        expected
    );
    let cut = read_truth(alert).unwrap_err();
    assert_eq!(cut.to_string(), "the truth has no summary");
}

#[test]
fn an_alert_without_a_field_is_refused() {
    let error = Records::default().add_alert(&json!({"source": "waf"}), "id");
    assert_eq!(
        error.unwrap_err().to_string(),
        "an alert has no `id`: {\"source\":\"waf\"}"
    );
}

#[test]
fn the_same_seed_throws_the_same_numbers() {
    let throw = |seed| {
        let mut dice = Dice::new(seed);
        (0..100).map(|_| dice.between(3, 7)).collect::<Vec<_>>()
    };
    assert_eq!(throw(1), throw(1));
    assert_ne!(throw(1), throw(2));
    assert!(throw(1).iter().all(|number| (3..=7).contains(number)));
}
