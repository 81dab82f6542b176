//! Rows, rounds and the bookmark.
//!
//! Ways to break the invariants on purpose, and the tests that fail then:
//!
//! - I1, no acknowledgment before the commit: let `Intake::finish` return without `settle_commit`:
//!   `nothing_advances_before_the_commit_has_returned`, `a_failed_commit_of_the_last_batch_ends_no_round`
//!   and the kills; or let `commit_checkpoint` set the cell before it commits:
//!   `the_bookmark_is_shown_only_after_the_commit_that_moves_it_has_returned`.
//! - I2, the checkpoint moves only with what it covers: let `settle_decision` commit a checkpoint whose
//!   bookmark is the newest instant so far: `the_bookmark_moves_only_when_the_round_ends`,
//!   `a_page_cut_in_the_middle_keeps_its_complete_records_and_leaves_bookmark_and_round` and the kills.
//! - I3, conservation: let `settle_decision` count before the commit has returned:
//!   `a_failed_commit_of_the_last_batch_ends_no_round`; or drop what `take_rest` hands over after a fault:
//!   `the_records_of_a_cut_page_come_again_as_the_same`; or drop a full batch:
//!   `the_last_word_of_a_page_wins_however_its_batches_are_cut`.

use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::Control;
use cresset_model::source::{Checkpoint, Round, Sweep, SyncStatus, Trigger};

use crate::fakes::{
    Answer, Fault, Note, Piece, Record, Rig, T0, array, broken, cut, permanent, seconds,
};
use crate::poll::rule::{LOOKBACK, OVERLAP};

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
async fn the_first_start_stores_a_bookmark_before_it_asks() {
    let rig = Rig::scripted([Answer::Hangs]);
    let running = rig.start();
    running.watch(seconds(1)).await;
    let first = Checkpoint {
        bookmark: T0.minus(LOOKBACK),
        round: None,
        fetch: 0,
        sweep: Sweep {
            last: Some(T0),
            floor: Some(ago(24 * 3_600)),
            ..Sweep::default()
        },
    };
    assert_eq!(
        rig.journal.notes(),
        [
            Note::State(SyncStatus::Syncing),
            Note::Commit {
                read: None,
                checkpoint: Some(first)
            },
            Note::Get {
                since: T0.minus(LOOKBACK).minus(OVERLAP),
                place: None,
            },
        ]
    );
    assert_eq!(running.state().bookmark, Some(T0.minus(LOOKBACK)));
}

#[tokio::test(start_paused = true)]
async fn the_bookmark_moves_only_when_the_round_ends() {
    let rig = Rig::scripted([
        Answer::whole(page(&[90, 80, 70, 60])),
        Answer::whole(page(&[70, 60, 50, 40])),
        Answer::whole(page(&[50, 40])),
    ]);
    rig.remember(known(100));
    rig.first_turn().await;
    let since: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
    assert_eq!(since, [ago(400), ago(70), ago(50), ago(40)]);
    let checkpoints = rig.journal.checkpoints();
    let (ended, before) = checkpoints.split_last().unwrap();
    assert_eq!(before.len(), 6, "each page commits its rows and its place");
    for checkpoint in before {
        assert_eq!(checkpoint.bookmark, ago(100));
        let round = checkpoint.round.as_ref().expect("the round is stored");
        assert_eq!(round.begun, T0);
    }
    let places: Vec<Timestamp> = before
        .iter()
        .filter_map(|checkpoint| checkpoint.round.as_ref())
        .map(|round| round.since)
        .collect();
    assert_eq!(
        places,
        [ago(400), ago(70), ago(70), ago(50), ago(50), ago(40)]
    );
    assert_eq!((ended.bookmark, &ended.round), (ago(40), &None));
    assert_eq!(rig.checkpoint(), *ended);
}

