use cresset_model::notification::RETRY_WAITS;
use cresset_model::ports::{Receivers, UnknownReceiver};

use super::*;
use crate::fakes::{Fault, seconds};

#[tokio::test(start_paused = true)]
async fn a_notification_is_delivered_at_once_and_settled() {
    let office = Office::soc([]);
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(60)).await;
    office.put("soc/0", "g", 1);
    let waited = office.until(|| office.all_sent()).await;
    assert!(waited <= Duration::from_millis(1), "{waited:?}");
    let calls = office.notifier("soc").calls();
    let row = &office.outbox.rows()[0];
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].notification.id, row.intent.id);
    assert_eq!(calls[0].notification.body, row.intent.body);
    assert_eq!(row.attempts.len(), 1);
    assert_eq!(row.attempts[0].error, None);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_is_tried_again_after_longer_and_longer_waits() {
    let office = Office::soc([Reply::Busy(None); 100]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    office
        .until(|| office.states() == [DeliveryState::Dead])
        .await;
    let calls = office.notifier("soc").calls();
    assert_eq!(
        calls.len(),
        RETRY_WAITS.len() + 1,
        "the last try and no more"
    );
    for (pair, wait) in calls.windows(2).zip(RETRY_WAITS) {
        let waited = pair[1].at.saturating_sub(pair[0].at);
        let most = wait + wait / 2 + seconds(1);
        assert!(waited >= wait && waited <= most, "{waited:?} for {wait:?}");
        assert_eq!(pair[0].notification.id, pair[1].notification.id);
        assert_eq!(pair[0].notification.body, pair[1].notification.body);
        assert_eq!(
            pair[0].notification.attempt + 1,
            pair[1].notification.attempt
        );
    }
    let row = &office.outbox.rows()[0];
    assert!(
        row.attempts
            .iter()
            .all(|it| it.error.as_deref() == Some("status 503"))
    );
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_given_up_at_once() {
    let office = Office::soc([Reply::Refuse]);
    office.put("soc/0", "g", 1);
    office.put("soc/0", "g", 2);
    let delivery = office.start_delivery();
    let ended = [DeliveryState::Dead, DeliveryState::Sent];
    let waited = office.until(|| office.states() == ended).await;
    assert!(
        waited <= seconds(1),
        "the next one of the group does not wait: {waited:?}"
    );
    assert_eq!(office.outbox.rows()[0].attempts.len(), 1);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_receiver_asks_for_is_a_floor_of_at_most_an_hour() {
    for (asked, least) in [
        (2, 5),
        (60, 60),
        (3_600, 3_600),
        (3_601, 3_600),
        (36_000, 3_600),
    ] {
        let office = Office::soc([Reply::Busy(Some(seconds(asked)))]);
        office.put("soc/0", "g", 1);
        let delivery = office.start_delivery();
        office.until(|| office.all_sent()).await;
        let calls = office.notifier("soc").calls();
        let waited = calls[1].at.saturating_sub(calls[0].at);
        let least = seconds(least);
        assert!(
            waited >= least && waited <= least + seconds(4),
            "{asked}: {waited:?}"
        );
        delivery.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_is_given_thirty_seconds() {
    let office = Office::soc([Reply::Hang]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    office.until(|| office.all_sent()).await;
    let row = &office.outbox.rows()[0];
    assert_eq!(row.attempts.len(), 2);
    assert_eq!(
        row.attempts[0].error.as_deref(),
        Some("no answer within 30 s")
    );
    let took = row.attempts[0].ended.since(row.attempts[0].begun);
    assert_eq!(took, DELIVERY_TIMEOUT);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_is_said_so() {
    let office = Office::soc([]);
    for receiver in ["night/0", "soc/1", "soc", "soc/x"] {
        office.put(receiver, "g", 1);
    }
    let delivery = office.start_delivery();
    office
        .until(|| office.states()[..4] == [DeliveryState::Dead; 4])
        .await;
    let error = office.outbox.rows()[0].attempts[0].error.clone();
    assert_eq!(
        error.as_deref(),
        Some("there is no receiver `night/0` any more")
    );
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_not_stored_is_stored_later_and_nothing_is_sent_twice() {
    for fault in [Fault::Transient, Fault::Unknown] {
        let office = Office::soc([]);
        // Longer than any lease lasts.
        office.outbox.fail_next_settlements([fault; 200]);
        office.put("soc/0", "g", 1);
        office.put("soc/0", "g", 2);
        let delivery = office.start_delivery();
        office.until(|| office.all_sent()).await;
        assert_eq!(office.notifier("soc").calls().len(), 2, "{fault:?}");
        delivery.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_stops_nothing_for_good() {
    let office = Office::soc([]);
    office.outbox.set_down(true);
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(300)).await;
    office.outbox.set_down(false);
    office.put("soc/0", "g", 1);
    let waited = office.until(|| office.all_sent()).await;
    assert!(waited <= seconds(1), "{waited:?}");
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_breaks_costs_only_its_try() {
    let office = Office::soc([Reply::Panic]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    let waited = office.until(|| office.all_sent()).await;
    assert!(
        waited <= seconds(62),
        "when its lease has expired: {waited:?}"
    );
    delivery.stop().await;
}

/// Broken on purpose by leaving what a slow endpoint lets go to the end of its lease.
#[tokio::test(start_paused = true)]
async fn what_was_let_go_comes_again_long_before_its_lease_has_expired() {
    let office = Office::soc([(); 2].map(|()| Reply::TakeAfter(seconds(3))));
    for group in 0..60 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    let waited = office.until(|| office.all_sent()).await;
    assert!(waited < seconds(20), "{waited:?}");
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_made_due_by_hand_is_sent_soon() {
    let office = Office::soc([Reply::Refuse]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    office
        .until(|| office.states() == [DeliveryState::Dead])
        .await;
    tokio::time::sleep(seconds(100)).await;
    let id = office.outbox.rows()[0].intent.id;
    let outbox: &dyn cresset_model::ports::Outbox = &*office.outbox;
    assert_eq!(outbox.retry(vec![id], office.clock.now()).await, Ok(1));
    let waited = office.until(|| office.all_sent()).await;
    assert!(waited <= Duration::from_millis(1_100), "{waited:?}");
    assert_eq!(office.notifier("soc").calls()[1].notification.attempt, 2);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_deliveries_under_way_end() {
    let office = Office::soc([Reply::TakeAfter(seconds(8))]);
    office.put("soc/0", "g", 1);
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(1)).await;
    delivery.stop().await;
    assert!(office.all_sent());
    assert_eq!(office.clock.elapsed(), seconds(8));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_nobody_who_hangs() {
    let office = Office::soc([Reply::Hang]);
    office.put("soc/0", "g", 1);
    let (stop, stopped) = watch::channel(false);
    let (_, router) = watch::channel(Some(office.router(RouteTree::to("soc"))));
    let routing = Routing {
        router: office.router_loop(router),
        delivery: office.delivery(office.receivers()),
    };
    let task = tokio::spawn(routing.run(stopped));
    tokio::time::sleep(seconds(1)).await;
    stop.send_replace(true);
    task.await.unwrap();
    assert_eq!(office.clock.elapsed(), seconds(10));
    assert_eq!(office.notifier("soc").under_way(), 0, "it was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_test_message_goes_by_every_notifier_and_leaves_the_outbox_alone() {
    let office = Office::new([
        (
            "soc",
            vec![
                FakeNotifier::new("a", []),
                FakeNotifier::new("b", [Reply::Refuse]),
                FakeNotifier::new("c", [Reply::Hang]),
            ],
        ),
        ("night", vec![FakeNotifier::new("d", [])]),
    ]);
    let receivers = office.receivers();
    let said = receivers.test("soc").await.unwrap();
    let said: Vec<(&str, Result<(), String>)> = said
        .iter()
        .map(|(name, result)| {
            let result = result.as_ref().copied().map_err(ToString::to_string);
            (name.as_str(), result)
        })
        .collect();
    assert_eq!(
        said,
        [
            ("soc/0", Ok(())),
            ("soc/1", Err("status 400".to_owned())),
            ("soc/2", Err("no answer within 30 s".to_owned())),
        ]
    );
    assert!(office.outbox.rows().is_empty());
    let body = office.notifier("soc").calls()[0].notification.body.clone();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["type"], &body["receiver"]),
        (&"test".into(), &"soc".into())
    );
    let unknown = receivers.test("mail").await;
    assert_eq!(unknown, Err(UnknownReceiver("mail".to_owned())));
    let names: Vec<String> = receivers.list().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["night", "soc"]);
}

#[test]
fn two_receivers_cannot_have_one_name() {
    let clock = Arc::new(crate::fakes::FixedClock) as Arc<dyn Clock>;
    let twice = ["soc", "night", "soc"].map(|name| (name.to_owned(), Vec::new()));
    let error = ReceiverSet::new(twice.to_vec(), clock).err().unwrap();
    assert_eq!(error.to_string(), "the receiver `soc` is defined twice");
}
