//! What is too old goes, and does not come back.

use std::time::Duration;

use cresset_model::ports::{Retained, Retention, Upsert};
use cresset_model::query::Filter;
use cresset_model::{SourceId, Timestamp};

use super::queries::all;
use super::{Batch, Opened, T0, at, record, run};

const DAY: u64 = 86_400;

fn rule(ingested_before: Timestamp, unseen_since: Timestamp) -> Retention {
    Retention {
        source: None,
        ingested_before,
        unseen_since,
    }
}

/// To break it: delete the identity with the alert; then a re-read stores the alert again.
pub(crate) fn tombstones(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        let batch = Batch::new("s", 1).alert("old", "x").alert("changed", "x");
        store.commit(batch.commit()).await.unwrap();
        let batch = Batch::new("s", 2)
            .at(at(DAY))
            .alert("young", "x")
            .alert("changed", "y");
        store.commit(batch.commit()).await.unwrap();
        let gone = store
            .retain(rule(at(DAY), T0.minus(Duration::from_secs(DAY))))
            .await
            .unwrap();
        assert_eq!(
            gone,
            Retained {
                alerts: 2,
                identities: 0
            }
        );
        let left = all(opened.query.as_ref(), &Filter::default()).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].upstream_id, "young");
        assert_eq!(opened.query.alert(record("s", "old")).await.unwrap(), None);
        assert_eq!(opened.query.facts().await.unwrap().alerts, 1);
        // Seen again, with the same and with another content: it stays away.
        let batch = Batch::new("s", 3)
            .at(at(2 * DAY))
            .alert("old", "x")
            .alert("old", "z");
        let receipt = store.commit(batch.commit()).await.unwrap();
        assert_eq!(receipt.upserts, [Upsert::Same, Upsert::Same]);
        assert_eq!(opened.query.alert(record("s", "old")).await.unwrap(), None);
        // `changed` was last seen a day earlier than `old`; only its identity is forgotten.
        let gone = store
            .retain(rule(at(DAY), at(DAY + 2 * 3_600)))
            .await
            .unwrap();
        assert_eq!(
            gone,
            Retained {
                alerts: 0,
                identities: 1
            }
        );
        let batch = Batch::new("s", 4)
            .at(at(2 * DAY))
            .alert("changed", "y")
            .alert("old", "x");
        let receipt = store.commit(batch.commit()).await.unwrap();
        assert_eq!(receipt.upserts, [Upsert::New, Upsert::Same]);
    });
}

/// To break it: forget the source in one of the two statements.
pub(crate) fn one_source(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        for source in ["s", "t"] {
            let mut batch = Batch::new(source, 1);
            for number in 0..700 {
                batch = batch.alert(&format!("a-{number}"), "x");
            }
            store.commit(batch.commit()).await.unwrap();
        }
        let only = Retention {
            source: Some(SourceId::new("s")),
            ..rule(at(1), at(2 * DAY))
        };
        let gone = store.retain(only.clone()).await.unwrap();
        assert_eq!(
            gone,
            Retained {
                alerts: 700,
                identities: 700
            }
        );
        assert_eq!(store.retain(only).await.unwrap(), Retained::default());
        let nobody = Retention {
            source: Some(SourceId::new("nobody")),
            ..rule(at(1), at(2 * DAY))
        };
        assert_eq!(store.retain(nobody).await.unwrap(), Retained::default());
        assert_eq!(opened.query.facts().await.unwrap().alerts, 700);
        let gone = store.retain(rule(at(1), at(2 * DAY))).await.unwrap();
        assert_eq!(
            gone,
            Retained {
                alerts: 700,
                identities: 700
            }
        );
    });
}

/// To break it: take the next number from the greatest row that is left.
pub(crate) fn numbers(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        let batch = Batch::new("s", 1).alert("a", "x").alert("b", "x");
        store.commit(batch.commit()).await.unwrap();
        store.retain(rule(at(1), T0)).await.unwrap();
        let batch = Batch::new("s", 2).at(at(1)).alert("c", "x").commit();
        assert_eq!(store.commit(batch).await.unwrap().head, 3);
        let row = opened
            .query
            .alert(record("s", "c"))
            .await
            .unwrap()
            .unwrap()
            .row;
        assert_eq!(row.seq, 3);
    });
}

/// A follower that lags behind retention goes on: what is gone has no row, and positions still ascend.
/// To break it: delete log entries out of the middle, or number anew.
pub(crate) fn change_log(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        for (fetch, source) in [(1, "s"), (2, "t"), (3, "s"), (4, "t")] {
            let batch = Batch::new(source, fetch).alert(&format!("a-{fetch}"), "x");
            store.commit(batch.commit()).await.unwrap();
        }
        let only = Retention {
            source: Some(SourceId::new("s")),
            ..rule(at(1), T0)
        };
        store.retain(only).await.unwrap();
        let left = store.changes(0, 10).await.unwrap();
        let left: Vec<_> = left
            .iter()
            .map(|change| (change.position, change.row.is_some()))
            .collect();
        assert_eq!(left, [(2, true), (3, false), (4, true)]);
        store.retain(rule(at(1), T0)).await.unwrap();
        assert_eq!(store.changes(0, 10).await.unwrap(), []);
        assert_eq!(store.head(), 4);
    });
}
