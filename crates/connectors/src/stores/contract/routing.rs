//! The router's cursor over the change log, its groups and its intents.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::notification::{GroupRow, Intent};
use cresset_model::ports::{DeliveryFilter, PortError, Retention, RouterMemory, StepCommit};
use cresset_model::{AlertId, NotificationId};

use super::{Batch, Opened, T0, at, record, run};

/// An intent of the group `g` of its first life.
pub(crate) fn intent(receiver: &str, ordinal: u64) -> Intent {
    intent_of("g", receiver, ordinal)
}

pub(crate) fn intent_of(group: &str, receiver: &str, ordinal: u64) -> Intent {
    Intent {
        id: NotificationId::derive(group, 1, receiver, ordinal),
        receiver: receiver.to_owned(),
        group: group.to_owned(),
        episode: 1,
        ordinal,
        subject: format!("{ordinal} for {receiver}"),
        body: format!(r#"{{"ordinal":{ordinal}}}"#).into_bytes(),
        alerts: Vec::new(),
    }
}

pub(crate) fn step(fence: u64, cursor: u64, intents: Vec<Intent>) -> StepCommit {
    StepCommit {
        fence,
        cursor,
        at: T0,
        groups: Vec::new(),
        ended: Vec::new(),
        intents,
    }
}

fn group(key: &str, waiting: &[u64]) -> GroupRow {
    GroupRow {
        key: key.to_owned(),
        episode: 3,
        ordinal: 2,
        waiting: waiting.to_vec(),
        more: 9,
        due: Some(at(5)),
        notified: None,
    }
}

async fn deliveries(opened: &Opened) -> u64 {
    let page = opened.outbox.deliveries(DeliveryFilter::default(), None, 0);
    page.await.unwrap().total.unwrap().value
}

/// I6. To break it: give what is the same a position too, or move the cursor without the step's effects.
pub(crate) fn only_news(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let first = Batch::new("s", 1).alert("a", "x").alert("b", "x");
        opened.store.commit(first.clone().commit()).await.unwrap();
        let mut memory = opened.outbox.router().await.unwrap();
        let mut told = Vec::new();
        // The same again, one that changed, one that is new, one that is older, an event, a dead letter.
        let second = Batch::new("s", 2)
            .alert("a", "y")
            .alert("b", "x")
            .alert("c", "x");
        let second = second.reject("bad").pass(1, 1);
        for batch in [
            None,
            Some(first.clone()),
            Some(second.clone()),
            Some(first),
            Some(second),
        ] {
            if let Some(batch) = batch {
                opened.store.commit(batch.commit()).await.unwrap();
            }
            let rows = opened.outbox.routed(memory.cursor, 100).await.unwrap();
            let Some(last) = rows.last() else { continue };
            // A step that is refused moves nothing: the same rows come again.
            let stale = step(memory.fence + 1, last.position, Vec::new());
            opened.outbox.step(stale).await.unwrap_err();
            let again = opened.outbox.routed(memory.cursor, 100).await.unwrap();
            assert_eq!(again, rows);
            let ordinal = last.position;
            let decided = step(memory.fence, last.position, vec![intent("soc/0", ordinal)]);
            opened.outbox.step(decided).await.unwrap();
            told.extend(rows.iter().map(|row| {
                let alert = row.row.as_ref().unwrap();
                (alert.upstream_id.clone(), row.revision, row.is_new)
            }));
            memory = opened.outbox.router().await.unwrap();
            assert_eq!(memory.cursor, last.position);
        }
        let news = [
            ("a", 1, true),
            ("b", 1, true),
            ("a", 2, false),
            ("c", 1, true),
        ];
        assert_eq!(
            told,
            news.map(|(id, revision, is_new)| (id.to_owned(), revision, is_new))
        );
        assert_eq!(
            deliveries(&opened).await,
            2,
            "one intent for each step that had rows"
        );
    });
}

