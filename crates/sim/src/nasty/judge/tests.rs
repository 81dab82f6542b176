//! The judge is fed rows that somebody tampered with.

use bytes::Bytes;
use cresset_model::Timestamp;
use serde_json::{Value, json};

use super::super::alert::Alert;
use super::super::book::Unusable;
use super::super::cast::Cast;
use super::{AlertJudge, LetterJudge};

const REASON: &str = "bad_json";

fn alerts() -> Vec<Alert> {
    let now = Timestamp::from_seconds(1_790_000_000).unwrap();
    Cast::new(7, now, ([127, 0, 0, 1], 9).into()).alerts(5, 10)
}

fn row(pipeline: &str, alert: &Alert) -> Value {
    json!({
        "pipeline": pipeline,
        "source": alert.source,
        "upstream_id": alert.id,
        "severity": alert.severity,
        "description": alert.description,
        "src_ip": alert.src_ip,
        "dst_ip": alert.dst_ip,
        "created_at": alert.created_at.to_z(),
        "revision": 1,
    })
}

/// The verdict on the rows of two pipelines that were told the same alerts, after a change to them.
fn verdict(change: impl FnOnce(&mut Vec<Value>)) -> Vec<String> {
    let mut judge = AlertJudge::new();
    let mut rows = Vec::new();
    for pipeline in ["one", "two"] {
        judge.expect(pipeline, alerts().into_iter(), true);
        rows.extend(alerts().iter().map(|alert| row(pipeline, alert)));
    }
    change(&mut rows);
    for row in &rows {
        judge.take(row);
    }
    judge.faults()
}

/// The one fault that a change leads to; it names its kind and the alert.
fn fault(change: impl FnOnce(&mut Vec<Value>), begins: &str, names: &str) {
    let faults = verdict(change);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with(begins), "{faults:?}");
    assert!(faults[0].contains(names), "{faults:?}");
}

#[test]
fn rows_as_they_were_told_are_well_in_any_order() {
    assert_eq!(verdict(|_| ()), Vec::<String>::new());
    assert_eq!(verdict(|rows| rows.reverse()), Vec::<String>::new());
}

#[test]
fn a_lost_a_doubled_and_an_invented_alert_are_noticed() {
    let key = |pipeline: &str, nth: usize| {
        let alert = &alerts()[nth];
        format!("{pipeline}/{}/{}", alert.source, alert.id)
    };
    fault(|rows| drop(rows.remove(3)), "1 alerts lost", &key("one", 3));
    let again = |rows: &mut Vec<Value>| rows.push(rows[4].clone());
    fault(again, "1 alerts doubled", &key("one", 4));
    let mut more = alerts().remove(0);
    more.id = "nobody told".to_owned();
    let invent = |rows: &mut Vec<Value>| rows.push(row("one", &more));
    fault(invent, "1 alerts invented", "nobody told");
    let none = verdict(Vec::clear);
    assert_eq!(none.len(), 1);
    assert!(none[0].starts_with("10 alerts lost, such as "), "{none:?}");
}

#[test]
fn one_id_of_two_pipelines_is_two_alerts() {
    // The second replaced the first: it is lost, and the other one is there twice.
    let mut faults = verdict(|rows| rows[2]["pipeline"] = "two".into());
    faults.sort();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("1 alerts doubled, such as two/"));
    assert!(faults[1].starts_with("1 alerts lost, such as one/"));
}

#[test]
fn a_stale_alert_is_noticed_in_each_of_its_fields() {
    let id = alerts()[1].id.clone();
    for field in super::FIELDS {
        for old in [json!("former"), Value::Null] {
            let change = |rows: &mut Vec<Value>| rows[1][field] = old;
            fault(change, "1 alerts stale", &id);
        }
    }
    for revision in [json!(2), json!(0), Value::Null] {
        let change = |rows: &mut Vec<Value>| rows[1]["revision"] = revision;
        fault(change, "1 alerts changed for nothing", &id);
    }
    let mut judge = AlertJudge::new();
    judge.expect("one", alerts().into_iter(), false);
    for alert in alerts() {
        let mut row = row("one", &alert);
        row["revision"] = json!(3);
        judge.take(&row);
    }
    assert_eq!(judge.faults(), Vec::<String>::new(), "these may change");
}

/// Two records of one reason and length, one that is longer than what is kept, and one that is too long to
/// be known.
fn unusable() -> Vec<Unusable> {
    let long = Bytes::from("x".repeat(70_000));
    let records = [
        (4, Some(Bytes::from_static(b"{\"a\""))),
        (4, Some(Bytes::from_static(b"{\"b\""))),
        (70_000, Some(long)),
        (1 << 28, None),
    ];
    let records = records.into_iter();
    records
        .map(|(bytes, raw)| Unusable {
            reason: REASON,
            bytes,
            raw,
        })
        .collect()
}

type Letter = (Value, Vec<u8>);

/// The verdict on a dead letter for each record, after a change to them.
fn letters(change: impl FnOnce(&mut Vec<Letter>)) -> Vec<String> {
    let unusable = unusable();
    let mut letters: Vec<Letter> = Vec::new();
    for one in &unusable {
        let raw = one.raw.clone().unwrap_or_else(|| "y".repeat(70_000).into());
        let kept = raw[..raw.len().min(64 << 10)].to_vec();
        let letter = json!({
            "reason": REASON,
            "full_bytes": one.bytes,
            "whole": kept.len() as u64 == one.bytes,
            "count": 3,
        });
        letters.push((letter, kept));
    }
    change(&mut letters);
    let mut judge = LetterJudge::new(&unusable);
    for (letter, raw) in &letters {
        judge.take(letter, raw);
    }
    judge.faults()
}

#[test]
fn a_missing_and_a_second_dead_letter_are_noticed() {
    assert_eq!(letters(|_| ()), Vec::<String>::new());
    assert_eq!(letters(|all| all.reverse()), Vec::<String>::new());
    for nth in 0..unusable().len() {
        let bytes = unusable()[nth].bytes;
        let missing = letters(|all| drop(all.remove(nth)));
        let said = format!("1 unusable records of {bytes} bytes are no dead letters: {REASON}");
        assert_eq!(missing, [said]);
        let second = letters(|all| all.push(all[nth].clone()));
        assert_eq!(second.len(), 1, "{second:?}");
        assert!(second[0].starts_with("a dead letter for nothing: "));
    }
    // One is there twice and its twin is not: the count alone would be well.
    let twice = letters(|all| all[1] = all[0].clone());
    assert_eq!(twice.len(), 2, "{twice:?}");
    assert!(twice[0].starts_with("a dead letter with other bytes: "));
    assert!(twice[1].starts_with("1 unusable records of 4 bytes"));
}

#[test]
fn a_dead_letter_that_says_something_else_is_noticed() {
    let said = |change: fn(&mut Letter), words: &str| {
        for nth in 0..unusable().len() {
            let faults = letters(|all| change(&mut all[nth]));
            let is_told = faults.iter().any(|fault| fault.starts_with(words));
            assert!(is_told, "{nth}: {faults:?}");
        }
    };
    said(|(_, raw)| raw.truncate(1), "a dead letter with other bytes");
    said(
        |(letter, _)| letter["whole"] = json!(letter["whole"] != true),
        "a dead letter with other bytes",
    );
    said(
        |(letter, _)| letter["count"] = json!(2),
        "a dead letter that came too seldom",
    );
    said(
        |(letter, _)| letter["reason"] = json!("other"),
        "a dead letter for nothing",
    );
    said(
        |(letter, _)| letter["full_bytes"] = json!(5),
        "a dead letter for nothing",
    );
}