#[tokio::test(start_paused = true)]
async fn nothing_advances_before_the_commit_has_returned() {
    let rig = Rig::scripted([Answer::whole(page(&[90, 80, 70]))]);
    rig.remember(known(100));
    rig.store.hold_commits(true);
    let running = rig.start();
    running.watch(seconds(60)).await;
    let state = running.state();
    assert_eq!(state.status, SyncStatus::Syncing);
    assert_eq!(state.bookmark, Some(ago(100)));
    assert_eq!(state.round.map(|round| round.since), Some(ago(400)));
    assert_eq!((state.counters.read, state.counters.new), (0, 0));
    assert_eq!(rig.journal.gets().len(), 1, "the next page waits too");
    assert_eq!(rig.checkpoint(), known(100));
    rig.store.hold_commits(false);
    running.turns(1).await;
    assert_eq!(running.state().counters.new, 3);
    assert_eq!(running.state().counters, rig.stored().counters);
}

#[tokio::test(start_paused = true)]
async fn the_bookmark_is_shown_only_after_the_commit_that_moves_it_has_returned() {
    let rig = Rig::scripted([
        Answer::whole(page(&[90, 80, 70])),
        Answer::whole("[]").after(seconds(1)),
    ]);
    rig.remember(known(100));
    rig.store.hold_checkpoints(true);
    let running = rig.start();
    running.watch(seconds(60)).await;
    let state = running.state();
    assert_eq!((state.status, state.turns), (SyncStatus::Syncing, 0));
    assert_eq!(state.round.map(|round| round.since), Some(ago(400)));
    assert_eq!(rig.journal.gets().len(), 1, "the next page waits too");
    rig.store.hold_checkpoints(false);
    running.watch(Duration::from_millis(5)).await;
    rig.store.hold_checkpoints(true);
    running.watch(seconds(60)).await;
    let state = running.state();
    assert_eq!((state.status, state.turns), (SyncStatus::Syncing, 0));
    assert_eq!(rig.journal.gets().len(), 2);
    assert_eq!(state.bookmark, Some(ago(100)));
    assert_eq!(state.last_success, None);
    rig.store.hold_checkpoints(false);
    running.turns(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_end_the_round_is_a_system_failure_and_the_stored_place_decides() {
    for (fault, moved) in [(Fault::Transient, false), (Fault::Unknown, true)] {
        let body = array(&[Record::new(1, T0).json()]);
        let rig = Rig::answering(move |_| Answer::whole(body.clone()));
        rig.remember(known(100));
        rig.store.fail_next_checkpoints([fault]);
        rig.store.lose_receipts(3);
        let running = rig.first_turn().await;
        let state = running.state();
        assert_eq!(state.status, SyncStatus::SystemFailure);
        assert_eq!(
            state.bookmark,
            Some(ago(100)),
            "what is not sure is not shown"
        );
        running.control.sync(None).unwrap();
        running.turns(2).await;
        let asked = rig.journal.gets()[1].1;
        let place = if moved { T0.minus(OVERLAP) } else { ago(400) };
        assert_eq!(asked, place);
        assert_eq!(running.state().bookmark, Some(T0));
        assert_eq!(rig.stored().counters.new, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_of_the_last_batch_ends_no_round() {
    let mut rig = Rig::scripted([Answer::whole(page(&[3, 2, 1]))]);
    rig.limits.batch_records_max = 2;
    rig.remember(known(100));
    rig.store.fail_next([Fault::None, Fault::Transient]);
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, SyncStatus::SystemFailure);
    assert_eq!(rig.checkpoint().bookmark, ago(100));
    assert!(rig.checkpoint().round.is_some());
    assert_eq!(rig.stored().counters.read, 2);
    assert_eq!(running.state().counters, rig.stored().counters);
}

#[tokio::test(start_paused = true)]
async fn a_page_cut_in_the_middle_keeps_its_complete_records_and_leaves_bookmark_and_round() {
    let records: Vec<String> = (0..7_u64)
        .map(|index| match index {
            2 => broken(2),
            _ => Record::new(index, ago(60 - index)).json(),
        })
        .collect();
    let answers = [
        Answer::whole(cut(&records, 5)),
        Answer::broken(cut(&records, 5)),
        Answer::pieces([
            Piece::Bytes(cut(&records, 4)),
            Piece::Wait(seconds(1)),
            Piece::Breaks(permanent()),
        ]),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let mut rig = Rig::scripted([answer]);
        rig.limits.batch_records_max = 2;
        rig.config.rule.attempts_max = 1;
        rig.remember(known(100));
        let running = rig.first_turn().await;
        assert_eq!(running.state().status, SyncStatus::Failed);
        let whole = [5, 5, 4][index];
        let counters = rig.stored().counters;
        assert_eq!((counters.read, counters.dead), (whole, 1));
        assert_eq!(rig.store.alerts().len() as u64, whole - 1);
        let round = Round {
            since: ago(400),
            place: None,
            seen: ago(100),
            begun: T0,
        };
        let stored = rig.checkpoint();
        assert_eq!((stored.bookmark, stored.round), (ago(100), Some(round)));
        assert_eq!(running.state().bookmark, Some(ago(100)));
        // The next turn asks from the same place again.
        running.control.sync(None).unwrap();
        running.turns(2).await;
        assert_eq!(rig.journal.gets()[1].1, ago(400));
    }
}

#[tokio::test(start_paused = true)]
async fn the_records_of_a_cut_page_come_again_as_the_same() {
    let records: Vec<String> = (0..5_u64)
        .map(|index| Record::new(index, ago(60 - index)).json())
        .collect();
    let rig = Rig::scripted([
        Answer::broken(cut(&records, 3)),
        Answer::whole(array(&records)),
    ]);
    rig.remember(known(100));
    let running = rig.first_turn().await;
    let counters = running.state().counters;
    assert_eq!((counters.new, counters.same, counters.changed), (5, 3, 0));
    assert_eq!(counters.sides(), (8, 8));
    let attempt = &running.cell.attempts()[0];
    assert_eq!((attempt.read, attempt.new, attempt.requests), (8, 5, 3));
    assert_eq!(running.state().status, SyncStatus::Idle);
    assert_eq!(rig.checkpoint().bookmark, ago(56));
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_is_a_system_failure_and_the_next_poll_recovers_by_itself() {
    for (fault, cause) in [
        (Fault::Transient, "the disk is full"),
        (Fault::Permanent, "the schema is foreign"),
    ] {
        let body = page(&[90, 80, 70]);
        let rig = Rig::answering(move |_| Answer::whole(body.clone()));
        rig.remember(known(100));
        rig.store.fail_next([fault]);
        let running = rig.first_turn().await;
        let state = running.state();
        assert_eq!(state.status, SyncStatus::SystemFailure);
        let message = format!("the store could not take the answer: {cause}");
        assert_eq!(state.last_error, Some(message));
        assert_eq!(rig.journal.gets().len(), 1, "no attempt is wasted");
        assert_eq!(rig.stored().state.status, SyncStatus::SystemFailure);
        assert_eq!(rig.checkpoint(), known(100));
        running.turns(2).await;
        assert_eq!(running.clock.elapsed().as_secs(), 30 * 60);
        let state = running.state();
        assert_eq!((state.status, state.last_error), (SyncStatus::Idle, None));
        assert_eq!(rig.store.alerts().len(), 3);
        assert_eq!(rig.checkpoint().bookmark, ago(70));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_at_the_start_of_a_turn_keeps_the_upstream_unasked() {
    let mut rig = Rig::scripted([]);
    rig.interval_minutes = 1;
    let running = rig.first_turn().await;
    let asked = rig.journal.gets().len();
    rig.store.set_down(true);
    running.turns(2).await;
    assert_eq!(running.state().status, SyncStatus::SystemFailure);
    assert_eq!(
        running.state().last_error.as_deref(),
        Some("the store could not take the answer: the disk is gone")
    );
    assert_eq!(rig.journal.gets().len(), asked);
    rig.store.set_down(false);
    running.turns(3).await;
    assert_eq!(running.state().status, SyncStatus::Idle);
    assert_eq!(rig.journal.gets().len(), asked + 1);
}

/// Two polls of the same page, with commits that go wrong.
async fn two_polls(faults: &[Fault], ends: &[Fault], receipts_lost: u32) -> (Rig, SyncStatus) {
    let body = page(&[90, 80, 70]);
    let rig = Rig::answering(move |_| Answer::whole(body.clone()));
    rig.remember(known(100));
    rig.store.fail_next(faults.iter().copied());
    rig.store.fail_next_checkpoints(ends.iter().copied());
    rig.store.lose_receipts(receipts_lost);
    let running = rig.first_turn().await;
    let first = running.state().status;
    running.turns(2).await;
    assert_eq!(
        running.state().counters,
        rig.stored().counters,
        "the books shown are those stored"
    );
    running.stop().await;
    (rig, first)
}

/// I12. Broken on purpose by taking the lost answer for a failure: the turn fails, and the books count
/// what was read once as read twice.
#[tokio::test(start_paused = true)]
async fn a_poll_whose_commits_succeed_without_telling_keeps_the_books_of_an_undisturbed_one() {
    let (quiet, _) = two_polls(&[], &[], 0).await;
    let unknown = [Fault::Unknown; 2];
    // The connection may take its time to come back.
    for receipts_lost in [0, 1, 2] {
        let (rig, first) = two_polls(&unknown, &unknown, receipts_lost).await;
        assert_eq!(first, SyncStatus::Idle, "it was no failure");
        assert_eq!(rig.stored().counters, quiet.stored().counters);
        assert_eq!(rig.store.alerts(), quiet.store.alerts());
        assert_eq!(rig.checkpoint(), quiet.checkpoint());
        assert_eq!(rig.journal.checkpoints(), quiet.journal.checkpoints());
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_which_nothing_can_be_learned_is_found_as_the_same() {
    let (rig, first) = two_polls(&[Fault::Unknown], &[], 100).await;
    assert_eq!(first, SyncStatus::SystemFailure);
    let counters = rig.stored().counters;
    assert_eq!((counters.new, counters.changed), (3, 0));
    assert_eq!(counters.read, counters.new + counters.same);
    assert!(rig.store.alerts().values().all(|alert| alert.revision == 1));
}

#[tokio::test(start_paused = true)]
async fn no_two_fetches_bear_the_same_number() {
    let rig = Rig::scripted([
        Answer::broken(cut(&[Record::new(1, ago(60)).json(), broken(1)], 1)),
        Answer::whole(page(&[50, 40])),
        Answer::whole(page(&[40])),
    ]);
    rig.remember(known(100));
    let running = rig.first_turn().await;
    running.control.sync(None).unwrap();
    running.turns(2).await;
    let numbers: Vec<u64> = rig
        .journal
        .notes()
        .into_iter()
        .filter_map(|note| match note {
            Note::Commit {
                read: Some(_),
                checkpoint,
            } => checkpoint.map(|checkpoint| checkpoint.fetch),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [6, 7, 8]);
    assert_eq!(rig.checkpoint().fetch, 9 + 1, "empty answers count as well");
}

#[tokio::test(start_paused = true)]
async fn a_stored_round_goes_on_from_its_own_place_after_a_restart() {
    let rig = Rig::scripted([
        Answer::whole(page(&[90, 80, 70, 60])),
        Answer::Hangs,
        Answer::whole(page(&[70, 60, 50])),
    ]);
    rig.remember(known(100));
    let running = rig.start();
    running.watch(seconds(5)).await;
    running.stop().await;
    let stored = rig.checkpoint();
    assert_eq!(stored.bookmark, ago(100));
    assert_eq!(stored.round.map(|round| round.since), Some(ago(70)));
    let running = rig.first_turn().await;
    let since: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
    assert_eq!(since, [ago(400), ago(70), ago(70), ago(60)]);
    assert_eq!(running.state().bookmark, Some(ago(50)));
    assert_eq!(running.cell.attempts()[0].trigger, Trigger::Start);
}