/// I6. Eight committers, and a router that dies now and then: between reading and its step, and between
/// its step and hearing of it. Each change becomes one intent.
/// To break it: move the cursor in another transaction than the intents, or read from the head.
pub(crate) fn exactly_once(open: &dyn Fn() -> Opened) {
    let opened = Arc::new(open());
    run(async {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let opened = Arc::clone(&opened);
                tokio::spawn(async move {
                    let source = format!("s-{writer}");
                    for fetch in 1..=10 {
                        let batch = Batch::new(&source, fetch)
                            .alert("always", &format!("text {fetch}"))
                            .alert(&format!("only-{fetch}"), "x");
                        opened.store.commit(batch.commit()).await.unwrap();
                    }
                })
            })
            .collect();
        let mut memory = opened.outbox.router().await.unwrap();
        let mut turn = 0;
        while memory.cursor < 160 {
            turn += 1;
            let rows = opened.outbox.routed(memory.cursor, 7).await.unwrap();
            let Some(last) = rows.last() else {
                tokio::task::yield_now().await;
                continue;
            };
            if turn % 5 == 1 {
                // It dies before its step.
                memory = opened.outbox.router().await.unwrap();
                continue;
            }
            let cursor = last.position;
            let intents = rows.iter().map(|row| {
                let alert = row.row.as_ref().unwrap().id;
                Intent {
                    alerts: vec![alert],
                    ..intent("soc/0", row.position)
                }
            });
            let step = step(memory.fence, cursor, intents.collect());
            opened.outbox.step(step).await.unwrap();
            memory.cursor = cursor;
            if turn % 5 == 2 {
                // It dies after its step and finds it done.
                memory = opened.outbox.router().await.unwrap();
                assert_eq!(memory.cursor, cursor);
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!((memory.cursor, opened.store.head()), (160, 160));
        assert_eq!(deliveries(&opened).await, 160);
        let always = DeliveryFilter {
            alert: Some(record("s-3", "always")),
            ..DeliveryFilter::default()
        };
        let page = opened.outbox.deliveries(always, None, 100).await.unwrap();
        assert_eq!(page.items.len(), 10);
    });
}

/// I7. To break it: commit the intents one by one, or the cursor before them.
pub(crate) fn whole(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = Batch::new("s", 1).alert("a", "x").alert("b", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!((memory.fence, memory.cursor), (1, 0));
        // The second intent has another identity and the key of the first.
        let twin = Intent {
            id: NotificationId(7),
            ..intent("soc/0", 1)
        };
        let mut wrong = step(1, 1, vec![intent("soc/0", 1), twin]);
        wrong.groups = vec![group("g", &[1])];
        let error = opened.outbox.step(wrong).await.unwrap_err();
        assert!(matches!(error, PortError::Permanent { .. }), "{error:?}");
        assert_eq!(deliveries(&opened).await, 0);
        // Neither back nor beyond the log.
        opened.outbox.step(step(1, 1, Vec::new())).await.unwrap();
        for (cursor, intents) in [(0, vec![intent("soc/0", 1)]), (3, Vec::new())] {
            let error = opened.outbox.step(step(1, cursor, intents)).await;
            let expected = PortError::permanent(format!(
                "the router's cursor cannot move to {cursor}: it stands at 1, and the change log \
                 ends at 2"
            ));
            assert_eq!(error, Err(expected));
        }
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!((memory.cursor, memory.groups.len()), (1, 0));
        assert_eq!(deliveries(&opened).await, 0);
    });
}

/// To break it: compare the fences outside of the step's transaction, or not at all.
pub(crate) fn fenced(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = Batch::new("s", 1).alert("a", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        let error = opened.outbox.step(step(0, 0, Vec::new())).await;
        let expected = PortError::permanent("a step of the router came before its lease");
        assert_eq!(error, Err(expected));
        let old = opened.outbox.router().await.unwrap();
        let new = opened.outbox.router().await.unwrap();
        assert!(new.fence > old.fence);
        for fence in [old.fence, new.fence + 1] {
            let error = opened
                .outbox
                .step(step(fence, 1, vec![intent("soc/0", 1)]))
                .await;
            let expected = PortError::permanent(format!(
                "the router's lease was taken over: the step has fence {fence}, the lease has {}",
                new.fence
            ));
            assert_eq!(error, Err(expected));
        }
        assert_eq!(deliveries(&opened).await, 0);
        opened
            .outbox
            .step(step(new.fence, 1, vec![intent("soc/0", 1)]))
            .await
            .unwrap();
        assert_eq!(deliveries(&opened).await, 1);
    });
}

/// I12. The router does not know whether its step was taken: it reads its memory back, and where that
/// does not tell (a step by time moves no cursor) decides the same again.
/// To break it: let an intent that is there already fail the step, thaw its body, or make it due again.
pub(crate) fn taken_again(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let first = opened.outbox.router().await.unwrap();
        let decided = step(first.fence, 0, vec![intent("soc/0", 1)]);
        opened.outbox.step(decided.clone()).await.unwrap();
        let leased = opened
            .outbox
            .lease(at(1), at(60), 9, Vec::new())
            .await
            .unwrap();
        let again = opened.outbox.router().await.unwrap();
        assert_eq!((again.cursor, again.groups.len()), (0, 0));
        let thawed = Intent {
            body: b"other".to_vec(),
            alerts: vec![AlertId(1)],
            ..intent("soc/0", 1)
        };
        let mut repeated = step(again.fence, 0, vec![thawed, intent("soc/0", 2)]);
        repeated.at = at(9);
        opened.outbox.step(repeated).await.unwrap();
        assert_eq!(deliveries(&opened).await, 2);
        let id = leased.first().unwrap().notification.id;
        let row = opened.outbox.delivery(id).await.unwrap().unwrap();
        assert_eq!((row.body, row.alerts.len()), (intent("soc/0", 1).body, 0));
        assert_eq!(row.created_at, T0);
        assert_eq!(
            opened
                .outbox
                .lease(at(2), at(60), 9, Vec::new())
                .await
                .unwrap(),
            []
        );
    });
}

