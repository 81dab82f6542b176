use serde_json::json;

use super::*;

/// `a` came, or `a` was taken, in a life of the service.
fn came(id: &str, life: u64) -> Event {
    let alert = format!("alert of {id}");
    Event::Came(Post {
        id: id.to_owned(),
        key: id.to_owned(),
        body: json!({"alerts": [{"id": alert}]}).to_string().into_bytes(),
        life,
    })
}

fn took(id: &str, life: u64) -> Event {
    Event::Took {
        id: id.to_owned(),
        life,
    }
}

/// The rows are those of one group, in this order.
fn judged(events: &[Event], rows: &[&str]) -> Told {
    let alerts = rows.iter().map(|id| format!("alert of {id}")).collect();
    let row = |(at, id): (usize, &&str)| Row {
        receiver: "hook/0".to_owned(),
        group: "g".to_owned(),
        episode: 7,
        ordinal: at as u64 + 1,
        id: (*id).to_owned(),
        state: "sent".to_owned(),
        unheard: 0,
    };
    let rows: Vec<Row> = rows.iter().enumerate().map(row).collect();
    judge(events, &rows, &alerts, UNDER_WAY_MAX)
}

/// Everything is zero but what `set` sets.
fn check(events: &[Event], rows: &[&str], set: impl FnOnce(&mut Told), example: &str) {
    let mut expected = Told::default();
    set(&mut expected);
    expected.examples.push(example.to_owned());
    let told = judged(events, rows);
    assert_eq!(told, expected);
    assert!(!told.is_clean() && told.count() == 1);
}

#[test]
fn tries_until_one_is_taken_are_clean() {
    let events = [
        came("a", 0),
        came("a", 0),
        took("a", 0),
        came("b", 0),
        came("b", 1),
        took("b", 1),
    ];
    assert!(judged(&events, &["a", "b"]).is_clean());
    assert_eq!(repeats(&events), 2);
}

#[test]
fn an_alert_that_nobody_heard_of_is_untold() {
    let lost = "untold: alert of b";
    check(
        &[came("a", 0), took("a", 0)],
        &["a", "b"],
        |told| told.untold = 1,
        lost,
    );
    // It came and was never taken.
    let events = [came("a", 0), took("a", 0), came("b", 0)];
    check(&events, &["a", "b"], |told| told.untold = 1, lost);
}

#[test]
fn a_row_that_is_not_sent_is_untold() {
    let row = Row {
        receiver: "hook/0".to_owned(),
        group: "g".to_owned(),
        episode: 1,
        ordinal: 1,
        id: "a".to_owned(),
        state: "dead".to_owned(),
        unheard: 0,
    };
    let events = [came("a", 0), took("a", 0)];
    let told = judge(
        &events,
        &[row],
        &BTreeSet::from(["alert of a".to_owned()]),
        UNDER_WAY_MAX,
    );
    assert_eq!((told.untold, told.count()), (1, 1));
    assert_eq!(told.examples, ["untold, dead: a"]);
}

#[test]
fn a_repeat_within_the_life_that_was_answered_is_found() {
    let events = [came("a", 3), took("a", 3), came("a", 3)];
    let example = "repeated after it was taken: a";
    check(&events, &["a"], |told| told.repeated = 1, example);
}

#[test]
fn what_was_taken_may_come_again_when_the_answer_was_not_heard() {
    let item = json!({
        "receiver": "hook/0", "group": "g", "episode": 7, "ordinal": 1, "id": "a", "state": "sent",
        "attempts": [
            {"error": "no answer within 300 ms from 127.0.0.1:1"},
            {"error": "127.0.0.1:1 answered 500"},
            {"error": null},
        ],
    });
    let row = Row::read(&item).unwrap();
    assert_eq!(row.unheard, 1);
    let alerts = BTreeSet::from(["alert of a".to_owned()]);
    let mut events = vec![came("a", 0), took("a", 0), came("a", 0), took("a", 0)];
    assert!(judge(&events, std::slice::from_ref(&row), &alerts, UNDER_WAY_MAX).is_clean());
    events.push(came("a", 0));
    assert_eq!(judge(&events, &[row], &alerts, UNDER_WAY_MAX).repeated, 1);
}

#[test]
fn after_a_kill_only_what_was_under_way_may_come_again() {
    let ids = ["a", "b", "c"];
    let mut events: Vec<Event> = ids
        .iter()
        .flat_map(|id| [came(id, 0), took(id, 0)])
        .collect();
    events.extend(ids.iter().take(UNDER_WAY_MAX).map(|id| came(id, 1)));
    assert!(judged(&events, &ids).is_clean());
    events.push(came("c", 1));
    let example = "repeated after it was taken: c";
    check(&events, &ids, |told| told.repeated = 1, example);
}

#[test]
fn a_repeat_with_another_body_or_another_key_is_found() {
    let change = |change: fn(&mut Post)| {
        let mut events = vec![came("a", 0), came("a", 0), took("a", 0)];
        if let Some(Event::Came(post)) = events.get_mut(1) {
            change(post);
        }
        check(&events, &["a"], |told| told.changed = 1, "changed: a");
    };
    change(|post| post.body.push(b' '));
    change(|post| post.key = "another".to_owned());
}

#[test]
fn what_comes_before_an_earlier_one_was_taken_is_found() {
    let events = [
        came("a", 0),
        came("b", 0),
        took("b", 0),
        came("a", 0),
        took("a", 0),
    ];
    let example = "came before a: b";
    check(&events, &["a", "b"], |told| told.disordered = 1, example);
}

#[test]
fn an_alert_that_two_notifications_tell_of_is_found() {
    let mut second = came("b", 0);
    if let Event::Came(post) = &mut second {
        post.body = json!({"alerts": [{"id": "alert of b"}, {"id": "alert of a"}]})
            .to_string()
            .into_bytes();
    }
    let events = [came("a", 0), took("a", 0), second, took("b", 0)];
    let example = "told of by two notifications: alert of a";
    check(&events, &["a", "b"], |told| told.retold = 1, example);
}

#[test]
fn what_the_service_does_not_know_is_invented() {
    let events = [came("a", 0), took("a", 0), came("x", 0)];
    check(&events, &["a"], |told| told.invented = 1, "invented: x");
}

#[test]
fn a_row_without_a_member_is_refused() {
    let error = Row::read(&json!({"receiver": "hook/0"})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a delivery has no `group`: {\"receiver\":\"hook/0\"}"
    );
}

#[test]
fn after_a_clean_stop_nothing_that_was_taken_comes_again() {
    let events = [came("a", 0), took("a", 0), came("a", 1)];
    let alerts = BTreeSet::from(["alert of a".to_owned()]);
    assert_eq!(judge(&events, &[], &alerts, UNDER_WAY_MAX).repeated, 0);
    assert_eq!(judge(&events, &[], &alerts, 0).repeated, 1);
}

#[test]
fn what_was_taken_and_not_heard_may_come_until_an_answer_is_heard() {
    let alerts = BTreeSet::from(["alert of a".to_owned()]);
    let row = Row {
        receiver: "hook/0".to_owned(),
        group: "g".to_owned(),
        episode: 7,
        ordinal: 1,
        id: "a".to_owned(),
        state: "sent".to_owned(),
        unheard: 1,
    };
    let mut events = vec![
        came("a", 0),
        took("a", 0),
        came("a", 0),
        came("a", 0),
        took("a", 0),
    ];
    let rows = [row];
    assert!(judge(&events, &rows, &alerts, 0).is_clean());
    events.push(came("a", 0));
    assert_eq!(judge(&events, &rows, &alerts, 0).repeated, 1);
}
