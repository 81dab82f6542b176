use tokio::time::Instant;

use super::*;
use crate::fakes::seconds;
use crate::routing::breaker::{Breaker, FAILURES_MAX, OPEN_FOR};

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_again_and_again_is_left_alone_for_a_while() {
    let office = Office::soc(vec![Reply::Busy(None); 6]);
    for group in 0..40 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    tokio::time::sleep(OPEN_FOR.saturating_sub(seconds(1))).await;
    let calls = office.notifier("soc").calls().len();
    // Two are under way at once: one more than the limit may have gone out.
    assert!((5..=6).contains(&calls), "{calls}");
    office.until(|| office.all_sent()).await;
    assert!(office.clock.elapsed() < seconds(300));
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_delivery_tries_whether_the_endpoint_answers_again() {
    // A receiver that hangs: of the rows that wait, one at a time tries.
    let mut replies = vec![Reply::Busy(None); 5];
    replies.extend([Reply::Hang; 3]);
    let office = Office::soc(replies);
    for group in 0..40 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    tokio::time::sleep(seconds(29)).await;
    let before = office.notifier("soc").calls().len();
    for _ in 0..60 {
        tokio::time::sleep(seconds(1)).await;
        assert!(office.notifier("soc").under_way() <= 1);
    }
    assert!(
        office.notifier("soc").calls().len() > before,
        "it was tried"
    );
    office.until(|| office.all_sent()).await;
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_refuses_for_good_answers() {
    let office = Office::soc(vec![Reply::Refuse; 20]);
    for group in 0..20 {
        office.put("soc/0", &format!("g{group}"), 1);
    }
    let delivery = office.start_delivery();
    let waited = office
        .until(|| office.states() == [DeliveryState::Dead; 20])
        .await;
    assert!(waited <= seconds(1), "{waited:?}");
    delivery.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_breaker_opens_at_its_limit_and_closes_with_an_answer() {
    let begun = Instant::now();
    let mut breaker = Breaker::default();
    for failure in 1..=FAILURES_MAX {
        assert!(breaker.admits(begun));
        assert_eq!(breaker.failed(begun), failure == FAILURES_MAX);
    }
    let last = begun + OPEN_FOR - Duration::from_millis(1);
    assert!(!breaker.admits(last) && breaker.is_shut(last));
    let over = begun + OPEN_FOR;
    assert!(!breaker.is_shut(over));
    assert!(breaker.admits(over), "one tries");
    assert!(
        !breaker.admits(over) && breaker.is_shut(over),
        "and only one"
    );

    let mut failed = breaker;
    assert!(failed.failed(over), "it opens again at once");
    assert!(!failed.admits(over));
    breaker.answered();
    assert_eq!(breaker, Breaker::default());
    for _ in 1..FAILURES_MAX {
        assert!(!breaker.failed(over), "failures are counted anew");
    }
}
