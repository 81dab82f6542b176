//! The outbox: in turn, under leases, and kept long enough.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::notification::{
    DeliveryAttempt, DeliveryEnd, DeliveryState, Intent, Notification,
};
use cresset_model::ports::{DeliveryFilter, Leased, OutboxTally, PortError, Settlement};
use cresset_model::{AlertId, NotificationId, Timestamp};

use super::routing::{intent, intent_of, step};
use super::{Opened, T0, at, run};

const DAY: u64 = 86_400;

/// Decides, as the only router.
async fn decide(opened: &Opened, intents: Vec<Intent>) {
    decide_at(opened, T0, intents).await;
}

async fn decide_at(opened: &Opened, now: Timestamp, intents: Vec<Intent>) {
    let fence = opened.outbox.router().await.unwrap().fence;
    let mut step = step(fence, 0, intents);
    step.at = now;
    opened.outbox.step(step).await.unwrap();
}

async fn lease(opened: &Opened, now: Timestamp) -> Vec<Leased> {
    let until = now.plus(Duration::from_mins(1));
    opened
        .outbox
        .lease(now, until, 100, Vec::new())
        .await
        .unwrap()
}

async fn settle(opened: &Opened, leased: &Leased, end: DeliveryEnd) -> Result<(), PortError> {
    settle_at(opened, leased, end, at(1)).await
}

async fn settle_at(
    opened: &Opened,
    leased: &Leased,
    end: DeliveryEnd,
    ended: Timestamp,
) -> Result<(), PortError> {
    let error = (end != DeliveryEnd::Sent).then(|| "refused".to_owned());
    let settlement = Settlement {
        id: leased.notification.id,
        fence: leased.fence,
        attempt: DeliveryAttempt {
            number: leased.notification.attempt,
            begun: T0,
            ended,
            error,
        },
        end,
        alarms: Vec::new(),
    };
    opened.outbox.settle(settlement).await
}

fn told(leased: &[Leased]) -> Vec<(&str, u64)> {
    let told = leased.iter().map(|leased| &leased.notification);
    told.map(|n| (n.receiver.as_str(), n.ordinal)).collect()
}

async fn state(opened: &Opened, id: NotificationId) -> DeliveryState {
    let row = opened.outbox.delivery(id).await.unwrap();
    row.expect("the intent was decided").state
}

/// I7. To break it: leave the unique key out, or give a repeat a row of its own.
pub(crate) fn one_key(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for _ in 0..3 {
            decide(&opened, vec![intent("soc/0", 1), intent("soc/1", 1)]).await;
        }
        let leased = lease(&opened, T0).await;
        assert_eq!(told(&leased), [("soc/0", 1), ("soc/1", 1)]);
        let expected = Notification {
            id: intent("soc/0", 1).id,
            receiver: "soc/0".to_owned(),
            group: "g".to_owned(),
            ordinal: 1,
            created_at: T0,
            subject: "1 for soc/0".to_owned(),
            body: br#"{"ordinal":1}"#.to_vec(),
            attempt: 1,
        };
        assert_eq!(leased[0].notification, expected);
        settle(&opened, &leased[0], DeliveryEnd::Sent)
            .await
            .unwrap();
        // Decided once more, it is not sent once more.
        decide(&opened, vec![intent("soc/0", 1)]).await;
        assert_eq!(lease(&opened, at(2)).await, []);
        assert_eq!(state(&opened, expected.id).await, DeliveryState::Sent);
    });
}

/// I7. To break it: order by identity, or lease the next while the former is out or waits.
pub(crate) fn order(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let later = Intent {
            episode: 2,
            ordinal: 1,
            id: NotificationId::derive("g", 2, "soc/0", 1),
            ..intent("soc/0", 1)
        };
        let decided = vec![
            later,
            intent("soc/0", 2),
            intent("soc/0", 1),
            intent("soc/1", 1),
            intent_of("h", "soc/0", 1),
        ];
        decide(&opened, decided).await;
        let first = lease(&opened, T0).await;
        let groups: Vec<_> = first
            .iter()
            .map(|l| l.notification.group.as_str())
            .collect();
        assert_eq!(told(&first), [("soc/0", 1), ("soc/1", 1), ("soc/0", 1)]);
        assert_eq!(groups, ["g", "g", "h"], "oldest first");
        assert_eq!(lease(&opened, T0).await, []);
        // It waits for another try: what follows waits too.
        let again = DeliveryEnd::Again(at(500));
        settle(&opened, &first[0], again).await.unwrap();
        assert_eq!(lease(&opened, at(20)).await, []);
        assert_eq!(opened.outbox.next_due().await.unwrap(), Some(at(60)));
        let second = lease(&opened, at(500)).await;
        assert_eq!(told(&second)[0], ("soc/0", 1));
        assert_eq!(second[0].notification.attempt, 2);
        settle(&opened, &second[0], DeliveryEnd::Sent)
            .await
            .unwrap();
        let third = lease(&opened, at(501)).await;
        assert_eq!(told(&third), [("soc/0", 2)]);
        settle(&opened, &third[0], DeliveryEnd::Dead).await.unwrap();
        // The dead one gives way to the next life of the group.
        let fourth = lease(&opened, at(502)).await;
        let id = NotificationId::derive("g", 2, "soc/0", 1);
        assert_eq!(fourth[0].notification.id, id);
    });
}