/// To break it: leave out a column, or keep a group that has ended.
pub(crate) fn groups(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!(
            memory,
            RouterMemory {
                fence: 1,
                ..RouterMemory::default()
            }
        );
        let mut first = step(1, 0, Vec::new());
        first.groups = vec![group("b", &[1, 2]), group("a", &[])];
        opened.outbox.step(first).await.unwrap();
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!(memory.groups, [group("a", &[]), group("b", &[1, 2])]);
        let mut second = step(memory.fence, 0, Vec::new());
        let changed = GroupRow {
            due: None,
            notified: Some(T0),
            ..group("b", &[4])
        };
        second.groups = vec![changed.clone()];
        second.ended = vec!["a".to_owned(), "never".to_owned()];
        opened.outbox.step(second).await.unwrap();
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!(memory.groups, [changed]);
    });
}

/// I6. What the router has not read stays in the change log when its alert goes; without any router
/// nothing is held back.
/// To break it: trim the log by alerts alone, or by the cursor of a router that never was.
pub(crate) fn retention(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let rule = Retention {
            source: None,
            ingested_before: at(1),
            unseen_since: T0.minus(Duration::from_secs(9)),
        };
        let batch = Batch::new("s", 1).alert("a", "x").alert("b", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        opened.store.retain(rule.clone()).await.unwrap();
        assert_eq!(opened.store.changes(0, 9).await.unwrap(), []);

        let batch = Batch::new("s", 2).at(at(1)).alert("c", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        let memory = opened.outbox.router().await.unwrap();
        assert_eq!(memory.cursor, 2, "before the oldest entry that is left");
        let batch = Batch::new("s", 3).alert("d", "x").alert("e", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        let later = Retention {
            ingested_before: at(9),
            ..rule
        };
        opened.store.retain(later.clone()).await.unwrap();
        let rows = opened.outbox.routed(memory.cursor, 9).await.unwrap();
        let left: Vec<_> = rows.iter().map(|row| row.position).collect();
        assert_eq!(left, [3, 4, 5]);
        assert!(rows.iter().all(|row| row.row.is_none() && row.is_new));
        opened
            .outbox
            .step(step(memory.fence, 4, Vec::new()))
            .await
            .unwrap();
        let batch = Batch::new("s", 4).alert("f", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        opened.store.retain(later).await.unwrap();
        let left = opened.store.changes(0, 9).await.unwrap();
        let left: Vec<_> = left.iter().map(|change| change.position).collect();
        assert_eq!(left, [5, 6]);
    });
}

/// To break it: tell of a change as if it were new, or leave the additions out.
pub(crate) fn rows(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = Batch::new("s", 1)
            .alert("a", "x")
            .detected("High severity detected", "high")
            .alert("b", "x");
        opened.store.commit(batch.commit()).await.unwrap();
        let batch = Batch::new("s", 2).alert("b", "y");
        opened.store.commit(batch.commit()).await.unwrap();
        let rows = opened.outbox.routed(0, 9).await.unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.position, row.revision, row.is_new, row.matches.len()))
            .collect();
        assert_eq!(told, [(1, 1, true, 2), (2, 1, true, 0), (3, 2, false, 0)]);
        assert_eq!(rows[0].matches, super::queries::expected("high"));
        assert_eq!(
            rows[0].record,
            br#"{"threat_info":"High severity detected"}"#
        );
        assert!(rows[1].record.ends_with(br#""y"}"#), "as it is now");
        assert_eq!(opened.outbox.routed(1, 1).await.unwrap().len(), 1);
        assert_eq!(opened.outbox.routed(3, 9).await.unwrap(), []);
        let alerts = opened.outbox.routed_alerts(vec![2, 77, 1]).await.unwrap();
        let ids: Vec<_> = alerts
            .iter()
            .map(|found| found.row.as_ref().map(|row| row.upstream_id.as_str()))
            .collect();
        assert_eq!(ids, [Some("b"), None, Some("a")]);
        assert_eq!(alerts[2].matches, rows[0].matches);
        assert_eq!((alerts[0].position, alerts[0].revision), (0, 2));
    });
}
