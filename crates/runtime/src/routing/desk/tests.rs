use cresset_model::notification::Notification;

use super::*;
use crate::fakes::{FakeNotifier, T0};
use crate::routing::breaker::FAILURES_MAX;

const LIMITS: DeliveryLimits = DeliveryLimits {
    deliveries_max: 2,
    endpoint_deliveries_max: 1,
};

fn notifier(endpoint: &str) -> Arc<dyn Notifier> {
    Arc::new(FakeNotifier::new(endpoint, []))
}

fn job(endpoint: &str, number: u128, now: Instant) -> Job {
    let leased = Leased {
        notification: Notification {
            id: NotificationId(number),
            receiver: endpoint.to_owned(),
            group: number.to_string(),
            ordinal: 1,
            created_at: T0,
            subject: String::new(),
            body: Vec::new(),
            attempt: 1,
        },
        fence: 1,
    };
    Job::new(leased, notifier(endpoint), now)
}

/// A desk whose rows for `soc` are as many as wait for one endpoint at most, less some.
fn desk_but(missing: usize, now: Instant) -> Desk {
    let mut desk = Desk::new(LIMITS);
    for number in (1..).take(WAITING_MAX - missing) {
        desk.take(job("soc", number, now), now);
    }
    desk
}

/// Starts a row of the desk and lets it end.
fn carry_out(desk: &mut Desk, answered: Answered, (begun, ended): (Instant, Instant)) -> bool {
    let job = desk.start(begun).unwrap();
    desk.ended(&job.endpoint, begun, answered, ended)
}

#[tokio::test(start_paused = true)]
async fn a_row_goes_to_the_notifier_that_its_receiver_has_now() {
    let now = Instant::now();
    let (old, new) = (job("old", 1, now), notifier("new"));
    let start_by = old.start_by;
    let followed = old.with(Arc::clone(&new));
    assert_eq!(followed.endpoint, job("new", 2, now).endpoint);
    assert!(Arc::ptr_eq(&followed.notifier, &new));
    assert_eq!(followed.start_by, start_by, "its lease goes on");
}

#[tokio::test(start_paused = true)]
async fn a_quick_endpoint_with_all_that_may_wait_keeps_others_from_being_leased() {
    let now = Instant::now();
    let mut desk = desk_but(1, now);
    assert!(desk.has_room(now));
    assert!(desk.start(now).is_some());
    desk.take(job("soc", 90, now), now);
    assert!(desk.has_room(now));
    assert_eq!(desk.slow_at(now), None, "nobody waits for it yet");
    desk.take(job("soc", 91, now), now);
    assert!(!desk.has_room(now));
    desk.take(job("other", 92, now), now);
    assert!(!desk.has_room(now), "whatever the others have");
    // The delivery under way turns out slow: nobody waits for it then.
    let slow = now + SLOW_AFTER;
    assert_eq!(desk.slow_at(now), Some(slow));
    assert!(desk.has_room(slow));
    assert_eq!(desk.slow_at(slow), None);
}

#[tokio::test(start_paused = true)]
async fn as_many_as_may_be_under_way_leave_no_room() {
    let now = Instant::now();
    let mut desk = Desk::new(LIMITS);
    for (number, endpoint) in [(1, "a"), (2, "b"), (3, "c")] {
        desk.take(job(endpoint, number, now), now);
    }
    assert!(desk.start(now).is_some() && desk.has_room(now));
    assert!(desk.start(now).is_some() && !desk.has_room(now));
    assert!(desk.start(now).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_was_slow_or_failed_holds_nobody_up() {
    let now = Instant::now();
    for (answered, ended) in [
        (Answered::Yes, now + SLOW_AFTER),
        (Answered::No, now),
        (Answered::No, now + SLOW_AFTER),
    ] {
        let mut desk = desk_but(0, now);
        assert!(!carry_out(&mut desk, answered, (now, ended)));
        desk.take(job("soc", 90, now), ended);
        assert!(desk.has_room(ended), "{answered:?}");
        assert!(!desk.has_let_go());
        desk.take(job("soc", 91, now), ended);
        assert_eq!(desk.waiting().count(), WAITING_MAX);
        assert!(desk.has_let_go());
        assert!(!desk.has_let_go(), "it is told once");
    }
    let mut desk = desk_but(0, now);
    let soon = now + SLOW_AFTER - Duration::from_millis(1);
    assert!(!carry_out(&mut desk, Answered::Yes, (now, soon)));
    for number in [90, 91] {
        desk.take(job("soc", number, now), soon);
    }
    assert!(!desk.has_room(soon), "it is quick");
    assert!(!desk.has_let_go());
    let waiting: Vec<NotificationId> = desk.waiting().collect();
    let expected = (2..17).chain([90, 91]).map(NotificationId);
    assert_eq!(waiting, expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_given_back_leave_what_is_under_way() {
    let now = Instant::now();
    let mut desk = Desk::new(LIMITS);
    desk.take(job("a", 1, now), now);
    desk.take(job("a", 2, now), now);
    assert!(desk.start(now).is_some());
    desk.take(job("b", 3, now), now);
    let back = desk.take_back();
    let ids = back.iter().map(|job| job.leased.notification.id.0);
    assert_eq!(ids.collect::<Vec<_>>(), [2, 3]);
    assert_eq!(desk.endpoints.len(), 1, "of the other nothing is kept");
    desk.take(job("a", 4, now), now);
    assert!(desk.start(now).is_none(), "one at a time goes to it");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_could_outlast_its_lease_is_let_go() {
    let now = Instant::now();
    let mut desk = Desk::new(LIMITS);
    desk.take(job("a", 1, now), now);
    desk.take(job("a", 2, now), now);
    let start_by = now + LEASE - DELIVERY_TIMEOUT - SETTLE_ROOM;
    let last = start_by - Duration::from_millis(1);
    assert!(!carry_out(&mut desk, Answered::Yes, (last, last)));
    assert!(!desk.has_let_go());
    assert_eq!(desk.waiting().count(), 1);
    assert!(desk.start(start_by).is_none());
    assert!(desk.has_let_go());
    assert_eq!(desk.waiting().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_lets_go_of_what_waits() {
    let now = Instant::now();
    for waiting in [0, 3] {
        let mut desk = Desk::new(LIMITS);
        for number in 1..=u128::from(FAILURES_MAX) + waiting {
            desk.take(job("soc", number, now), now);
        }
        for failure in 1..=FAILURES_MAX {
            let opened = carry_out(&mut desk, Answered::No, (now, now));
            assert_eq!(opened, failure == FAILURES_MAX);
        }
        assert_eq!(desk.has_let_go(), waiting > 0);
        assert_eq!(desk.waiting().count(), 0);
        desk.take(job("soc", 90, now), now);
        assert!(desk.has_let_go(), "nothing waits for it meanwhile");
        assert_eq!(desk.endpoints.len(), 1, "its breaker is remembered");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_with_nothing_to_do_is_forgotten() {
    let now = Instant::now();
    let mut desk = Desk::new(LIMITS);
    desk.take(job("a", 1, now), now);
    desk.take(job("a", 2, now), now);
    assert!(!carry_out(&mut desk, Answered::Yes, (now, now)));
    assert_eq!(desk.waiting().count(), 1, "it has something to do yet");
    assert!(!carry_out(&mut desk, Answered::Yes, (now, now)));
    assert_eq!(desk.endpoints.len(), 0);
}
