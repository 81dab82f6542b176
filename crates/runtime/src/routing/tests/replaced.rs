//! Routes and receivers that are replaced while the loops run.

use super::*;
use crate::fakes::seconds;

fn one(name: &str, notifier: &Arc<FakeNotifier>) -> (String, Vec<Arc<dyn Notifier>>) {
    (name.to_owned(), vec![Arc::clone(notifier) as _])
}

#[tokio::test(start_paused = true)]
async fn alerts_follow_the_route_of_now() {
    let office = Office::new([
        ("soc", vec![FakeNotifier::new("a", [])]),
        ("night", vec![FakeNotifier::new("b", [])]),
    ]);
    let (routes, now) = watch::channel(None);
    let running = office.start_router_of(now);
    let told = || -> Vec<String> {
        let rows = office.outbox.rows().into_iter();
        rows.map(|row| row.intent.receiver).collect()
    };
    office.commit(1);
    tokio::time::sleep(seconds(10)).await;
    assert!(told().is_empty(), "nobody is told without a route");
    routes.send_replace(Some(office.router(RouteTree::to("soc"))));
    office.until(|| told().len() == 1).await;
    routes.send_replace(Some(office.router(RouteTree::to("night"))));
    office.commit(2);
    office.until(|| told().len() == 2).await;
    routes.send_replace(None);
    office.commit(3);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(told(), ["soc/0", "night/0"]);
    routes.send_replace(Some(office.router(RouteTree::to("soc"))));
    office.until(|| told().len() == 3).await;
    assert_eq!(told(), ["soc/0", "night/0", "soc/0"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_to_the_receiver_of_now() {
    let office = Office::soc([Reply::Busy(None)]);
    let receivers = office.receivers();
    let delivery = office.start_delivery_to(Arc::clone(&receivers));
    office.put("soc/0", "g", 1);
    office
        .until(|| office.notifier("soc").calls().len() == 1)
        .await;
    let mended = Arc::new(FakeNotifier::new("mended", []));
    receivers.replace(vec![one("soc", &mended)]).unwrap();
    office.until(|| office.all_sent()).await;
    assert_eq!(office.notifier("soc").calls().len(), 1);
    let calls = mended.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].notification.attempt, 2);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_receiver_that_is_removed_ends_dead_and_can_be_retried() {
    // Two are under way for 20 s, further ones are in hand and wait for them.
    let slow = [(); 2].map(|()| Reply::TakeAfter(seconds(20)));
    let office = Office::new([
        ("soc", vec![FakeNotifier::new("soc", slow)]),
        ("night", vec![FakeNotifier::new("night", [])]),
    ]);
    let receivers = office.receivers();
    let delivery = office.start_delivery_to(Arc::clone(&receivers));
    for group in ["a", "b", "c", "d"] {
        office.put("soc/0", group, 1);
    }
    office
        .until(|| office.notifier("soc").under_way() == 2)
        .await;
    let night = Arc::new(FakeNotifier::new("night", []));
    receivers.replace(vec![one("night", &night)]).unwrap();
    office
        .until(|| {
            let states = office.states();
            let dead = states.iter().filter(|it| **it == DeliveryState::Dead);
            dead.count() == 2
        })
        .await;
    office.put("night/0", "e", 1);
    // The others are told once that something was given up.
    office.until(|| night.calls().len() == 2).await;
    let done = [DeliveryState::Sent, DeliveryState::Dead];
    office
        .until(|| office.states().iter().all(|state| done.contains(state)))
        .await;
    let rows = office.outbox.rows();
    assert_eq!(
        office.states(),
        [
            DeliveryState::Sent,
            DeliveryState::Sent,
            DeliveryState::Dead,
            DeliveryState::Dead,
            DeliveryState::Sent,
            DeliveryState::Sent,
        ],
        "those under way end as they began"
    );
    for row in &rows[2..4] {
        let error = row.attempts.last().and_then(|last| last.error.as_deref());
        assert_eq!(error, Some("there is no receiver `soc/0` any more"));
    }
    assert_eq!(office.notifier("soc").calls().len(), 2);

    let back = Arc::new(FakeNotifier::new("soc", []));
    receivers.replace(vec![one("soc", &back)]).unwrap();
    let id = office.outbox.rows()[2].intent.id;
    let outbox: &dyn cresset_model::ports::Outbox = &*office.outbox;
    assert_eq!(outbox.retry(vec![id], office.clock.now()).await, Ok(1));
    office.until(|| back.calls().len() == 1).await;
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn receivers_are_replaced_as_a_whole_or_not_at_all() {
    let office = Office::soc([]);
    let receivers = office.receivers();
    let other = Arc::new(FakeNotifier::new("other", []));
    let twice = vec![one("night", &other), one("night", &other)];
    let error = receivers.replace(twice).unwrap_err();
    assert_eq!(error.to_string(), "the receiver `night` is defined twice");
    assert_eq!(receivers.counts(), BTreeMap::from([("soc".to_owned(), 1)]));
}