/// To break it: keep the fence when a lease is given again, settle without looking at it, or give again what
/// is held.
pub(crate) fn expiry(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        decide(&opened, vec![intent("soc/0", 1)]).await;
        let first = lease(&opened, T0).await;
        assert_eq!(opened.outbox.next_due().await.unwrap(), Some(at(60)));
        assert_eq!(lease(&opened, at(59)).await, []);
        // Who still has it in hand is not given it again.
        let held = vec![first[0].notification.id];
        let again = opened.outbox.lease(at(60), at(120), 9, held);
        assert_eq!(again.await.unwrap(), []);
        let second = lease(&opened, at(60)).await;
        assert!(second[0].fence > first[0].fence);
        assert_eq!(second[0].notification, first[0].notification);
        // The first worker was only slow.
        let error = settle(&opened, &first[0], DeliveryEnd::Sent).await;
        let id = first[0].notification.id;
        let expected = PortError::permanent(format!(
            "the lease of notification {id} was lost: it has fence 2 now, not 1"
        ));
        assert_eq!(error, Err(expected));
        assert_eq!(state(&opened, id).await, DeliveryState::Leased);
        // Settled twice by its owner, who did not hear the first answer.
        for _ in 0..2 {
            settle(&opened, &second[0], DeliveryEnd::Sent)
                .await
                .unwrap();
        }
        let row = opened.outbox.delivery(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.sent_at), (DeliveryState::Sent, Some(at(1))));
        assert_eq!((row.attempts.len(), row.next_at), (1, None));
        assert_eq!(opened.outbox.next_due().await.unwrap(), None);
        let nobody = Leased {
            notification: Notification {
                id: NotificationId(5),
                ..second[0].notification.clone()
            },
            fence: 1,
        };
        let error = settle(&opened, &nobody, DeliveryEnd::Sent)
            .await
            .unwrap_err();
        let message = format!("there is no notification {}", NotificationId(5));
        assert_eq!(error, PortError::permanent(message));
    });
}

/// To break it: keep the fence of a lease that is given back, take back one that is held, or wait for it
/// to expire.
pub(crate) fn release(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let receivers = ["a/0", "b/0", "c/0", "d/0"];
        decide(&opened, receivers.map(|name| intent(name, 1)).to_vec()).await;
        let first = lease(&opened, T0).await;
        settle(&opened, &first[2], DeliveryEnd::Sent).await.unwrap();
        let again = DeliveryEnd::Again(at(500));
        settle(&opened, &first[3], again).await.unwrap();
        let held = vec![first[1].notification.id];
        assert_eq!(opened.outbox.release(held).await.unwrap(), 1);
        assert_eq!(opened.outbox.next_due().await.unwrap(), Some(T0));
        let second = lease(&opened, at(1)).await;
        assert_eq!(told(&second), [("a/0", 1)]);
        assert_eq!(second[0].notification, first[0].notification);
        assert!(second[0].fence > first[0].fence);
        // Whoever held it before learns that it is no longer theirs, leased again or not.
        settle(&opened, &first[0], DeliveryEnd::Dead)
            .await
            .unwrap_err();
        assert_eq!(opened.outbox.release(Vec::new()).await.unwrap(), 2);
        for late in [&first[0], &second[0], &first[1]] {
            settle(&opened, late, DeliveryEnd::Dead).await.unwrap_err();
            let id = late.notification.id;
            assert_eq!(state(&opened, id).await, DeliveryState::Pending);
        }
        assert_eq!(opened.outbox.release(Vec::new()).await.unwrap(), 0);
        assert_eq!(told(&lease(&opened, at(2)).await), [("a/0", 1), ("b/0", 1)]);
    });
}

