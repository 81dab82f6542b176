use cresset_model::source::RoundState;

use super::super::fixture::{NOW, polled, seconds, vitals};
use super::*;

/// Lets time pass and looks.
async fn quiet_after(memory: &mut Memory, source: &SourceState, passed: u64) -> u64 {
    tokio::time::advance(seconds(passed)).await;
    memory.quiet(source, Instant::now()).as_secs()
}

/// To break it: count what was read, or take the wall clock.
#[tokio::test(start_paused = true)]
async fn a_source_gets_on_by_success_bookmark_round_or_rows_and_by_nothing_else() {
    let mut memory = Memory::default();
    let mut source = polled("a");
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 10);
    // A page that comes again and again is read and changes nothing.
    source.counters.read += 100;
    source.counters.same += 100;
    source.last_sync = Some(NOW);
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 20);
    source.counters.new += 1;
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    source.last_success = Some(NOW);
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    source.bookmark = Some(NOW);
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    source.round = Some(RoundState {
        since: NOW,
        seen: NOW,
        begun: NOW,
    });
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 10);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_paused_source_or_for_one_that_is_fed() {
    let mut memory = Memory::default();
    let mut source = polled("a");
    source.paused = true;
    quiet_after(&mut memory, &source, 10).await;
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 0);
    source.paused = false;
    assert_eq!(quiet_after(&mut memory, &source, 10).await, 10);
    let mut fed = polled("b");
    fed.interval_minutes = 0;
    for (kind, status, expected) in [
        ("push", SyncStatus::Failed, 0),
        ("file", SyncStatus::Idle, 0),
        ("file", SyncStatus::Retrying, 10),
        ("stdin", SyncStatus::Failed, 20),
        ("file", SyncStatus::Idle, 0),
    ] {
        (fed.kind, fed.status) = (kind, status);
        assert_eq!(quiet_after(&mut memory, &fed, 10).await, expected, "{kind}");
    }
}

/// To break it: forget that the cursor moved, or complain where nothing is to be read.
#[tokio::test(start_paused = true)]
async fn a_cursor_stands_still_only_while_there_is_something_to_read() {
    let mut memory = Memory::default();
    for (head, cursor, routed, expected) in [
        (10, 10, true, None),
        (10, 10, true, None),
        (11, 10, true, Some((1, 10))),
        (15, 10, true, Some((5, 20))),
        (15, 11, true, Some((4, 0))),
        (15, 11, true, Some((4, 10))),
        (15, 11, false, None),
        (15, 11, true, Some((4, 10))),
        (15, 15, true, None),
    ] {
        tokio::time::advance(seconds(10)).await;
        let mut vitals = vitals();
        vitals.head = head;
        vitals.cursors = vec![("router".to_owned(), cursor)];
        let found = memory.standing(&vitals, routed, Instant::now());
        let found = found
            .first()
            .map(|(standing, lasts)| (standing.behind, lasts.as_secs()));
        assert_eq!(found, expected, "{cursor} of {head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silence_begins_with_the_first_answer_that_is_missing() {
    let mut memory = Memory::default();
    for (answers, expected) in [(true, 0), (false, 0), (false, 10), (true, 0), (false, 0)] {
        tokio::time::advance(seconds(10)).await;
        let lasts = memory.silence(answers, Instant::now());
        assert_eq!(lasts.as_secs(), expected);
    }
}
