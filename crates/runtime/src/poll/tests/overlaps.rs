//! Where rounds begin, how far back they reach, and when one follows another.

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Control};
use cresset_model::source::{Checkpoint, Round, Sweep, SyncStatus, Trigger};

use crate::fakes::{Answer, Note, Record, Rig, T0, array, seconds, transient};
use crate::pace::REQUEST_GAP;
use crate::poll::rule::{OVERLAP, OVERLAP_SHORT};

fn ago(seconds_ago: u64) -> Timestamp {
    T0.minus(seconds(seconds_ago))
}

/// An answer with an alert for each of these seconds before the test began.
fn page(created_ago: &[u64]) -> Bytes {
    let records: Vec<String> = created_ago
        .iter()
        .zip(1..)
        .map(|(at, id)| Record::new(id, ago(*at)).json())
        .collect();
    array(&records)
}

fn known(bookmark_ago: u64) -> Checkpoint {
    Checkpoint {
        bookmark: ago(bookmark_ago),
        round: None,
        fetch: 5,
        sweep: Sweep::default(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_bookmark_is_not_replaced_at_a_start() {
    let rig = Rig::scripted([]);
    rig.remember(known(100));
    let running = rig.first_turn().await;
    assert_eq!(running.state().bookmark, Some(ago(100)));
    assert_eq!(rig.journal.gets()[0].1, ago(100).minus(OVERLAP));
}

#[tokio::test(start_paused = true)]
async fn a_round_that_was_left_for_long_ends_at_its_beginning_and_another_follows_at_once() {
    let rig = Rig::scripted([
        Answer::whole(page(&[20, 10])),
        Answer::whole(page(&[30, 5])),
    ]);
    let round = Round {
        since: ago(3_000),
        place: None,
        seen: ago(2_900),
        begun: ago(61),
    };
    rig.remember(Checkpoint {
        round: Some(round),
        ..known(3_100)
    });
    rig.first_turn().await;
    let since: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
    assert_eq!(since, [ago(3_000), ago(61).minus(OVERLAP), ago(30)]);
    assert_eq!(rig.checkpoint().bookmark, ago(5));
}

/// Each of its rounds is old when it ends; asking on at once would never end.
#[tokio::test(start_paused = true)]
async fn an_upstream_that_takes_minutes_to_answer_is_asked_once_an_interval() {
    let record = Record::new(1, T0.plus(seconds(1)));
    let body = array(&[record.json()]);
    let rig = Rig::answering(move |_| Answer::whole(body.clone()).after(seconds(90)));
    rig.remember(known(100));
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, SyncStatus::Idle);
    assert_eq!(rig.journal.gets().len(), 1);
    assert_eq!(rig.checkpoint().bookmark, T0, "not beyond its beginning");
    running.turns(2).await;
    let (at, since) = rig.journal.gets()[1];
    assert_eq!(at.as_secs(), 30 * 60);
    assert_eq!(
        since,
        T0.minus(OVERLAP),
        "what came late meanwhile is in reach"
    );
}

#[tokio::test(start_paused = true)]
async fn more_pages_than_one_turn_takes_go_on_at_once() {
    // One alert a second for the last hundred seconds, in pages of ten.
    let mut rig = Rig::answering(|since| {
        let records: Vec<String> = (0..100_u64)
            .map(|index| Record::new(index, ago(100 - index)))
            .filter(|record| record.created >= since)
            .take(10)
            .map(Record::json)
            .collect();
        Answer::whole(array(&records))
    });
    rig.config.rule.pages_max = 3;
    rig.remember(known(200));
    let running = rig.start();
    running.watch(seconds(10)).await;
    let state = running.state();
    assert_eq!(state.status, SyncStatus::Idle);
    assert_eq!((state.bookmark, state.round), (Some(ago(1)), None));
    assert_eq!(rig.store.alerts().len(), 100);
    let mut attempts = running.cell.attempts();
    attempts.reverse();
    let triggers: Vec<Trigger> = attempts.iter().map(|attempt| attempt.trigger).collect();
    assert_eq!(triggers[0], Trigger::Start);
    assert!(triggers.len() > 3);
    assert!(
        triggers[1..]
            .iter()
            .all(|trigger| *trigger == Trigger::Resume)
    );
    let ends: Vec<Note> = rig
        .journal
        .notes()
        .into_iter()
        .filter(|note| *note == Note::State(SyncStatus::Idle))
        .collect();
    assert_eq!(ends.len(), 1, "in between it is syncing");
    let (last, full) = attempts.split_last().unwrap();
    assert!(
        full.iter()
            .all(|attempt| attempt.pages == 3 && attempt.error.is_none())
    );
    assert!(last.pages <= 3);
    let gets = rig.journal.gets();
    let requests = u32::try_from(gets.len()).unwrap();
    // Nothing but the distance between requests holds it up.
    assert_eq!(gets.last().unwrap().0, REQUEST_GAP * (requests - 1));
}

#[tokio::test(start_paused = true)]
async fn the_full_overlap_is_asked_for_once_a_minute_and_on_manual_syncs() {
    let mut rig = Rig::scripted([
        Answer::whole("[]"),
        Answer::whole("[]"),
        Answer::fails(transient(Some(seconds(15)))),
    ]);
    rig.interval_minutes = 1;
    rig.remember(known(100));
    let running = rig.first_turn().await;
    for turns in [2, 3] {
        running.watch(seconds(5)).await;
        running.control.sync(None).unwrap();
        running.turns(turns).await;
    }
    // The upstream asked for a pause: 25 s after the start it is asked again, too soon for a full overlap.
    running.turns(5).await;
    let asked: Vec<(u64, Timestamp)> = rig
        .journal
        .gets()
        .iter()
        .map(|(at, since)| (at.as_secs(), *since))
        .collect();
    let (full, short) = (ago(100).minus(OVERLAP), ago(100).minus(OVERLAP_SHORT));
    assert_eq!(
        asked,
        [(0, full), (5, full), (10, full), (25, short), (60, short)]
    );
    running.turns(6).await;
    let (at, since) = *rig.journal.gets().last().unwrap();
    assert_eq!((at.as_secs(), since), (120, full));
}

/// Otherwise the bookmark would pass records that became visible late and that nobody has asked for.
#[tokio::test(start_paused = true)]
async fn a_full_overlap_that_failed_is_still_due() {
    let rig = Rig::scripted([Answer::fails(transient(Some(seconds(15))))]);
    rig.remember(known(100));
    let running = rig.start();
    running.turns(2).await;
    let asked: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
    assert_eq!(asked, [ago(100).minus(OVERLAP), ago(100).minus(OVERLAP)]);
}

#[tokio::test(start_paused = true)]
async fn a_record_from_the_future_is_stored_and_moves_no_bookmark() {
    let future = Record::new(9, T0.plus(seconds(86_400)));
    let rig = Rig::scripted([Answer::whole(array(&[
        Record::new(1, ago(5)).json(),
        future.json(),
    ]))]);
    rig.remember(known(100));
    let running = rig.first_turn().await;
    assert!(rig.store.alerts().contains_key(&future.alert_id(&rig.id)));
    assert_eq!(running.state().bookmark, Some(ago(5)));
    assert!(running.state().lag_seconds.unwrap() >= running.clock.now().since(T0).as_secs_f64());
}
