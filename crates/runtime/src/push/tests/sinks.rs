//! Alerts first, then the sinks, then the rest.

use cresset_model::ports::{Control, RedriveItem, RedriveSelection};
use cresset_model::source::SyncStatus;

use super::*;
use crate::fakes::{Fault, Note, SinkFault};

fn commit(read: u32) -> Note {
    Note::Commit {
        read: Some(read),
        checkpoint: None,
    }
}

/// Broken on purpose by writing to the sinks first, or by one commit for all.
#[tokio::test]
async fn alerts_are_committed_before_the_sinks_are_asked_and_the_rest_after() {
    let door = Door::with_sink();
    let mut three = events(3);
    three[1] = "{}".to_owned();
    let receipt = door.push(three.join("\n")).await.unwrap();
    // Of three records one is an alert, one is broken, one passes.
    assert_eq!(
        door.journal.notes(),
        [commit(2), Note::Events(2), commit(1)]
    );
    let counts = receipt.counts;
    assert_eq!(
        (counts.read, counts.new, counts.passed, counts.dead),
        (3, 1, 1, 1)
    );
    assert_eq!(counts.sides().0, counts.sides().1);
    assert_eq!(door.books(), counts);
    assert_eq!(door.sink.lines().len(), 2);
}

#[tokio::test]
async fn without_sinks_or_without_alerts_it_is_one_commit() {
    let door = Door::new();
    door.push(events(3).join("\n")).await.unwrap();
    assert_eq!(door.journal.notes(), [commit(3)]);

    let door = Door::with_sink();
    door.push(event("low", "a")).await.unwrap();
    assert_eq!(door.journal.notes(), [Note::Events(1), commit(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_down_holds_no_alert_up() {
    for (fault, message) in [
        (
            SinkFault::Down,
            "the sink memory does not take events: disk full",
        ),
        (
            SinkFault::Hang,
            "the sink memory does not take events: no answer within 30 s",
        ),
    ] {
        let door = Door::with_sink();
        door.sink.fail_next([fault]);
        let error = door.push_with("k", events(3).join("\n")).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(door.store.alerts().len(), 1);
        assert_eq!(
            door.books().passed,
            0,
            "what follows the sink is not settled"
        );
        assert_eq!(door.cell.state(crate::fakes::T0).status, SyncStatus::Failed);

        let again = door.push_with("k", events(3).join("\n")).await.unwrap();
        assert_eq!((again.counts.same, again.counts.passed), (1, 2));
        assert_eq!(door.sink.lines().len(), 3, "each event once");
        assert_eq!(door.books().sides().0, door.books().sides().1);
    }
}

#[tokio::test]
async fn events_are_not_handed_on_when_their_alerts_could_not_be_stored() {
    let door = Door::with_sink();
    door.store.fail_next([Fault::Transient]);
    door.push(events(3).join("\n")).await.unwrap_err();
    assert!(door.sink.lines().is_empty());
}

#[tokio::test]
async fn events_keep_their_order_over_all_batches() {
    let door = Door::with_sink();
    door.push(events(20).join("\n")).await.unwrap();
    let lines = door.sink.lines();
    assert_eq!(lines.len(), 20);
    for (index, line) in lines.iter().enumerate() {
        assert!(
            line.contains(&format!("\"description\":\"{index}\"")),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_redrive_writes_its_events_and_then_commits() {
    let door = Door::with_sink();
    let broken = door.push("{}").await.unwrap();
    assert_eq!(broken.counts.dead, 1);
    let mut letter = door.store.letters().remove(0);
    letter.id = cresset_model::DeadLetterId(7);
    letter.raw = event("high", "mended").into_bytes();
    letter.full_bytes = letter.raw.len() as u64;
    door.store.add_letter(letter);
    let before = door.journal.notes().len();
    let control = door.control();
    let selection = RedriveSelection::Ids(vec![cresset_model::DeadLetterId(7)]);
    for (dry_run, notes) in [(true, vec![]), (false, vec![Note::Events(1), commit(1)])] {
        let report = control.redrive(selection.clone(), dry_run).await.unwrap();
        assert!(
            matches!(report.items[..], [RedriveItem::Alert { .. }]),
            "{report:?}"
        );
        assert_eq!(door.journal.notes()[before..], notes);
    }
    assert_eq!(door.books().redriven, 1);
    assert!(door.store.letters()[1].resolved_at.is_some());
}

/// Broken on purpose by resolving only what became an alert: each further redrive writes the event again.
#[tokio::test]
async fn a_redriven_event_that_is_no_alert_is_resolved_and_written_once() {
    let door = Door::with_sink();
    door.push("{}").await.unwrap();
    let id = cresset_model::DeadLetterId(7);
    let mut letter = door.store.letters().remove(0);
    letter.id = id;
    letter.raw = event("low", "mended").into_bytes();
    letter.full_bytes = letter.raw.len() as u64;
    door.store.add_letter(letter);
    let before = door.journal.notes().len();
    let control = door.control();
    let redrive = async |dry_run| {
        let selection = RedriveSelection::Ids(vec![id, id]);
        control.redrive(selection, dry_run).await.unwrap().items
    };
    let named_before = RedriveItem::Skipped {
        id,
        why: "it was named before".to_owned(),
    };
    let passed = [named_before.clone(), RedriveItem::Passed { id }];
    assert_eq!(redrive(true).await, passed);
    assert_eq!(door.journal.notes()[before..], []);
    assert_eq!(redrive(false).await, passed);
    let resolved = RedriveItem::Skipped {
        id,
        why: "it is resolved already".to_owned(),
    };
    for _ in 0..2 {
        assert_eq!(
            redrive(false).await,
            [resolved.clone(), named_before.clone()]
        );
    }
    assert_eq!(door.journal.notes()[before..], [Note::Events(1), commit(1)]);
    assert_eq!((door.books().redriven, door.books().passed), (1, 1));
    let letter = &door.store.letters()[1];
    assert!(letter.resolved_at.is_some() && letter.alert.is_none());
}
