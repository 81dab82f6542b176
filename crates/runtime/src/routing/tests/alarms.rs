//! What the others are told when a notification is given up.

use super::*;
use crate::fakes::{Fault, seconds};

/// Receivers of which some refuse everything.
fn office(refusing: &[&str]) -> Office {
    let notifier = |name: &str| {
        let refuses = refusing.contains(&name);
        FakeNotifier::new(name, vec![Reply::Refuse; if refuses { 100 } else { 0 }])
    };
    Office::new([
        ("night", vec![notifier("night")]),
        ("soc", vec![notifier("soc"), notifier("mail")]),
    ])
}

/// The receivers and groups of all rows, in the order of decision.
fn rows(office: &Office) -> Vec<(String, String)> {
    let rows = office.outbox.rows().into_iter();
    rows.map(|row| (row.intent.receiver, row.intent.group))
        .collect()
}

fn row(receiver: &str, group: &str) -> (String, String) {
    (receiver.to_owned(), group.to_owned())
}

/// Broken on purpose by telling nobody, or the one that failed.
#[tokio::test(start_paused = true)]
async fn when_a_notification_is_given_up_every_other_notifier_is_told() {
    let office = office(&["soc"]);
    office.outbox.fail_next_settlements([Fault::Unknown]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(5)).await;
    let alarm = "undelivered@soc/0";
    let expected = [
        row("soc/0", "g"),
        row("night/0", alarm),
        row("soc/1", alarm),
    ];
    assert_eq!(rows(&office), expected);
    assert_eq!(office.states()[1..], [DeliveryState::Sent; 2]);
    let told = office.notifier("night").calls()[0].notification.clone();
    assert_eq!(told.subject, "Notifications by soc/0 are given up");
    let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(body["type"], "notification.dead");
    assert_eq!(body["receiver"], "night");
    let given_up = office.outbox.rows()[0].intent.id.to_string();
    assert_eq!(body["notification"]["id"], given_up.as_str());
    assert_eq!(body["notification"]["error"], "status 400");
    delivery.stop().await;
}

/// Broken on purpose by an alarm of the alarm, which never ends when nobody answers.
#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_given_up_raises_none_and_many_share_one_an_hour() {
    let office = office(&["soc", "night", "mail"]);
    for group in 0..50 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(
        rows(&office).len(),
        52,
        "fifty, and one for each of the others"
    );
    assert_eq!(office.states(), [DeliveryState::Dead; 52]);
    tokio::time::sleep(seconds(3_600)).await;
    office.put("soc/0", "later", 1);
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(rows(&office).len(), 55);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn with_one_notifier_there_is_nobody_else_to_tell() {
    let office = Office::soc([Reply::Refuse]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(office.states(), [DeliveryState::Dead]);
    delivery.stop().await;
}
