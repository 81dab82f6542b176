use serde_json::json;

use super::dice::Dice;
use super::judge::{Alerts, Verdict, judge};

fn alerts(rows: &[(&str, &str)]) -> Alerts {
    let mut alerts = Alerts::default();
    for (id, description) in rows {
        let alert = json!({
            "source": "waf", "id": id, "severity": "low", "description": description,
            "src_ip": "192.168.0.1", "dst_ip": "203.0.113.1",
        });
        alerts.add(&alert, "id").unwrap();
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
        &[("1", "b")],
        &[("1", "b"), ("2", "c")],
    ] {
        assert!(judge(&before, &after, &alerts(kept)).is_clean());
    }
    assert_eq!(judge(&before, &after, &alerts(&[("2", "c")])).lost, 1);
}

#[test]
fn an_alert_without_a_field_is_refused() {
    let error = Alerts::default().add(&json!({"source": "waf"}), "id");
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
