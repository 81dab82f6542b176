use cresset_model::outcome::Stage;
use cresset_model::ports::{Clock, Control, RedriveReport};
use cresset_model::{AlertId, DeadLetterId, Severity, Timestamp};
use std::time::Duration;

use super::*;
use crate::RuntimeControl;
use crate::fakes::{
    Answer, Note, Record, ReloadingLookup, Rig, Running, T0, alerting_on, array, broken, seconds,
};

/// A dead letter with these bytes; its number is id and place.
fn letter(number: u64, raw: &str) -> DeadLetter {
    DeadLetter {
        id: DeadLetterId(u128::from(number)),
        seq: number,
        source_id: SourceId::new("upstream"),
        stage: Stage::Normalize,
        reason: Reason::UnknownSource,
        detail: String::new(),
        upstream_id: None,
        count: 1,
        first_seen: T0,
        last_seen: T0,
        full_bytes: raw.len() as u64,
        full_hash: String::new(),
        raw: raw.as_bytes().to_vec(),
        resolved_at: None,
        alert: None,
    }
}

fn record(id: u64) -> Record {
    Record::new(id, T0)
}

/// A dead letter that the present pipeline takes.
fn mended(number: u64) -> DeadLetter {
    letter(number, &record(number).json())
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> RedriveSelection {
    let numbers = numbers.into_iter();
    RedriveSelection::Ids(
        numbers
            .map(|number| DeadLetterId(u128::from(number)))
            .collect(),
    )
}

fn matching(limit: usize) -> RedriveSelection {
    RedriveSelection::Matching {
        filter: DeadLetterFilter::default(),
        limit,
    }
}

fn id_of(item: &RedriveItem) -> u64 {
    let (RedriveItem::Alert { id, .. }
    | RedriveItem::Passed { id }
    | RedriveItem::Refused { id, .. }
    | RedriveItem::Skipped { id, .. }) = item;
    u64::try_from(id.0).unwrap()
}

/// A source that waits, with these dead letters in its store.
async fn waiting(letters: impl IntoIterator<Item = DeadLetter>) -> (Rig, Running) {
    let rig = Rig::scripted([]);
    let running = rig.first_turn().await;
    for letter in letters {
        rig.store.add_letter(letter);
    }
    (rig, running)
}

async fn redrive(running: &Running, selection: RedriveSelection) -> RedriveReport {
    running.control.redrive(selection, false).await.unwrap()
}

fn alert(rig: &Rig, number: u64) -> RedriveItem {
    RedriveItem::Alert {
        id: DeadLetterId(u128::from(number)),
        alert: record(number).alert_id(&rig.id),
    }
}

fn skipped(number: u64, why: &str) -> RedriveItem {
    RedriveItem::Skipped {
        id: DeadLetterId(u128::from(number)),
        why: why.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_the_pipeline_takes_now_becomes_an_alert_and_is_resolved() {
    let (rig, running) = waiting([mended(1), mended(2)]).await;
    let report = redrive(&running, ids([2])).await;
    assert!(!report.dry_run);
    assert_eq!(report.items, [alert(&rig, 2)]);
    let letters = rig.store.letters();
    assert_eq!((letters[0].resolved_at, letters[0].alert), (None, None));
    assert_eq!(letters[1].resolved_at, Some(rig.clock.now()));
    assert_eq!(letters[1].alert, Some(record(2).alert_id(&rig.id)));
    let counters = rig.stored().counters;
    assert_eq!((counters.redriven, counters.new, counters.read), (1, 1, 0));
    assert_eq!(running.state().counters, counters);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_tried_is_skipped_and_says_why() {
    let resolved = DeadLetter {
        resolved_at: Some(T0),
        ..mended(1)
    };
    let truncated = DeadLetter {
        full_bytes: 70_000,
        ..letter(2, "{\"id\":")
    };
    let foreign = DeadLetter {
        source_id: SourceId::new("gone"),
        ..mended(3)
    };
    let (rig, running) = waiting([resolved, truncated, foreign, mended(4)]).await;
    let report = redrive(&running, ids([1, 2, 3, 4, 5])).await;
    assert_eq!(
        report.items,
        [
            skipped(1, "it is resolved already"),
            skipped(2, "only 6 of its 70000 bytes were kept"),
            skipped(5, "there is no such dead letter"),
            skipped(3, "its source `gone` is not configured"),
            alert(&rig, 4),
        ]
    );
    assert_eq!(rig.stored().counters.redriven, 1);
    assert_eq!(rig.store.alerts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_takes_the_oldest_of_those_that_match() {
    for (letters, limit) in [
        (1_200, 700),
        (1_200, 1),
        (1_200, 0),
        (3, 500),
        (500, 500),
        (501, 501),
    ] {
        let (rig, running) = waiting((1..=letters).map(mended)).await;
        let report = redrive(&running, matching(limit)).await;
        let expected: Vec<u64> = (1..=letters).take(limit).collect();
        let taken: Vec<u64> = report.items.iter().map(id_of).collect();
        assert_eq!(taken, expected);
        assert_eq!(rig.store.alerts().len(), expected.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_takes_open_letters_only_unless_it_says_otherwise() {
    let resolved = DeadLetter {
        resolved_at: Some(T0),
        ..mended(2)
    };
    let other = DeadLetter {
        reason: Reason::TooDeep,
        ..mended(3)
    };
    let (rig, running) = waiting([mended(1), resolved, other]).await;
    let report = running.control.redrive(matching(10), true).await.unwrap();
    assert_eq!(report.items, [alert(&rig, 1), alert(&rig, 3)]);
    let filter = DeadLetterFilter {
        reason: Some(Reason::TooDeep),
        ..DeadLetterFilter::default()
    };
    let selection = RedriveSelection::Matching { filter, limit: 10 };
    let report = running.control.redrive(selection, true).await.unwrap();
    assert_eq!(report.items, [alert(&rig, 3)]);
    let filter = DeadLetterFilter {
        resolved: Some(true),
        ..DeadLetterFilter::default()
    };
    let selection = RedriveSelection::Matching { filter, limit: 10 };
    let report = running.control.redrive(selection, true).await.unwrap();
    assert_eq!(report.items, [skipped(2, "it is resolved already")]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_the_same_and_commits_nothing() {
    let letters = || [mended(1), letter(2, &broken(2)), letter(3, "7")];
    let (rig, running) = waiting(letters()).await;
    let before = (rig.journal.notes(), rig.stored());
    let dry = running.control.redrive(ids([1, 2, 3]), true).await.unwrap();
    assert!(dry.dry_run);
    assert_eq!((rig.journal.notes(), rig.stored()), before);
    assert_eq!(rig.store.letters(), letters());
    assert!(rig.store.alerts().is_empty());
    let wet = redrive(&running, ids([1, 2, 3])).await;
    assert_eq!(wet.items, dry.items);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_again_counts_as_dead_and_stays_open() {
    let (rig, running) = waiting([letter(1, "7"), mended(2)]).await;
    let report = redrive(&running, ids([1, 2])).await;
    let refused = RedriveItem::Refused {
        id: DeadLetterId(1),
        reason: Reason::NotAnObject,
        detail: "an object is expected, the record is a number".to_owned(),
    };
    assert_eq!(report.items, [refused, alert(&rig, 2)]);
    let counters = rig.stored().counters;
    assert_eq!((counters.redriven, counters.new, counters.dead), (2, 1, 1));
    assert_eq!(counters.sides(), (2, 2));
    let letters = rig.store.letters();
    assert_eq!(letters.len(), 2, "it is the same dead letter");
    assert_eq!((letters[0].count, letters[0].resolved_at), (2, None));
    assert_eq!(letters[0].reason, Reason::NotAnObject);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_the_store_refuses_is_reported_as_refused() {
    let (rig, running) = waiting([mended(1), mended(2)]).await;
    rig.store.refuse("a1");
    let report = redrive(&running, ids([1, 2])).await;
    let refused = RedriveItem::Refused {
        id: DeadLetterId(1),
        reason: Reason::StoreRefused,
        detail: "the store refuses the row".to_owned(),
    };
    assert_eq!(report.items, [refused, alert(&rig, 2)]);
    assert_eq!(rig.stored().counters.dead, 1);
    assert_eq!(rig.store.letters()[0].resolved_at, None);
}

#[tokio::test(start_paused = true)]
async fn what_came_since_stays_and_the_dead_letter_is_resolved() {
    let newer = Record {
        version: 3,
        ..record(1)
    };
    let rig = Rig::scripted([Answer::whole(array(&[newer.json()]))]);
    let running = rig.first_turn().await;
    rig.store.add_letter(mended(1));
    redrive(&running, ids([1])).await;
    let counters = rig.stored().counters;
    assert_eq!((counters.new, counters.changed, counters.same), (1, 0, 1));
    let alerts = rig.store.alerts();
    assert_eq!(
        alerts[&newer.alert_id(&rig.id)].raw,
        newer.json().as_bytes()
    );
    assert!(rig.store.letters()[0].resolved_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn many_dead_letters_commit_in_batches_without_a_checkpoint() {
    let (rig, running) = waiting((1..=1_001).map(mended)).await;
    let before = rig.journal.notes().len();
    redrive(&running, matching(1_001)).await;
    let commits: Vec<Note> = rig.journal.notes().split_off(before);
    let batch = |read| Note::Commit {
        read: Some(read),
        checkpoint: None,
    };
    // 1,001 are 15 batches of 64 and one of 41.
    let mut expected = vec![batch(64); 15];
    expected.push(batch(41));
    assert_eq!(commits, expected);
}

#[tokio::test(start_paused = true)]
async fn one_request_takes_ten_thousand_dead_letters_and_names_those_beyond() {
    let (_rig, running) = waiting([]).await;
    for beyond in [0, 1] {
        let selection = ids(1..=10_000 + beyond);
        let report = running.control.redrive(selection, true).await.unwrap();
        let too_many = "one redrive takes at most 10000 dead letters";
        let left: Vec<&RedriveItem> = report
            .items
            .iter()
            .filter(|item| matches!(item, RedriveItem::Skipped { why, .. } if why == too_many))
            .collect();
        assert_eq!(report.items.len() as u64, 10_000 + beyond);
        assert_eq!(left.len() as u64, beyond);
        assert!(left.iter().all(|item| id_of(item) == 10_001));
    }
}

#[tokio::test(start_paused = true)]
async fn each_source_takes_its_own_dead_letters() {
    let first = Rig::scripted([]);
    let mut second = Rig::scripted([]);
    second.id = SourceId::new("second");
    second.store = std::sync::Arc::clone(&first.store);
    let mut control: RuntimeControl = first.control();
    let (_stop, _, _) = first.start_under(&mut control);
    let (_stop_too, _, cell) = second.start_under(&mut control);
    tokio::time::sleep(seconds(1)).await;
    let theirs = DeadLetter {
        source_id: second.id.clone(),
        ..mended(2)
    };
    first.store.add_letter(mended(1));
    first.store.add_letter(theirs);
    let report = control.redrive(matching(10), false).await.unwrap();
    let of =
        |rig: &Rig, number: u64| -> (u64, AlertId) { (number, record(number).alert_id(&rig.id)) };
    let mut made: Vec<(u64, AlertId)> = report
        .items
        .iter()
        .filter_map(|item| match item {
            RedriveItem::Alert { alert, .. } => Some((id_of(item), *alert)),
            _ => None,
        })
        .collect();
    made.sort_unstable();
    assert_eq!(made, [of(&first, 1), of(&second, 2)]);
    assert_eq!(cell.state(Timestamp::MAX).counters.redriven, 1);
}

#[tokio::test(start_paused = true)]
async fn a_redrive_does_not_wait_for_a_poll_that_hangs() {
    let rig = Rig::scripted([Answer::Hangs]);
    let running = rig.start();
    running.watch(Duration::from_secs(1)).await;
    rig.store.add_letter(mended(1));
    let report = redrive(&running, ids([1])).await;
    assert_eq!(report.items, [alert(&rig, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_fails_the_whole_redrive() {
    let (rig, running) = waiting([mended(1)]).await;
    rig.store.set_down(true);
    let failed = running.control.redrive(ids([1]), false).await;
    assert_eq!(failed, Err(PortError::transient("the disk is gone")));
}

#[tokio::test(start_paused = true)]
async fn one_redrive_holds_at_most_its_bytes_the_oldest_first() {
    let big = " ".repeat(60 << 10);
    let count = u64::try_from(REDRIVE_BYTES_MAX / big.len()).unwrap() + 10;
    let rig = Rig::scripted([]);
    for number in 1..=count {
        rig.store.add_letter(letter(number, &big));
    }
    let selected = select(&*rig.store, matching(REDRIVE_MAX)).await.unwrap();
    assert!(selected.bytes <= REDRIVE_BYTES_MAX && selected.bytes + big.len() > REDRIVE_BYTES_MAX);
    let taken = selected.by_source.values().next().unwrap();
    assert_eq!(taken.first().map(|letter| letter.seq), Some(1));

    let selected = select(&*rig.store, ids(1..=count)).await.unwrap();
    let Some(RedriveItem::Skipped { why, .. }) = selected.skipped.first() else {
        panic!("nothing was skipped");
    };
    assert_eq!(
        why,
        "one redrive takes at most 67108864 bytes: ask for it again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_redrive_that_a_reload_overtakes_is_decided_by_the_new_rules() {
    let rig = Rig::scripted([]);
    let stages = ReloadingLookup::stages(alerting_on(Severity::High), alerting_on(Severity::Low));
    let mut control = rig.control();
    let cell = Arc::new(SourceCell::new(rig.id.clone(), "push", String::new()));
    control.add_unpolled(cell, stages, Vec::new());
    let event = r#"{"source_ip":"8.8.8.8","event_type":"port_scan","severity":"low"}"#;
    rig.store.add_letter(letter(1, event));
    let report = control.redrive(ids([1]), false).await.unwrap();
    assert!(
        matches!(report.items[..], [RedriveItem::Alert { .. }]),
        "{report:?}"
    );
    assert_eq!(rig.store.epochs(), [1]);
    let counters = rig.stored().counters;
    assert_eq!((counters.redriven, counters.new), (1, 1));
}
