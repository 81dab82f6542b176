//! The outbox after faults and crashes, and at its bounds.

use cresset_model::notification::{DeliveryAttempt, DeliveryEnd, DeliveryState, Intent};
use cresset_model::ports::{
    DeliveryFilter, Leased, Outbox, PUSH_ANSWER_AGE_MAX, PortError, Settlement, Store, StoredPush,
};
use cresset_model::{NotificationId, SourceId};

use super::super::deliver::{
    COUNTED_ROWS_MAX, DEAD_AGE_MAX, DELIVERIES_PER_PAGE_MAX, LEASES_MAX, SENT_AGE_MAX,
    TRIES_KEPT_MAX,
};
use super::super::route::{ROUTED_BYTES_MAX, ROUTED_ROWS_MAX};
use super::opening::copy_as_after_a_crash;
use super::{Place, SqliteStore};
use crate::stores::contract::routing::{intent, intent_of, step};
use crate::stores::contract::{Batch, T0, at, record, run};

async fn decide(store: &SqliteStore, intents: Vec<Intent>) {
    let memory = store.router().await.unwrap();
    let step = step(memory.fence, memory.cursor, intents);
    store.step(step).await.unwrap();
}

fn settlement(leased: &Leased, end: DeliveryEnd) -> Settlement {
    Settlement {
        id: leased.notification.id,
        fence: leased.fence,
        attempt: DeliveryAttempt {
            number: leased.notification.attempt,
            begun: T0,
            ended: at(1),
            error: Some("no".repeat(10_000)),
        },
        end,
        alarms: Vec::new(),
    }
}

/// I7. To break it: insert what an intent names in a transaction of its own.
#[test]
fn a_step_that_the_engine_refuses_leaves_nothing_behind() {
    let place = Place::new();
    let store = place.open();
    run(async {
        let batch = Batch::new("s", 1).alert("a", "x");
        store.commit(batch.commit()).await.unwrap();
        let fence = store.router().await.unwrap().fence;
        let told = Intent {
            alerts: vec![record("s", "a")],
            ..intent("soc/0", 1)
        };
        let decided = step(fence, 1, vec![told]);
        place.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON outbox_alerts
             BEGIN SELECT RAISE(ABORT, 'not now'); END",
        );
        let error = store.step(decided.clone()).await.unwrap_err();
        assert_eq!(error, PortError::permanent("not now"));
        assert_eq!(store.lease(T0, at(60), 9, Vec::new()).await.unwrap(), []);
        assert_eq!(store.router().await.unwrap().cursor, 0);
        place.execute("DROP TRIGGER refuse");
        let again = step(fence + 1, 1, decided.intents);
        store.step(again).await.unwrap();
        assert_eq!(
            store.lease(T0, at(60), 9, Vec::new()).await.unwrap().len(),
            1
        );
    });
}

/// What a process that was killed at this moment would find: the step whole, the lease until it expires,
/// the settlement final.
/// To break it: answer before the transaction commits.
#[test]
fn what_was_decided_and_settled_is_there_after_a_crash() {
    let place = Place::new();
    let store = place.open();
    run(async {
        decide(&store, vec![intent("soc/0", 1), intent("soc/0", 2)]).await;
        let leased = store.lease(T0, at(60), 9, Vec::new()).await.unwrap();
        let copy = copy_as_after_a_crash(&place);
        let found = copy.open();
        assert_eq!(
            found.lease(at(59), at(99), 9, Vec::new()).await.unwrap(),
            []
        );
        let again = found.lease(at(60), at(120), 9, Vec::new()).await.unwrap();
        assert_eq!(again[0].notification, leased[0].notification);
        assert_eq!(found.router().await.unwrap().fence, 2);
        let sent = settlement(&leased[0], DeliveryEnd::Sent);
        store.settle(sent).await.unwrap();
        let copy = copy_as_after_a_crash(&place);
        let found = copy.open();
        let next = found.lease(at(60), at(120), 9, Vec::new()).await.unwrap();
        assert_eq!(next[0].notification.ordinal, 2);
    });
}

