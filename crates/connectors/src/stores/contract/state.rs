//! What is kept about sources, and settings.

use cresset_model::SourceId;
use cresset_model::ports::{SourceUpdate, StoredSource};
use cresset_model::source::{
    Attempt, Checkpoint, PagePlace, Round, StoredState, Sweep, SweepRound, SyncStatus, Trigger,
};

use super::{Batch, Opened, T0, at, run};

/// To break it: leave out one of the columns, or let a state reset the checkpoint.
pub(crate) fn read_back(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let source = SourceId::new("s");
        let unknown = opened.store.source(source.clone()).await.unwrap();
        assert_eq!(unknown, StoredSource::default());
        let checkpoint = Checkpoint {
            bookmark: T0,
            round: Some(Round {
                since: at(1),
                place: Some(PagePlace::new("https://upstream/?page=\u{e9}")),
                seen: at(2),
                begun: at(3),
            }),
            fetch: 77,
            sweep: Sweep {
                last: Some(at(11)),
                floor: Some(at(12)),
                late: 13,
                round: Some(SweepRound {
                    round: Round {
                        since: at(14),
                        place: Some(PagePlace::new("cursor")),
                        seen: at(15),
                        begun: at(16),
                    },
                    reach: at(17),
                    late_before: 18,
                }),
            },
        };
        let batch = Batch::new("s", 1)
            .alert("a", "x")
            .checkpoint(checkpoint.clone());
        opened.store.commit(batch.commit()).await.unwrap();
        let state = StoredState {
            last_sync: Some(at(4)),
            last_success: Some(at(5)),
            last_error: Some("it failed".to_owned()),
            status: SyncStatus::Failed,
        };
        update(&opened, state.clone(), None).await;
        let stored = opened.store.source(source.clone()).await.unwrap();
        assert_eq!(
            (stored.checkpoint, &stored.state),
            (Some(checkpoint.clone()), &state)
        );
        let ended = Checkpoint {
            round: None,
            sweep: Sweep {
                round: None,
                ..checkpoint.sweep.clone()
            },
            ..checkpoint
        };
        let mut only = Batch::new("s", 2).checkpoint(ended.clone()).commit();
        only.outcome = None;
        let receipt = opened.store.commit(only).await.unwrap();
        assert_eq!((receipt.upserts.len(), receipt.head), (0, 1));
        let stored = opened.store.source(source).await.unwrap();
        assert_eq!((stored.checkpoint, stored.state), (Some(ended), state));
    });
}

/// To break it: count every alert from before the instant, or none.
pub(crate) fn late(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = |fetch| {
            Batch::new("s", fetch)
                .alert("early", "x")
                .created(at(9))
                .alert("due", "x")
                .created(at(10))
        };
        let commit = batch(1).late_before(at(10)).commit();
        let receipt = opened.store.commit(commit).await.unwrap();
        assert_eq!((receipt.counts.new, receipt.counts.late), (2, 1));
        let again = batch(2).late_before(at(20)).commit();
        let receipt = opened.store.commit(again).await.unwrap();
        assert_eq!(
            (receipt.counts.same, receipt.counts.late),
            (2, 0),
            "not new"
        );
        let other = Batch::new("s", 3).alert("other", "x").created(at(1));
        let receipt = opened.store.commit(other.commit()).await.unwrap();
        assert_eq!(
            (receipt.counts.new, receipt.counts.late),
            (1, 0),
            "no sweep"
        );
        let stored = opened.store.source(SourceId::new("s")).await.unwrap();
        assert_eq!(stored.counters.late, 1);
    });
}

/// To break it: let an update of the state, or a checkpoint, write the pause.
pub(crate) fn paused(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let source = SourceId::new("s");
        let is_paused = async || opened.store.source(source.clone()).await.unwrap().paused;
        assert!(!is_paused().await);
        opened.store.set_paused(source.clone(), true).await.unwrap();
        assert!(is_paused().await);
        assert_eq!(
            opened
                .store
                .source(source.clone())
                .await
                .unwrap()
                .checkpoint,
            None
        );
        update(&opened, StoredState::default(), None).await;
        let batch = Batch::new("s", 1)
            .alert("a-1", "first")
            .checkpoint(Checkpoint {
                bookmark: at(5),
                round: None,
                fetch: 1,
                sweep: Sweep::default(),
            });
        opened.store.commit(batch.commit()).await.unwrap();
        assert!(is_paused().await);
        opened
            .store
            .set_paused(source.clone(), false)
            .await
            .unwrap();
        assert!(!is_paused().await);
    });
}

/// To break it: never delete an attempt, or give the oldest first.
pub(crate) fn attempts(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for number in 0..600 {
            let attempt = Attempt {
                begun: at(number),
                ended: at(number + 1),
                trigger: Trigger::Manual,
                requests: 3,
                pages: 2,
                read: 10,
                new: 4,
                changed: 5,
                dead: 1,
                same: 3,
                http_status: (number % 3 == 0).then_some(503),
                bookmark_from: (number > 1).then(|| at(number - 1)),
                bookmark_to: Some(at(number)),
                error: (number % 2 == 0).then(|| "late".to_owned()),
            };
            update(&opened, StoredState::default(), Some(attempt.clone())).await;
            if [59, 60, 599].contains(&number) {
                let stored = opened.store.source(SourceId::new("s")).await.unwrap();
                assert_eq!(stored.attempts.len(), 60);
                assert_eq!(stored.attempts.first(), Some(&attempt));
                assert_eq!(stored.attempts.last().unwrap().begun, at(number - 59));
            }
        }
    });
}

async fn update(opened: &Opened, state: StoredState, attempt: Option<Attempt>) {
    let update = SourceUpdate {
        source: SourceId::new("s"),
        state,
        attempt,
    };
    opened.store.update_source(update).await.unwrap();
}

/// To break it: keep a dropped setting.
pub(crate) fn settings(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let store = &opened.store;
        assert_eq!(store.setting("minutes").await.unwrap(), None);
        for value in [Some("5"), Some("6"), None] {
            let value = value.map(str::to_owned);
            store.set_setting("minutes", value.clone()).await.unwrap();
            assert_eq!(store.setting("minutes").await.unwrap(), value);
        }
    });
}
