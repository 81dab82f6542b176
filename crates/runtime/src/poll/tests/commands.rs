//! Pause, resume and rewind.

use cresset_model::Timestamp;
use cresset_model::ports::{CommandRefused, Control, SyncRefused};
use cresset_model::source::{Checkpoint, Sweep, SyncStatus, Trigger};

use crate::fakes::{Answer, Record, Rig, T0, array, seconds, transient};

fn ago(seconds_ago: u64) -> Timestamp {
    T0.minus(seconds(seconds_ago))
}

fn known(bookmark_ago: u64) -> Checkpoint {
    Checkpoint {
        bookmark: ago(bookmark_ago),
        round: None,
        fetch: 5,
        sweep: Sweep::default(),
    }
}

fn minutes(count: u64) -> std::time::Duration {
    seconds(count * 60)
}

#[tokio::test(start_paused = true)]
async fn a_paused_source_is_not_polled_until_it_is_resumed() {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    let control = &running.control;
    control.pause(&rig.id).await.unwrap();
    let state = running.state();
    assert_eq!(
        (state.paused, state.status, state.next_sync),
        (true, SyncStatus::Idle, None)
    );
    running.watch(minutes(95)).await;
    assert_eq!(rig.journal.gets().len(), 1);
    let refused = SyncRefused::Paused(rig.id.to_string());
    assert_eq!(control.sync(None), Err(refused.clone()));
    assert_eq!(control.force_sync(&rig.id), Err(refused.clone()));
    assert_eq!(control.sync(Some(&rig.id)), Err(refused));
    control.resume(&rig.id).await.unwrap();
    running.turns(2).await;
    assert_eq!(running.cell.attempts()[0].trigger, Trigger::Manual);
    control.resume(&rig.id).await.unwrap();
    assert_eq!(
        running.state().status,
        SyncStatus::Idle,
        "it was not paused"
    );
    running.turns(3).await;
    assert_eq!(running.cell.attempts()[0].trigger, Trigger::Schedule);
}

#[tokio::test(start_paused = true)]
async fn a_pause_survives_a_restart() {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    running.control.pause(&rig.id).await.unwrap();
    running.stop().await;
    let running = rig.start();
    running.watch(minutes(95)).await;
    assert_eq!(rig.journal.gets().len(), 1);
    assert_eq!(
        (running.state().paused, running.state().status),
        (true, SyncStatus::Idle)
    );
    running.control.resume(&rig.id).await.unwrap();
    running.turns(1).await;
    assert!(!rig.stored().paused);
}

#[tokio::test(start_paused = true)]
async fn a_pause_lets_the_turn_under_way_come_to_its_end() {
    let rig = Rig::scripted([Answer::fails(transient(None))]);
    let running = rig.start();
    running
        .until(|state| state.status == SyncStatus::Retrying)
        .await;
    running.control.pause(&rig.id).await.unwrap();
    running.turns(1).await;
    assert_eq!(rig.journal.gets().len(), 2);
    running.watch(minutes(40)).await;
    assert_eq!(rig.journal.gets().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_a_round_that_needs_more_turns() {
    let mut rig = Rig::answering(|since| {
        let next = since.plus(seconds(1));
        Answer::whole(array(&[
            Record::new(next.seconds().unsigned_abs(), next).json()
        ]))
    });
    rig.config.rule.pages_max = 2;
    let running = rig.first_turn().await;
    running.control.pause(&rig.id).await.unwrap();
    running.watch(seconds(5)).await;
    let state = running.state();
    assert_eq!((state.status, state.paused), (SyncStatus::Idle, true));
    let asked = rig.journal.gets().len();
    running.watch(minutes(5)).await;
    assert_eq!(rig.journal.gets().len(), asked);
    assert!(rig.checkpoint().round.is_some(), "it goes on from there");
}

#[tokio::test(start_paused = true)]
async fn a_rewound_source_reads_again_from_there_and_stores_nothing_twice() {
    let record = Record::new(1, ago(1_000)).json();
    let rig = Rig::answering(move |since| {
        let records = if since < ago(1_000) {
            vec![record.clone()]
        } else {
            vec![]
        };
        Answer::whole(array(&records))
    });
    rig.remember(known(2_000));
    let running = rig.first_turn().await;
    let asked = rig.journal.gets().len();
    let to = ago(1_500);
    running.control.rewind(&rig.id, to).await.unwrap();
    assert_eq!(running.state().status, SyncStatus::Syncing);
    running.turns(2).await;
    let overlap = rig.config.rule.overlap;
    assert_eq!(rig.journal.gets()[asked].1, to.minus(overlap));
    let attempts = running.cell.attempts();
    assert_eq!((attempts[0].new, attempts[0].same), (0, 1));
    assert_eq!(attempts[0].bookmark_from, Some(to));
    assert_eq!(attempts[0].bookmark_to, Some(ago(1_000)));
    assert_eq!(
        (attempts[0].trigger, attempts[0].http_status),
        (Trigger::Manual, Some(200))
    );
    assert_eq!(running.state().counters.new, 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_source_is_rewound_and_stays_paused() {
    let rig = Rig::scripted([]);
    rig.remember(known(100));
    let running = rig.first_turn().await;
    running.control.pause(&rig.id).await.unwrap();
    running.control.rewind(&rig.id, ago(500)).await.unwrap();
    running.watch(minutes(40)).await;
    assert_eq!(rig.journal.gets().len(), 1);
    assert_eq!(rig.checkpoint().bookmark, ago(500));
    let state = running.state();
    assert_eq!(
        (state.status, state.bookmark),
        (SyncStatus::Idle, Some(ago(500)))
    );
}

async fn refused(rig: &Rig, to: Timestamp) -> String {
    let running = rig.first_turn().await;
    let bookmark = rig.checkpoint().bookmark;
    let refused = running.control.rewind(&rig.id, to).await.unwrap_err();
    assert!(matches!(refused, CommandRefused::Invalid(_)), "{refused}");
    assert_eq!(running.state().status, SyncStatus::Idle);
    assert_eq!(rig.checkpoint().bookmark, bookmark);
    running.stop().await;
    refused.to_string()
}

#[tokio::test(start_paused = true)]
async fn only_what_is_still_known_is_read_again() {
    let hour = 3_600;
    for (retention, reach) in [
        (Some(48 * hour), 30 * hour),
        (Some(hour), 30 * hour),
        (None, 0),
    ] {
        let mut rig = Rig::scripted([]);
        rig.retention = retention.map(seconds);
        rig.remember(known(10));
        let later = refused(&rig, ago(9)).await;
        assert!(later.contains("lies after the bookmark"), "{later}");
        let overlap = rig.config.rule.overlap.as_secs();
        if retention.is_some() {
            // A minute on either side, as the test itself takes a while.
            let earlier = refused(&rig, ago(reach - overlap + 60)).await;
            assert!(earlier.contains("is too far back"), "{earlier}");
        }
        let running = rig.first_turn().await;
        let reach = if retention.is_some() {
            reach - overlap - 60
        } else {
            9_000 * hour
        };
        running.control.rewind(&rig.id, ago(reach)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_source_is_not_rewound() {
    let rig = Rig::scripted([Answer::Hangs]);
    let running = rig.start();
    running.watch(seconds(1)).await;
    let refused = running.control.rewind(&rig.id, ago(5)).await.unwrap_err();
    let text = "Sync already in progress (Status: syncing)".to_owned();
    assert_eq!(refused, CommandRefused::Conflict(text));
}