/// To break it: read as many records as the router asks for, whatever they take.
#[test]
fn what_the_router_reads_is_bounded_in_bytes_and_rows() {
    let place = Place::new();
    let store = place.open();
    let long = "x".repeat(1 << 20);
    run(async {
        for number in 0..10_u64 {
            let batch = Batch::new("s", number).alert(&format!("a-{number}"), &long);
            store.commit(batch.commit()).await.unwrap();
        }
        let rows = store.routed(0, 100).await.unwrap();
        let bytes: usize = rows.iter().map(|row| row.record.len()).sum();
        assert!(bytes <= ROUTED_BYTES_MAX, "{bytes}");
        assert_eq!(rows.len(), 7);
        assert_eq!(store.routed(7, 100).await.unwrap().len(), 3);
        let mut batch = Batch::new("s", 20);
        for number in 0..2 * ROUTED_ROWS_MAX {
            batch = batch.alert(&format!("b-{number}"), "x");
        }
        store.commit(batch.commit()).await.unwrap();
        for limit in [ROUTED_ROWS_MAX, ROUTED_ROWS_MAX + 1, usize::MAX] {
            let rows = store.routed(10, limit).await.unwrap();
            assert_eq!(rows.len(), ROUTED_ROWS_MAX);
        }
        let seqs = (11..).take(2 * ROUTED_ROWS_MAX).collect();
        let rows = store.routed_alerts(seqs).await.unwrap();
        assert_eq!(rows.len(), ROUTED_ROWS_MAX);
    });
}

/// A single record beyond the bound still goes, or the router would never pass it.
#[test]
fn a_record_larger_than_an_answer_goes_alone() {
    let place = Place::new();
    let store = place.open();
    let long = "x".repeat(ROUTED_BYTES_MAX + 1);
    run(async {
        let batch = Batch::new("s", 1).alert("a", &long).alert("b", "x");
        store.commit(batch.commit()).await.unwrap();
        assert_eq!(store.routed(0, 9).await.unwrap().len(), 1);
        assert_eq!(store.routed(1, 9).await.unwrap().len(), 1);
    });
}

/// To break it: take the caller's limit as it is, or count all rows for a total.
#[test]
fn leases_pages_and_totals_have_a_greatest_size() {
    let place = Place::new();
    let store = place.open();
    let all = LEASES_MAX + 4;
    run(async {
        let groups = 0..all;
        let intents = groups.map(|group| intent_of(&format!("g-{group}"), "soc/0", 1));
        decide(&store, intents.collect()).await;
        // Rows that are held make room for none when they are not among those that are due.
        let held = vec![NotificationId(1), NotificationId(2)];
        let leased = store.lease(T0, at(60), 3, held).await.unwrap();
        assert_eq!(leased.len(), 3);
        let leased = store
            .lease(T0, at(60), usize::MAX, Vec::new())
            .await
            .unwrap();
        assert_eq!(leased.len(), LEASES_MAX);
        let leased = store
            .lease(T0, at(60), usize::MAX, Vec::new())
            .await
            .unwrap();
        assert_eq!(leased.len(), 1);
    });
    let fill = |rows: i64| {
        place.execute(&format!(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {rows})
             INSERT INTO outbox (id, receiver, grp, episode, ordinal, state, created_at, next_at,
                 subject, body) SELECT randomblob(16), 'soc/0', 'h', {rows}, x, 'sent', 0, 0, '', x''
             FROM n"
        ));
    };
    let page = |limit| {
        let page = store.deliveries(DeliveryFilter::default(), None, limit);
        let page = run(page).unwrap();
        let total = page.total.unwrap();
        (page.items.len(), total.value, total.exact)
    };
    let there = i64::try_from(all).unwrap();
    let most = u64::try_from(COUNTED_ROWS_MAX).unwrap();
    fill(COUNTED_ROWS_MAX - there);
    assert_eq!(page(usize::MAX), (DELIVERIES_PER_PAGE_MAX, most, true));
    fill(1);
    assert_eq!(page(DELIVERIES_PER_PAGE_MAX + 1).0, DELIVERIES_PER_PAGE_MAX);
    assert_eq!(page(1), (1, most, false));
}

