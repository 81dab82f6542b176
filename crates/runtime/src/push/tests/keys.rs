use std::time::Duration;

use cresset_model::ports::{Control as _, RedriveSelection};

use super::*;
use crate::fakes::Fault;

#[tokio::test]
async fn without_a_key_every_record_is_new() {
    let door = Door::new();
    for _ in 0..2 {
        let receipt = door.push(events(7).join("\n")).await.unwrap();
        assert_eq!((receipt.counts.new, receipt.counts.same), (3, 0));
    }
    assert_eq!(door.store.alerts().len(), 6);
}

#[tokio::test]
async fn a_repeat_under_the_same_key_gets_the_same_answer_and_does_nothing() {
    let door = Door::with_sink();
    let mut lines = events(7);
    lines[2] = "{}".to_owned();
    let first = door.push_with("k", lines.join("\n")).await.unwrap();
    let (books, notes) = (door.books(), door.journal.notes());
    let again = door.push_with("k", lines.join("\n")).await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.counts, &again.faults), (first.counts, &first.faults));
    assert_eq!((door.books(), door.journal.notes()), (books, notes));
}

#[tokio::test]
async fn a_key_belongs_to_one_body() {
    let door = Door::new();
    door.push_with("k", event("high", "a")).await.unwrap();
    let error = door.push_with("k", event("high", "b")).await.unwrap_err();
    assert_eq!(error, PushError::KeyReused);
    assert_eq!(door.store.alerts().len(), 1);
    door.push_with("l", event("high", "b")).await.unwrap();
}

/// Broken on purpose by an identity that is random even with a key: the repeat is new.
#[tokio::test]
async fn a_repeat_after_an_answer_that_was_not_stored_finds_everything_known() {
    let door = Door::new();
    // The commit of the answer, which holds no records, fails.
    door.store.fail_next_checkpoints([Fault::Transient]);
    let error = door.push_with("k", events(7).join("\n")).await.unwrap_err();
    assert!(matches!(error, PushError::Unavailable { .. }), "{error:?}");
    let again = door.push_with("k", events(7).join("\n")).await.unwrap();
    assert_eq!(
        (again.counts.new, again.counts.same, again.replayed),
        (0, 3, false)
    );
    assert_eq!(door.store.alerts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_day() {
    let door = Door::new();
    door.push_with("k", event("high", "a")).await.unwrap();
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert!(
        door.push_with("k", event("high", "a"))
            .await
            .unwrap()
            .replayed
    );
    tokio::time::sleep(Duration::from_millis(2)).await;
    let late = door.push_with("k", event("high", "a")).await.unwrap();
    assert_eq!((late.replayed, late.counts.same), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_busy_until_its_push_has_ended_even_without_the_client() {
    let door = Door::new();
    door.store.hold_commits(true);
    let intake = Arc::clone(&door.intake);
    let first = tokio::spawn(async move {
        let push = PushBody {
            key: Some("k".to_owned()),
            ..plain(event("high", "a"))
        };
        intake.push(push).await
    });
    while door.store.commits_waiting() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The client goes away.
    first.abort();
    let error = door.push_with("k", event("high", "a")).await.unwrap_err();
    assert_eq!(error, PushError::KeyBusy);
    door.store.hold_commits(false);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(
        door.push_with("k", event("high", "a"))
            .await
            .unwrap()
            .replayed
    );
}

#[tokio::test]
async fn a_key_is_one_to_255_visible_characters() {
    let door = Door::new();
    for key in ["!".to_owned(), "~".repeat(255)] {
        door.push_with(&key, event("high", "a")).await.unwrap();
    }
    for key in [
        "",
        " ",
        "a b",
        "ä",
        "a\n",
        &"~".repeat(256),
        &"~".repeat(2_550),
    ] {
        let error = door.push_with(key, event("high", "a")).await.unwrap_err();
        let message = "an Idempotency-Key has 1 to 255 visible ASCII characters, no blanks";
        assert_eq!(error.to_string(), message);
    }
}

/// I12. Broken on purpose by taking the lost answer for a failure: the client is sent away, and what it
/// pushed once is counted twice.
#[tokio::test]
async fn a_push_whose_commits_succeed_without_telling_is_answered_and_counted_once() {
    for key in [None, Some("k")] {
        for sink in [false, true] {
            let pushed = async |faults: &[Fault]| {
                let door = if sink { Door::with_sink() } else { Door::new() };
                door.store.fail_next(faults.iter().copied());
                door.store.fail_next_checkpoints(faults.iter().copied());
                let body = format!("{}\n{{}}", events(7).join("\n"));
                let push = PushBody {
                    key: key.map(str::to_owned),
                    ..plain(body)
                };
                let receipt = door.intake.push(push.clone()).await.unwrap();
                if key.is_some() {
                    let again = door.intake.push(push).await.unwrap();
                    let replayed = PushReceipt {
                        replayed: true,
                        ..receipt.clone()
                    };
                    assert_eq!(again, replayed);
                }
                assert_eq!(door.cell.state(crate::fakes::T0).counters, door.books());
                (receipt, door.books(), door.journal.notes())
            };
            let quiet = pushed(&[]).await;
            assert_eq!(pushed(&[Fault::Unknown; 3]).await, quiet, "{key:?} {sink}");
        }
    }
}

/// I12. Broken on purpose by taking the lost answer for a failure: the caller is told of one, and the next
/// redrive says that there is nothing to do.
#[tokio::test]
async fn a_redrive_whose_commit_succeeds_without_telling_is_reported_and_counted_once() {
    let redriven = async |faults: &[Fault]| {
        let door = Door::with_sink();
        door.push("{}").await.unwrap();
        let mut letter = door.store.letters().remove(0);
        letter.id = cresset_model::DeadLetterId(7);
        letter.raw = event("low", "mended").into_bytes();
        letter.full_bytes = letter.raw.len() as u64;
        door.store.add_letter(letter);
        door.store.fail_next(faults.iter().copied());
        let selection = RedriveSelection::Ids(vec![cresset_model::DeadLetterId(7)]);
        let report = door.control().redrive(selection, false).await.unwrap();
        (report, door.books(), door.journal.notes())
    };
    let quiet = redriven(&[]).await;
    assert_eq!(quiet.1.passed, 1);
    assert_eq!(redriven(&[Fault::Unknown]).await, quiet);
}
