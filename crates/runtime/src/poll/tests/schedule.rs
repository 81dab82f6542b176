//! When turns begin and how the loop ends.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Control, Retention, StoredSource};
use cresset_model::source::{StoredState, SyncStatus, Trigger};
use tokio::sync::{mpsc, watch};

use crate::SourceCell;
use crate::fakes::{Answer, Note, Record, Rig, T0, array, permanent, seconds, transient};
use crate::poll::Poll;

fn after(passed: u64) -> Timestamp {
    T0.plus(seconds(passed))
}

/// The whole seconds at which the upstream was asked.
fn asked(rig: &Rig) -> Vec<u64> {
    rig.journal
        .gets()
        .iter()
        .map(|(at, _)| at.as_secs())
        .collect()
}

async fn until(running: &crate::fakes::Running, at: u64) {
    let left = seconds(at).saturating_sub(running.clock.elapsed());
    tokio::time::sleep(left).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_poll_begins_with_the_process_and_the_others_follow_by_the_interval() {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    assert_eq!(running.state().next_sync, Some(after(1_800)));
    running.turns(3).await;
    assert_eq!(asked(&rig), [0, 1_800, 3_600]);
    let triggers: Vec<Trigger> = running
        .cell
        .attempts()
        .iter()
        .map(|attempt| attempt.trigger)
        .collect();
    assert_eq!(
        triggers,
        [Trigger::Schedule, Trigger::Schedule, Trigger::Start]
    );
}

#[tokio::test(start_paused = true)]
async fn the_next_sync_is_an_interval_after_it_was_set_also_to_the_same_value() {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    for (at, next) in [(100, 400), (200, 500)] {
        until(&running, at).await;
        running.control.set_interval_minutes(5).await.unwrap();
        running.watch(Duration::from_millis(1)).await;
        let state = running.state();
        assert_eq!(state.next_sync, Some(after(next)));
        assert_eq!(state.interval_minutes, 5);
    }
    running.turns(3).await;
    assert_eq!(asked(&rig), [0, 500, 800]);
}

#[tokio::test(start_paused = true)]
async fn an_interval_that_is_set_during_a_turn_counts_from_then_too() {
    let rig = Rig::scripted([Answer::whole("[]").after(seconds(50))]);
    let running = rig.start();
    until(&running, 20).await;
    running.control.set_interval_minutes(1).await.unwrap();
    running.watch(seconds(1)).await;
    let state = running.state();
    assert_eq!(state.status, SyncStatus::Syncing);
    assert_eq!(
        (state.next_sync, state.interval_minutes),
        (Some(after(80)), 1)
    );
    running.turns(3).await;
    assert_eq!(asked(&rig), [0, 80, 140]);
}

#[tokio::test(start_paused = true)]
async fn ticks_that_a_long_turn_missed_are_skipped() {
    let mut rig = Rig::scripted([Answer::whole("[]").after(seconds(150))]);
    rig.interval_minutes = 1;
    let running = rig.start();
    until(&running, 250).await;
    assert_eq!(asked(&rig), [0, 150, 180, 240]);
}

#[tokio::test(start_paused = true)]
async fn a_manual_sync_does_not_move_the_schedule() {
    let mut rig = Rig::scripted([]);
    rig.interval_minutes = 1;
    let running = rig.first_turn().await;
    until(&running, 20).await;
    running.control.sync(None).unwrap();
    running.turns(2).await;
    assert_eq!(running.state().next_sync, Some(after(60)));
    until(&running, 130).await;
    assert_eq!(asked(&rig), [0, 20, 60, 120]);
}

#[tokio::test(start_paused = true)]
async fn retention_is_asked_before_each_sync_even_when_the_sync_then_fails() {
    let mut rig = Rig::scripted([Answer::fails(permanent()), Answer::whole("[]")]);
    rig.retention = Some(seconds(48 * 3_600));
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, SyncStatus::Failed);
    running.control.sync(None).unwrap();
    running.turns(2).await;
    let order: Vec<Note> = rig
        .journal
        .notes()
        .into_iter()
        .filter(|note| matches!(note, Note::Retain(_) | Note::Get { .. }))
        .collect();
    let [
        Note::Retain(first),
        Note::Get { .. },
        Note::Retain(_),
        Note::Get { .. },
    ] = &order[..]
    else {
        panic!("retention, then the request, twice: {order:?}");
    };
    let rule = Retention {
        source: Some(rig.id.clone()),
        ingested_before: T0.minus(seconds(48 * 3_600)),
        unseen_since: T0.minus(seconds(30 * 3_600)),
    };
    assert_eq!(*first, rule);
}

#[tokio::test(start_paused = true)]
async fn identities_are_kept_for_twice_an_overlap_that_is_longer_than_usual() {
    let mut rig = Rig::scripted([]);
    rig.retention = Some(seconds(3_600));
    rig.config.rule.overlap = seconds(20 * 3_600);
    rig.first_turn().await;
    let kept = rig.journal.notes().into_iter().find_map(|note| match note {
        Note::Retain(rule) => Some(rule.unseen_since),
        _ => None,
    });
    assert_eq!(kept, Some(T0.minus(seconds(40 * 3_600))));
}

#[tokio::test(start_paused = true)]
async fn an_upstream_is_asked_at_most_ten_times_a_second() {
    // Pages without end: each brings one more second, all of them long ago.
    let rig = Rig::answering(|since| {
        let record = Record::new(1, since.plus(seconds(1)));
        Answer::whole(array(&[record.json()]))
    });
    let running = rig.start();
    running.watch(seconds(10)).await;
    let gets = rig.journal.gets();
    assert_eq!(gets.len(), 91, "nine a second, and not fewer");
    for (early, late) in gets.iter().zip(gets.iter().skip(10)) {
        assert!(late.0 > early.0 + seconds(1));
    }
}