/// To break it: keep every try of a row that somebody retries again and again, or its whole error.
#[test]
fn tries_of_a_row_are_bounded() {
    let place = Place::new();
    let store = place.open();
    let id = intent("soc/0", 1).id;
    run(async {
        decide(&store, vec![intent("soc/0", 1)]).await;
        for number in 1..=10 * TRIES_KEPT_MAX {
            let leased = store.lease(at(1), at(60), 9, Vec::new()).await.unwrap();
            let dead = settlement(&leased[0], DeliveryEnd::Dead);
            store.settle(dead).await.unwrap();
            if [TRIES_KEPT_MAX, TRIES_KEPT_MAX + 1, 10 * TRIES_KEPT_MAX].contains(&number) {
                let row = store.delivery(id).await.unwrap().unwrap();
                assert_eq!(row.state, DeliveryState::Dead);
                assert_eq!(row.attempts.len() as u64, TRIES_KEPT_MAX.cast_unsigned());
                let last = row.attempts.last().unwrap();
                assert_eq!(i64::from(last.number), number);
                assert_eq!(last.error.as_ref().unwrap().len(), 1 << 10);
            }
            assert_eq!(store.retry(vec![id], at(1)).await.unwrap(), 1);
        }
    });
}

/// More answers go with each push than come, and not all at once.
/// To break it: keep what is too old, or drop it all in one commit.
#[test]
fn old_answers_to_pushes_are_dropped_step_by_step() {
    let place = Place::new();
    let store = place.open();
    let push = |key: &str| StoredPush {
        key: key.to_owned(),
        body_hash: [7; 32],
        answer: "{}".to_owned(),
    };
    run(async {
        for number in 0..250_u64 {
            let batch = Batch::new("s", number).push(push(&format!("k-{number}")));
            store.commit(batch.commit()).await.unwrap();
        }
        let later = at(1).plus(PUSH_ANSWER_AGE_MAX);
        for (number, left) in [(0, 151), (1, 52), (2, 3), (3, 4)] {
            let batch = Batch::new("s", 300)
                .at(later)
                .push(push(&format!("l-{number}")));
            store.commit(batch.commit()).await.unwrap();
            assert_eq!(place.number("SELECT count(*) FROM idempotency"), left);
        }
        let found = store.stored_push(SourceId::new("s"), "l-3".to_owned(), T0);
        assert_eq!(found.await.unwrap(), Some(push("l-3")));
    });
}

/// `verify` takes gaps in an order for whole where rows may have been dropped.
/// To break it: note what dead rows that were dropped say, or note it when none was.
#[test]
fn up_to_when_sent_rows_may_be_gone_is_noted_when_some_are_dropped() {
    let place = Place::new();
    let store = place.open();
    run(async {
        decide(&store, vec![intent("soc/0", 1), intent("soc/1", 1)]).await;
        let leased = store.lease(T0, at(60), 9, Vec::new()).await.unwrap();
        for (leased, end) in leased.iter().zip([DeliveryEnd::Sent, DeliveryEnd::Dead]) {
            store.settle(settlement(leased, end)).await.unwrap();
        }
        let all_old = at(2).plus(DEAD_AGE_MAX);
        for now in [all_old, all_old.plus(SENT_AGE_MAX)] {
            let memory = store.router().await.unwrap();
            let mut later = step(memory.fence, memory.cursor, Vec::new());
            later.at = now;
            store.step(later).await.unwrap();
            assert_eq!(place.number("SELECT count(*) FROM outbox"), 0);
            let noted = place.number("SELECT value FROM tallies WHERE name = 'outbox_swept'");
            assert_eq!(noted, all_old.minus(SENT_AGE_MAX).nanos());
        }
    });
}
