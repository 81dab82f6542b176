//! Attempts, waits and what the status says meanwhile.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Control, FetchError, SyncRefused};
use cresset_model::source::{RetryState, SyncStatus, Trigger};

use crate::fakes::{Answer, Rig, Running, T0, array, permanent, seconds, transient};

use SyncStatus::{Failed, Idle, Retrying, Syncing};

/// The mock of the original service answers after three seconds.
const MOCK_DELAY: Duration = Duration::from_secs(3);

fn failing() -> Answer {
    Answer::fails(transient(None)).after(MOCK_DELAY)
}

fn asking_to_wait(wait: Duration) -> Answer {
    Answer::fails(transient(Some(wait)))
}

fn statuses(seen: &[(Duration, SyncStatus)]) -> Vec<SyncStatus> {
    seen.iter().map(|(_, status)| *status).collect()
}

/// How long the states lasted, all but the last.
fn lengths(seen: &[(Duration, SyncStatus)]) -> Vec<Duration> {
    seen.windows(2)
        .map(|pair| pair[1].0.saturating_sub(pair[0].0))
        .collect()
}

fn assert_between(length: Duration, least: Duration, most: Duration) {
    // A test looks at the state each few milliseconds.
    let slack = Duration::from_millis(10);
    assert!(
        length + slack >= least && length <= most + slack,
        "{length:?} is not within {least:?} and {most:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_poll_is_seen_retrying_twice_and_fails_with_the_third_attempt() {
    let rig = Rig::scripted([Answer::whole("[]"), failing(), failing(), failing()]);
    let running = rig.first_turn().await;
    running.watch(seconds(1)).await;
    assert_eq!(running.state().status, Idle);
    running.control.sync(None).unwrap();
    let seen = running.watch(seconds(20)).await;
    assert_eq!(
        statuses(&seen),
        [Syncing, Retrying, Syncing, Retrying, Syncing, Failed]
    );
    let lengths = lengths(&seen);
    for syncing in [lengths[0], lengths[2], lengths[4]] {
        assert_between(syncing, MOCK_DELAY, MOCK_DELAY);
    }
    assert_between(lengths[1], seconds(1), Duration::from_millis(1_500));
    assert_between(lengths[3], seconds(2), seconds(3));
    assert_eq!(rig.journal.gets().len(), 4);
    let state = running.state();
    assert_eq!(
        state.last_error.as_deref(),
        Some("status 503 of http://upstream/alerts")
    );
    assert_eq!(state.retry, None);
    assert_eq!(rig.stored().state.status, Failed);
    assert_eq!(rig.stored().state.last_error, state.last_error);
    let attempt = &running.cell.attempts()[0];
    assert_eq!((attempt.trigger, attempt.requests), (Trigger::Manual, 3));
    assert_eq!(attempt.error, state.last_error);
    assert_eq!(rig.stored().attempts[0], *attempt);
}

#[tokio::test(start_paused = true)]
async fn while_retrying_the_state_says_which_attempt_failed_and_when_the_next_begins() {
    let rig = Rig::scripted([failing(), failing()]);
    let running = rig.start();
    for attempt in [1, 2] {
        running.watch(MOCK_DELAY).await;
        running.until(|state| state.status == Retrying).await;
        let state = running.state();
        let RetryState {
            attempt: failed,
            attempts_max,
            next_at,
        } = state.retry.expect("it waits");
        assert_eq!((failed, attempts_max), (attempt, 3));
        assert_eq!(state.last_error.as_deref(), Some(&*transient(None).message));
        running.until(|state| state.status != Retrying).await;
        let (begun, _) = *rig.journal.gets().last().unwrap();
        assert_between(begun, next_at.since(T0), next_at.since(T0));
        assert_eq!(running.state().retry, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_after_failures_clears_the_error_and_not_before() {
    let rig = Rig::scripted([failing(), failing(), Answer::whole("[]").after(MOCK_DELAY)]);
    let running = rig.start();
    let seen = running.watch(seconds(20)).await;
    assert_eq!(
        statuses(&seen),
        [Idle, Syncing, Retrying, Syncing, Retrying, Syncing, Idle]
    );
    let state = running.state();
    assert_eq!((state.last_error, state.turns), (None, 1));
    let ended = running.cell.attempts()[0].ended;
    assert_eq!(
        (state.last_success, state.last_sync),
        (Some(ended), Some(ended))
    );
    assert_eq!(rig.stored().state.last_error, None);
    assert_eq!(rig.stored().state.last_success, Some(ended));
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_failed_turn_stays_while_the_next_one_runs() {
    let rig = Rig::scripted([
        Answer::fails(permanent()),
        Answer::whole("[]").after(MOCK_DELAY),
    ]);
    let running = rig.first_turn().await;
    running.control.sync(None).unwrap();
    running.watch(seconds(1)).await;
    let state = running.state();
    assert_eq!(state.status, Syncing);
    assert_eq!(state.last_error, Some(permanent().message));
    assert_eq!(state.last_success, None);
    running.turns(2).await;
    assert_eq!(running.state().last_error, None);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_will_stay_is_not_tried_again_within_the_turn() {
    let documents = [
        (r#"{"alerts":[]}"#, "an object with keys \"alerts\""),
        ("null", "null"),
        ("<html>", "text that is not JSON, beginning \"<html>\""),
    ];
    let mut answers = vec![(Answer::fails(permanent()), permanent().message)];
    for (document, found) in documents {
        let hint = if document.starts_with('{') {
            " (if one of them holds the records, set its path as `records`)"
        } else {
            ""
        };
        let message = format!("a JSON array is expected, but the answer is {found}{hint}");
        answers.push((Answer::whole(document), message));
    }
    answers.push((
        Answer::whole("[,]"),
        "a record is missing before the comma at byte 1, after 0 complete records".to_owned(),
    ));
    answers.push((
        Answer::whole(""),
        "a JSON array is expected, but the answer is empty".to_owned(),
    ));
    for (answer, message) in answers {
        let rig = Rig::scripted([answer]);
        let running = rig.first_turn().await;
        let state = running.state();
        assert_eq!((state.status, state.last_error), (Failed, Some(message)));
        assert_eq!(rig.journal.gets().len(), 1);
        running.watch(seconds(60)).await;
        assert_eq!(
            rig.journal.gets().len(),
            1,
            "the next poll is the scheduled one"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_tried_again() {
    let rig = Rig::scripted([
        Answer::broken(""),
        Answer::broken("["),
        Answer::whole(array(&[crate::fakes::Record::new(1, T0).json()])),
    ]);
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, Idle);
    assert_eq!(running.cell.attempts()[0].requests, 3);
    assert_eq!(rig.store.alerts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_retry_after_is_the_least_wait_within_the_turn() {
    let rig = Rig::scripted([asking_to_wait(seconds(10))]);
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, Idle);
    let gets = rig.journal.gets();
    assert_between(
        gets[1].0.saturating_sub(gets[0].0),
        seconds(10),
        Duration::from_millis(10_500),
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_below_the_usual_wait_does_not_shorten_it() {
    let rig = Rig::scripted([asking_to_wait(Duration::ZERO)]);
    rig.first_turn().await;
    let gets = rig.journal.gets();
    assert_between(
        gets[1].0.saturating_sub(gets[0].0),
        seconds(1),
        Duration::from_millis(1_500),
    );
}

async fn told_to_wait(wait: Duration) -> (Rig, Running, Timestamp) {
    let rig = Rig::scripted([asking_to_wait(wait)]);
    let running = rig.first_turn().await;
    let until = running.cell.attempts()[0].ended.plus(wait);
    (rig, running, until)
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_ends_the_turn_and_the_source_is_asked_again_by_itself_then() {
    for wait in [Duration::from_millis(10_001), seconds(120), seconds(3_600)] {
        let (rig, running, until) = told_to_wait(wait).await;
        let state = running.state();
        assert_eq!(state.status, Failed);
        running.watch(seconds(1)).await;
        assert_eq!(running.state().not_before, Some(until));
        assert_eq!(running.state().next_sync, Some(until));
        running.turns(2).await;
        let gets = rig.journal.gets();
        assert_between(gets[1].0, until.since(T0), until.since(T0));
        assert_eq!(running.cell.attempts()[0].trigger, Trigger::Schedule);
        assert_eq!(running.state().status, Idle);
        assert_eq!(running.state().not_before, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_manual_sync_is_refused_until_the_upstream_may_be_asked_again() {
    let (_rig, running, until) = told_to_wait(seconds(120)).await;
    running.watch(seconds(1)).await;
    let refused = running.control.sync(None).unwrap_err();
    assert_eq!(refused, SyncRefused::NotBefore(until));
    assert_eq!(
        refused.to_string(),
        format!("Upstream asked to wait (Retry-After): next sync possible at {until}")
    );
    running.turns(2).await;
    running.watch(seconds(1)).await;
    running.control.sync(None).unwrap();
    running.turns(3).await;
    assert_eq!(running.cell.attempts()[0].trigger, Trigger::Manual);
}

#[tokio::test(start_paused = true)]
async fn a_forced_sync_does_not_wait_and_the_answer_to_it_decides_what_follows() {
    let answers = [asking_to_wait(seconds(120)), asking_to_wait(seconds(600))];
    let rig = Rig::scripted(answers);
    let running = rig.first_turn().await;
    running.watch(seconds(1)).await;
    running.control.sync(None).unwrap_err();
    running.control.force_sync(&rig.id).unwrap();
    let busy = running.control.force_sync(&rig.id).unwrap_err();
    assert_eq!(busy, SyncRefused::Busy(Syncing));
    running.turns(2).await;
    assert_eq!(rig.journal.gets().len(), 2);
    assert_eq!(running.cell.attempts()[0].trigger, Trigger::Manual);
    let until = running.cell.attempts()[0].ended.plus(seconds(600));
    running.watch(seconds(1)).await;
    assert_eq!(running.state().not_before, Some(until), "asked once more");
    let refused = running.control.sync(None).unwrap_err();
    assert_eq!(refused, SyncRefused::NotBefore(until));
    running.control.force_sync(&rig.id).unwrap();
    running.turns(3).await;
    running.watch(seconds(1)).await;
    let state = running.state();
    assert_eq!((state.status, state.not_before), (Idle, None));
}

/// The end of the turn is stored on a disk: meanwhile somebody may ask for a sync.
#[tokio::test(start_paused = true)]
async fn a_manual_sync_is_refused_from_the_very_end_of_the_turn_that_was_told_to_wait() {
    let rig = Rig::scripted([asking_to_wait(seconds(120)).after(seconds(1))]);
    let running = rig.start();
    running.watch(Duration::from_millis(500)).await;
    rig.store.hold_states(true);
    running.watch(seconds(1)).await;
    assert_eq!((running.state().status, running.state().turns), (Failed, 0));
    let until = T0.plus(seconds(121));
    let refused = running.control.sync(None).expect_err("it has to wait");
    assert!(
        matches!(refused, SyncRefused::NotBefore(at) if at.since(until) < seconds(1)),
        "{refused:?}"
    );
    rig.store.hold_states(false);
    running.watch(seconds(100)).await;
    assert_eq!(rig.journal.gets().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sync_asked_for_while_the_loop_waits_out_a_pause_is_kept_from_the_upstream() {
    let (rig, running, _) = told_to_wait(seconds(120)).await;
    running.watch(seconds(60)).await;
    running.control.sync(None).unwrap_err();
    running.watch(seconds(59)).await;
    assert_eq!(rig.journal.gets().len(), 1);
}

/// An upstream that is down and says `Retry-After: 1` must not be asked without end.
#[tokio::test(start_paused = true)]
async fn a_short_retry_after_of_the_last_attempt_does_not_bring_the_next_turn_forward() {
    let rig = Rig::answering(|_| asking_to_wait(seconds(2)));
    let running = rig.first_turn().await;
    running.watch(Duration::from_millis(10)).await;
    let state = running.state();
    assert_eq!(state.status, Failed);
    assert_eq!(state.next_sync, Some(T0.plus(seconds(30 * 60))));
    let until = running.cell.attempts()[0].ended.plus(seconds(2));
    assert_eq!(
        state.not_before,
        Some(until),
        "manual syncs wait for it all the same"
    );
    running.watch(seconds(60)).await;
    assert_eq!(rig.journal.gets().len(), 3);
    running.control.sync(None).unwrap();
    running.turns(2).await;
    assert_eq!(rig.journal.gets().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_the_interval_holds_the_scheduled_polls_back() {
    let mut rig = Rig::scripted([asking_to_wait(seconds(150))]);
    rig.interval_minutes = 1;
    let running = rig.first_turn().await;
    running.watch(seconds(190)).await;
    let gets: Vec<u64> = rig
        .journal
        .gets()
        .iter()
        .map(|(at, _)| at.as_secs())
        .collect();
    assert_eq!(gets, [0, 150, 180]);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_may_ask_for_a_pause_too() {
    let error = FetchError {
        retry_after: Some(seconds(60)),
        ..permanent()
    };
    let rig = Rig::scripted([Answer::fails(error)]);
    let running = rig.first_turn().await;
    running.watch(seconds(1)).await;
    assert_eq!(
        running.control.sync(None),
        Err(SyncRefused::NotBefore(T0.plus(seconds(60))))
    );
    running.turns(2).await;
    assert_eq!(running.clock.now().since(T0).as_secs(), 60);
}