/// To break it: decide them though the lease was lost, or once more with each repeat.
pub(crate) fn alarms(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        decide(&opened, vec![intent("soc/0", 1)]).await;
        let leased = lease(&opened, T0).await.remove(0);
        let attempt = DeliveryAttempt {
            number: 1,
            begun: T0,
            ended: at(1),
            error: Some("refused".to_owned()),
        };
        let settlement = |fence| Settlement {
            id: leased.notification.id,
            fence,
            attempt: attempt.clone(),
            end: DeliveryEnd::Dead,
            alarms: vec![intent_of("alarm", "night/0", 1)],
        };
        let late = settlement(leased.fence + 1);
        opened.outbox.settle(late).await.unwrap_err();
        assert_eq!(lease(&opened, at(2)).await, []);
        for _ in 0..2 {
            let settlement = settlement(leased.fence);
            opened.outbox.settle(settlement).await.unwrap();
        }
        let alarm = lease(&opened, at(2)).await;
        assert_eq!(told(&alarm), [("night/0", 1)]);
        assert_eq!(alarm[0].notification.created_at, at(1));
        assert_eq!(lease(&opened, at(3)).await, []);
    });
}

/// To break it: lease what was planned without looking again, or give a pair's second row while the
/// first is being settled.
pub(crate) fn disjoint(open: &dyn Fn() -> Opened) {
    let opened = Arc::new(open());
    run(async {
        let groups = (0..40).flat_map(|group| {
            (1..=3).map(move |ordinal| intent_of(&format!("g-{group}"), "soc/0", ordinal))
        });
        decide(&opened, groups.collect()).await;
        let workers: Vec<_> = (0..6)
            .map(|_| {
                let opened = Arc::clone(&opened);
                tokio::spawn(async move {
                    let mut sent = Vec::new();
                    while opened.outbox.next_due().await.unwrap().is_some() {
                        let leased = opened
                            .outbox
                            .lease(at(1), at(61), 7, Vec::new())
                            .await
                            .unwrap();
                        for one in leased {
                            settle(&opened, &one, DeliveryEnd::Sent).await.unwrap();
                            sent.push((one.notification.group, one.notification.ordinal));
                        }
                    }
                    sent
                })
            })
            .collect();
        let mut sent = Vec::new();
        for worker in workers {
            let of_one = worker.await.unwrap();
            sent.extend(of_one);
        }
        let distinct: BTreeSet<_> = sent.iter().cloned().collect();
        assert_eq!((sent.len(), distinct.len()), (120, 120));
    });
}

/// To break it: forget a try, or let the limit of a lease hide rows for good.
pub(crate) fn waits(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        decide(&opened, vec![intent("soc/0", 1), intent("soc/1", 1)]).await;
        let leased = opened
            .outbox
            .lease(T0, at(60), 1, Vec::new())
            .await
            .unwrap();
        assert_eq!(told(&leased), [("soc/0", 1)]);
        let leased = [leased, lease(&opened, T0).await].concat();
        assert_eq!(leased.len(), 2);
        let again = DeliveryEnd::Again(at(30));
        settle(&opened, &leased[0], again).await.unwrap();
        settle(&opened, &leased[1], DeliveryEnd::Dead)
            .await
            .unwrap();
        assert_eq!(opened.outbox.next_due().await.unwrap(), Some(at(30)));
        let waiting = leased[0].notification.id;
        let row = opened.outbox.delivery(waiting).await.unwrap().unwrap();
        assert_eq!(
            (row.state, row.next_at),
            (DeliveryState::Pending, Some(at(30)))
        );
        let tried = DeliveryAttempt {
            number: 1,
            begun: T0,
            ended: at(1),
            error: Some("refused".to_owned()),
        };
        assert_eq!(row.attempts, [tried]);
        let dead = leased[1].notification.id;
        let row = opened.outbox.delivery(dead).await.unwrap().unwrap();
        assert_eq!((row.state, row.sent_at), (DeliveryState::Dead, None));
        let mut next = lease(&opened, at(30)).await;
        next[0].notification.attempt = 7;
        let error = settle(&opened, &next[0], DeliveryEnd::Dead).await;
        let message =
            format!("try 7 of notification {waiting} cannot be settled: the next one is 2");
        assert_eq!(error, Err(PortError::permanent(message)));
    });
}

