use super::*;
use crate::fakes::seconds;

#[tokio::test(start_paused = true)]
async fn at_most_two_go_to_one_endpoint_and_sixteen_in_all() {
    let slow = || vec![Reply::TakeAfter(seconds(20)); 10];
    let names: Vec<String> = (0..20).map(|n| format!("e{n}")).collect();
    let notifiers = names.iter().map(|name| FakeNotifier::new(name, slow()));
    let office = Office::new([("soc", notifiers.collect())]);
    for notifier in 0..20 {
        for group in 0..4 {
            office.put(&format!("soc/{notifier}"), &format!("g{group}"), 1);
        }
    }
    let delivery = office.start_delivery();
    let under_way = || -> usize {
        office.notifiers["soc"]
            .iter()
            .map(|it| it.under_way())
            .sum()
    };
    let mut most = 0;
    while !office.all_sent() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        most = most.max(under_way());
    }
    assert_eq!(most, DELIVERIES_MAX);
    for notifier in &office.notifiers["soc"] {
        assert_eq!(notifier.most(), ENDPOINT_DELIVERIES_MAX);
        assert_eq!(notifier.calls().len(), 4, "each once");
    }
    delivery.stop().await;
}

/// At the limits, one beyond them and ten times as much: the same number is under way.
#[tokio::test(start_paused = true)]
async fn other_limits_of_deliveries_are_kept_however_much_waits() {
    let limits = DeliveryLimits {
        deliveries_max: 3,
        endpoint_deliveries_max: 1,
    };
    // As many endpoints as deliveries at once, one more, ten times as many; the same of each endpoint.
    for (endpoints, groups) in [(3, 1), (4, 2), (30, 10)] {
        let slow = || vec![Reply::TakeAfter(seconds(5)); 10];
        let names: Vec<String> = (0..endpoints).map(|n| format!("e{n}")).collect();
        let notifiers = names.iter().map(|name| FakeNotifier::new(name, slow()));
        let office = Office::new([("soc", notifiers.collect())]);
        for notifier in 0..endpoints {
            for group in 0..groups {
                office.put(&format!("soc/{notifier}"), &format!("g{group}"), 1);
            }
        }
        let delivery = office.start_delivery_with(limits);
        let mut most = 0;
        while !office.all_sent() {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let under_way = office.notifiers["soc"].iter().map(|it| it.under_way());
            most = most.max(under_way.sum());
        }
        assert_eq!(most, 3, "{endpoints}");
        let each = office.notifiers["soc"].iter().map(|it| it.most());
        assert_eq!(each.max(), Some(1), "{endpoints}");
        delivery.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn notifiers_with_the_same_endpoint_share_its_places() {
    let slow = || FakeNotifier::new("one", vec![Reply::TakeAfter(seconds(5)); 4]);
    let office = Office::new([("soc", vec![slow(), slow()])]);
    for group in 0..4 {
        office.put(&format!("soc/{}", group % 2), &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(1)).await;
    let under_way: usize = office.notifiers["soc"]
        .iter()
        .map(|it| it.under_way())
        .sum();
    assert_eq!(under_way, ENDPOINT_DELIVERIES_MAX);
    office.until(|| office.all_sent()).await;
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_holds_nobody_else_up() {
    let office = Office::new([
        (
            "bad",
            vec![FakeNotifier::new("bad", vec![Reply::Hang; 1_000])],
        ),
        ("good", vec![FakeNotifier::new("good", [])]),
    ]);
    for group in 0..300 {
        office.put("bad/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(20)).await;
    for group in 0..50 {
        office.put("good/0", &format!("g{group}"), 1);
    }
    let waited = office
        .until(|| office.notifier("good").calls().len() == 50)
        .await;
    assert!(waited <= seconds(2), "{waited:?}");
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_backlog_of_a_quick_receiver_goes_out_without_pauses() {
    let office = Office::soc(vec![Reply::TakeAfter(Duration::from_millis(5)); 2_000]);
    for group in 0..2_000 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    let waited = office.until(|| office.all_sent()).await;
    // Two at once, five milliseconds each.
    assert!(waited <= seconds(6), "{waited:?}");
    assert_eq!(office.notifier("soc").calls().len(), 2_000);
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_one_group_one_goes_after_the_other() {
    let office = Office::soc([Reply::Busy(None), Reply::Hang]);
    for ordinal in 1..=5 {
        office.put("soc/0", "g", ordinal);
    }
    office.put("soc/0", "other", 1);
    let delivery = office.start_delivery();
    office.until(|| office.all_sent()).await;
    let calls = office.notifier("soc").calls();
    let of_group = calls.iter().filter(|call| call.notification.group == "g");
    let ordinals: Vec<u64> = of_group.map(|call| call.notification.ordinal).collect();
    assert!(ordinals.is_sorted(), "{ordinals:?}");
    delivery.stop().await;
}