#[tokio::test(start_paused = true)]
async fn manual_syncs_keep_requests_apart_too() {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    for turns in 2..10 {
        running.control.sync(None).unwrap();
        running.turns(turns).await;
    }
    let gets = rig.journal.gets();
    for pair in gets.windows(2) {
        assert!(pair[1].0 >= pair[0].0 + Duration::from_millis(100));
    }
}

#[tokio::test(start_paused = true)]
async fn stop_ends_the_loop_at_once_wherever_it_is() {
    let hanging_body = Answer::pieces([crate::fakes::Piece::Hangs]);
    let slow_retry = Answer::fails(transient(Some(seconds(9))));
    for answer in [Answer::Hangs, hanging_body, slow_retry, Answer::whole("[]")] {
        let rig = Rig::scripted([answer]);
        let running = rig.start();
        running.watch(seconds(1)).await;
        let (clock, before) = (Arc::clone(&running.clock), running.clock.elapsed());
        running.stop().await;
        assert_eq!(clock.elapsed(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn the_loop_ends_when_whoever_could_stop_it_is_gone() {
    let rig = Rig::scripted([Answer::Hangs]);
    let running = rig.start();
    running.watch(seconds(1)).await;
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_is_under_way_when_the_loop_stops_still_counts() {
    let rig = Rig::scripted([Answer::whole(array(&[Record::new(1, T0).json()]))]);
    rig.store.hold_commits(true);
    let running = rig.start();
    running.watch(seconds(1)).await;
    let cell = Arc::clone(&running.cell);
    running.stop().await;
    assert_eq!(cell.state(T0).counters.new, 0);
    rig.store.hold_commits(false);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(cell.state(T0).counters.new, 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_at_the_start_is_waited_for() {
    let rig = Rig::scripted([]);
    rig.store.set_down(true);
    let running = rig.start();
    running.watch(seconds(60)).await;
    assert_eq!(running.state().status, SyncStatus::SystemFailure);
    assert_eq!((running.state().turns, asked(&rig).len()), (0, 0));
    rig.store.set_down(false);
    running.turns(1).await;
    assert_eq!(running.state().status, SyncStatus::Idle);
    assert!(running.clock.elapsed() <= seconds(63));
}

#[tokio::test(start_paused = true)]
async fn a_restart_recalls_books_attempts_and_errors() {
    let rig = Rig::scripted([
        Answer::whole(array(&[Record::new(1, T0).json(), "7".to_owned()])),
        Answer::fails(permanent()),
        Answer::Hangs,
    ]);
    let running = rig.first_turn().await;
    running.control.sync(None).unwrap();
    running.turns(2).await;
    let before = running.state();
    assert_eq!(before.status, SyncStatus::Failed);
    let attempts = running.cell.attempts();
    running.stop().await;
    let running = rig.start();
    running.watch(seconds(1)).await;
    let state = running.state();
    assert_eq!(state.counters, before.counters);
    assert_eq!((state.counters.new, state.counters.dead), (1, 1));
    assert_eq!(state.last_error, before.last_error);
    assert_eq!(state.last_success, before.last_success);
    assert_eq!(state.bookmark, before.bookmark);
    assert_eq!(running.cell.attempts(), attempts);
    assert_eq!((state.status, state.turns), (SyncStatus::Syncing, 0));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_a_crash_cut_off_is_not_taken_for_one_that_runs() {
    let rig = Rig::scripted([]);
    let stored = StoredSource {
        state: StoredState {
            status: SyncStatus::Syncing,
            ..StoredState::default()
        },
        ..StoredSource::default()
    };
    rig.store.put(&rig.id, stored);
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, SyncStatus::Idle);
    running.control.sync(None).unwrap();
    running.turns(2).await;
}

/// A loop over channels of the test's own, so that a command can be there before the turn.
fn bare(rig: &Rig) -> (Poll, Arc<SourceCell>) {
    let cell = Arc::new(SourceCell::new(rig.id.clone(), "http_poll", String::new()));
    let poll = Poll::new(rig.config.clone(), rig.ports(), Arc::clone(&cell));
    (poll, cell)
}

#[tokio::test(start_paused = true)]
async fn a_command_that_came_before_a_turn_began_is_served_by_that_turn() {
    let rig = Rig::scripted([Answer::fails(transient(Some(seconds(120))))]);
    let (poll, cell) = bare(&rig);
    let (manual, commands) = mpsc::channel(1);
    let (_interval, changes) = watch::channel(30);
    let (_stop, stopped) = watch::channel(false);
    manual.try_send(crate::poll::PollCommand::Sync).unwrap();
    tokio::spawn(poll.run(commands, changes, stopped));
    tokio::time::sleep(seconds(100)).await;
    assert_eq!(asked(&rig), [0], "a second turn would break the pause");
    assert_eq!(cell.state(rig.clock.now()).turns, 1);
}

#[tokio::test(start_paused = true)]
async fn the_loop_goes_on_by_its_interval_when_nobody_can_command_it() {
    let rig = Rig::scripted([]);
    let (poll, _) = bare(&rig);
    let (_, commands) = mpsc::channel(1);
    let (_, changes) = watch::channel(1);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(poll.run(commands, changes, stopped));
    tokio::time::sleep(seconds(130)).await;
    assert_eq!(asked(&rig), [0, 60, 120]);
}
