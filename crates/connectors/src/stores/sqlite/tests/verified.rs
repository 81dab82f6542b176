//! `verify` agrees with a sound store and finds what is wrong with another.

use cresset_model::notification::{DeliveryAttempt, DeliveryEnd, Intent};
use cresset_model::ports::{Outbox, Retention, Settlement, Store};

use super::super::verify;
use super::{Place, SqliteStore};
use crate::stores::contract::routing::{intent, step};
use crate::stores::contract::{Batch, at, letter, record, run};

/// A store that has seen everything.
fn used() -> Place {
    let place = Place::new();
    let store = place.open();
    run(async {
        for (fetch, source) in [(1, "s"), (2, "t"), (3, "s"), (4, "t")] {
            let batch = Batch::new(source, fetch)
                .at(at(fetch))
                .alert("both", &format!("text {fetch}"))
                .alert(&format!("a-{fetch}"), "x")
                .detected("High severity detected", "high")
                .alert(&format!("a-{fetch}"), "x")
                .reject("bad")
                .reject(&format!("bad {fetch}"))
                .pass(2, 3);
            store.commit(batch.commit()).await.unwrap();
        }
        let redrive = Batch::new("s", 0)
            .alert("late", "x")
            .redrive(&[letter("s", "bad 1")]);
        store.commit(redrive.commit()).await.unwrap();
        let rule = Retention {
            source: None,
            ingested_before: at(2),
            unseen_since: at(3_601),
        };
        store.retain(rule).await.unwrap();
        notify(&store).await;
        store.close().await.unwrap();
    });
    place
}

/// Two of three notifications are tried, one of an alert that retention has taken.
async fn notify(store: &SqliteStore) {
    let memory = store.router().await.unwrap();
    let of = |ordinal, alert| Intent {
        alerts: vec![alert],
        ..intent("soc/0", ordinal)
    };
    let intents = vec![
        of(1, record("t", "both")),
        of(2, record("s", "a-1")),
        of(3, record("t", "a-4")),
    ];
    let rows = store.routed(memory.cursor, 100).await.unwrap();
    let cursor = rows.last().unwrap().position;
    let decided = step(memory.fence, cursor, intents);
    store.step(decided).await.unwrap();
    for _ in 0..2 {
        let leased = store.lease(at(9), at(69), 9, Vec::new()).await.unwrap();
        let settlement = Settlement {
            id: leased[0].notification.id,
            fence: leased[0].fence,
            attempt: DeliveryAttempt {
                number: 1,
                begun: at(9),
                ended: at(10),
                error: None,
            },
            end: DeliveryEnd::Sent,
            alarms: Vec::new(),
        };
        store.settle(settlement).await.unwrap();
    }
}

fn wrong(place: &Place) -> Vec<&'static str> {
    let report = verify(&place.path()).unwrap();
    assert_eq!(report.is_ok(), report.checks.iter().all(|check| check.ok));
    let wrong = report.checks.into_iter().filter(|check| !check.ok);
    wrong.map(|check| check.name).collect()
}

#[test]
fn a_sound_store_is_found_sound() {
    let place = used();
    let report = verify(&place.path()).unwrap();
    assert!(report.is_ok(), "{report:#?}");
    assert_eq!(report.checks.len(), 20 + 2 * 6);
    assert_eq!(place.number("SELECT count(*) FROM alert_rows"), 4);
    assert_eq!(
        place.number("SELECT sum(value) FROM counters WHERE name = 'forgotten'"),
        1
    );
}

#[test]
fn each_kind_of_damage_is_found_and_named() {
    for (damage, name) in DAMAGES {
        let place = used();
        place.execute(damage);
        let wrong = wrong(&place);
        assert!(wrong.contains(name), "{damage}: {wrong:?}");
    }
}

/// What is done to the tables, and the check that must notice.
const DAMAGES: &[(&str, &str)] = &[
    (
        "DELETE FROM alert_bodies WHERE seq = 4",
        "alerts without a body",
    ),
    (
        "DELETE FROM alert_rows WHERE seq = 4",
        "bodies without an alert",
    ),
    (
        "DELETE FROM alert_rows WHERE seq = 3",
        "former contents without an alert",
    ),
    (
        "UPDATE identity SET seq = 99 WHERE seq = 4",
        "identities that name another alert",
    ),
    (
        "INSERT INTO identity SELECT -9, id, source_id, NULL, content, observed, seen
             FROM identity WHERE seq = 4",
        "identities stored twice",
    ),
    (
        "UPDATE identity SET generation = 7 WHERE seq = 4",
        "identities of a wrong generation",
    ),
    (
        "DELETE FROM identity_generations",
        "identities of a wrong generation",
    ),
    (
        "DELETE FROM contexts",
        "alerts of an unknown source or context",
    ),
    (
        "DELETE FROM change_log WHERE position =
                 (SELECT position FROM change_log ORDER BY position LIMIT 1 OFFSET 1)",
        "change log entries without a gap",
    ),
    (
        "DELETE FROM change_log WHERE position = (SELECT max(position) FROM change_log)",
        "change log entries without a gap",
    ),
    (
        "UPDATE change_log SET seq = 99 WHERE seq = 4",
        "change log entries of stored alerts",
    ),
    (
        "INSERT INTO matches SELECT 99, place, rule, field, value, list, entry, origin FROM matches
             WHERE seq = 4",
        "detections without an alert",
    ),
    (
        "DROP INDEX outbox_key; UPDATE outbox SET ordinal = 1 WHERE ordinal = 2",
        "notifications with the key of another",
    ),
    (
        "DELETE FROM outbox WHERE ordinal = 3",
        "tries and alerts without their notification",
    ),
    (
        "DELETE FROM outbox WHERE ordinal = 2",
        "receivers with a gap in a group's ordinals",
    ),
    (
        "UPDATE outbox_alerts SET alert = zeroblob(16) WHERE place = 0;
         DELETE FROM counters WHERE name = 'forgotten'",
        "notified alerts that were never stored",
    ),
    (
        "UPDATE cursors SET position = 99",
        "cursors beyond the change log",
    ),
    (
        "UPDATE cursors SET position = 1",
        "change log entries lost to the router",
    ),
    (
        "UPDATE tallies SET value = 1 WHERE name = 'dead_bytes'",
        "bytes of dead letters",
    ),
    (
        "UPDATE tallies SET value = 9 WHERE name = 'dead_open'",
        "open dead letters",
    ),
    (
        "UPDATE counters SET value = value + 1 WHERE name = 'same' AND source_id = 1",
        "conservation: read and redriven, became",
    ),
    (
        "DELETE FROM identity WHERE seq = 4",
        "new: identities, known and forgotten",
    ),
    (
        "UPDATE counters SET value = value + 1 WHERE name = 'retired' AND source_id = 1",
        "new: alerts, stored and retired",
    ),
    (
        "UPDATE identity SET seq = NULL WHERE seq = 4",
        "alerts: identities that name one",
    ),
    (
        "UPDATE alert_rows SET revision = revision + 1 WHERE seq = 4",
        "changed: revisions, stored and retired",
    ),
    (
        "UPDATE dead_letters SET count = count + 1 WHERE seq = 1",
        "dead: dead letters, stored and dropped",
    ),
];

#[test]
fn a_missing_store_is_an_error_and_is_not_made() {
    let place = Place::new();
    let error = verify(&place.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("open `{}`", place.path().display())
    );
    assert!(!place.path().exists());
}