/// To break it: retry what is sent or leased, or count what is not there.
pub(crate) fn retry(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let receivers = ["a/0", "b/0", "c/0", "d/0"];
        let decided = receivers.map(|receiver| intent(receiver, 1));
        let ids: Vec<_> = decided.iter().map(|intent| intent.id).collect();
        decide(&opened, decided.to_vec()).await;
        let leased = lease(&opened, T0).await;
        let ends = [
            DeliveryEnd::Dead,
            DeliveryEnd::Again(at(7_000)),
            DeliveryEnd::Sent,
        ];
        for (leased, end) in leased.iter().zip(ends) {
            settle(&opened, leased, end).await.unwrap();
        }
        let tally = OutboxTally {
            pending: 1,
            leased: 1,
            dead: 1,
            sent_since: 1,
        };
        assert_eq!(opened.outbox.tally(T0).await, Ok(tally));
        let later = opened.outbox.tally(at(1_000)).await.unwrap();
        assert_eq!(later.sent_since, 0);
        let asked = [ids, vec![NotificationId(1)]].concat();
        let retried = opened.outbox.retry(asked, at(5)).await.unwrap();
        assert_eq!(retried, 2);
        let again = lease(&opened, at(5)).await;
        assert_eq!(told(&again), [("a/0", 1), ("b/0", 1)]);
        assert!(again.iter().all(|leased| leased.notification.attempt == 2));
        settle(&opened, &again[0], DeliveryEnd::Sent).await.unwrap();
        // One that comes back to life goes before what follows it.
        decide(&opened, vec![intent("e/0", 1), intent("e/0", 2)]).await;
        let first = lease(&opened, at(6)).await;
        settle(&opened, &first[0], DeliveryEnd::Dead).await.unwrap();
        let id = first[0].notification.id;
        assert_eq!(opened.outbox.retry(vec![id], at(7)).await.unwrap(), 1);
        assert_eq!(told(&lease(&opened, at(7)).await), [("e/0", 1)]);
    });
}

/// To break it: take `soc` for a beginning of `socks`, or give `next` on the last page.
pub(crate) fn pages(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let receivers = ["soc/0", "soc/1", "socks/0", "soc", "ops/0"];
        for (number, receiver) in (1..).zip(receivers) {
            let alerts = vec![AlertId(number), AlertId(9)];
            let decided = Intent {
                alerts,
                ..intent(receiver, 1)
            };
            decide(&opened, vec![decided]).await;
        }
        let leased = lease(&opened, T0).await;
        settle(&opened, &leased[0], DeliveryEnd::Sent)
            .await
            .unwrap();
        let all = DeliveryFilter::default();
        let of = |receiver: &str| DeliveryFilter {
            receiver: Some(receiver.to_owned()),
            ..DeliveryFilter::default()
        };
        let alert = |id| DeliveryFilter {
            alert: Some(AlertId(id)),
            ..DeliveryFilter::default()
        };
        let sent = DeliveryFilter {
            state: Some(DeliveryState::Sent),
            ..of("soc")
        };
        let cases: [(DeliveryFilter, &[&str]); 8] = [
            (all.clone(), &["ops/0", "soc", "socks/0", "soc/1", "soc/0"]),
            (of("soc"), &["soc", "soc/1", "soc/0"]),
            (of("soc/1"), &["soc/1"]),
            (of("so"), &[]),
            (alert(2), &["soc/1"]),
            (alert(9), &["ops/0", "soc", "socks/0", "soc/1", "soc/0"]),
            (alert(8), &[]),
            (sent, &["soc/0"]),
        ];
        for (filter, expected) in cases {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = opened.outbox.deliveries(filter.clone(), before, 2);
                let page = page.await.unwrap();
                assert!(page.items.len() <= 2);
                let total = page.total.unwrap();
                assert_eq!((total.value, total.exact), (expected.len() as u64, true));
                found.extend(page.items.into_iter().map(|row| row.receiver));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{filter:?}");
        }
        let row = opened.outbox.deliveries(all, None, 1).await.unwrap();
        assert_eq!(row.items[0].alerts, [AlertId(5), AlertId(9)]);
    });
}

/// Sent rows are kept for a week, dead ones for a month, open ones until they are settled.
/// To break it: count from the decision, or keep them for ever.
pub(crate) fn swept(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let receivers = ["sent/0", "dead/0", "open/0"];
        decide(&opened, receivers.map(|name| intent(name, 1)).to_vec()).await;
        let leased = lease(&opened, T0).await;
        settle_at(&opened, &leased[0], DeliveryEnd::Sent, at(DAY))
            .await
            .unwrap();
        settle_at(&opened, &leased[1], DeliveryEnd::Dead, at(DAY))
            .await
            .unwrap();
        let again = DeliveryEnd::Again(at(2 * DAY));
        settle(&opened, &leased[2], again).await.unwrap();
        for (day, left) in [
            (8 * DAY, 3),
            (8 * DAY + 1, 2),
            (31 * DAY, 2),
            (31 * DAY + 1, 1),
            (400 * DAY, 1),
        ] {
            decide_at(&opened, at(day), Vec::new()).await;
            let page = opened.outbox.deliveries(DeliveryFilter::default(), None, 9);
            assert_eq!(page.await.unwrap().items.len(), left, "second {day}");
        }
        assert_eq!(lease(&opened, at(500 * DAY)).await.len(), 1);
    });
}
