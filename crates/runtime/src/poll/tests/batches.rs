//! Batches on their way: how large, how many at once, in which order.

use std::time::Duration;

use bytes::Bytes;
use cresset_model::batch::Reason;
use cresset_model::source::SyncStatus;

use crate::fakes::{Answer, Piece, Record, Rig, T0, array, broken, seconds};

fn record(id: u64) -> String {
    Record::new(id, T0.minus(seconds(60))).json()
}

/// An answer of so many records, in pieces of some records each.
fn pieces(records: u64, each: u16) -> impl Iterator<Item = Piece> + Send {
    let piece = move |first: u64| {
        let last = (first + u64::from(each)).min(records);
        let text: Vec<String> = (first..last).map(record).collect();
        let comma = if last < records { "," } else { "" };
        Piece::Bytes(Bytes::from(text.join(",") + comma))
    };
    let bracket = |bracket: &'static str| std::iter::once(Piece::Bytes(Bytes::from(bracket)));
    bracket("[")
        .chain((0..records).step_by(usize::from(each)).map(piece))
        .chain(bracket("]"))
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_hundred_thousand_records_commits_in_batches() {
    let rig = Rig::scripted([Answer::pieces(pieces(100_000, 777))]);
    let running = rig.first_turn().await;
    assert_eq!(running.state().status, SyncStatus::Idle);
    let batches = rig.journal.batches();
    assert_eq!(batches, [1_000; 100]);
    let counters = rig.stored().counters;
    assert_eq!((counters.read, counters.new), (100_000, 100_000));
    let attempt = &running.cell.attempts()[0];
    assert_eq!((attempt.read, attempt.new), (100_000, 100_000));
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_at_its_limit_of_records() {
    for (records, batches) in [
        (9, vec![9]),
        (10, vec![10]),
        (11, vec![10, 1]),
        (100, vec![10; 10]),
    ] {
        let mut rig = Rig::scripted([Answer::pieces(pieces(records, 4))]);
        rig.limits.batch_records_max = 10;
        rig.first_turn().await;
        assert_eq!(rig.journal.batches(), batches);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_at_its_limit_of_bytes() {
    // The records are of one length; what lies between them does not count.
    let bytes = |records: usize| record(1).len() * records;
    for (limit, batches) in [
        (bytes(4), vec![4]),
        // The last byte of the third record fills it.
        (bytes(3), vec![3, 1]),
        (bytes(3) + 1, vec![4]),
        (bytes(4) / 10, vec![1; 4]),
    ] {
        let mut rig = Rig::scripted([Answer::pieces(pieces(4, 4))]);
        rig.limits.batch_bytes_max = limit;
        rig.first_turn().await;
        assert_eq!(rig.journal.batches(), batches, "{limit}");
    }
}

/// One is being committed and one is decided and waits; a third is cut out and handed in, and the body
/// is left alone until there is room.
#[tokio::test(start_paused = true)]
async fn at_most_two_batches_are_on_their_way_while_one_is_read() {
    // Two batches, one record more, and many more than ten times as much.
    for (records, most) in [(20, 22), (21, 23), (200, 31), (1_000, 31)] {
        let mut rig = Rig::scripted([Answer::pieces(pieces(records, 1))]);
        rig.limits.batch_records_max = 10;
        rig.store.hold_commits(true);
        let running = rig.start();
        running.watch(seconds(60)).await;
        let pulled = rig.upstream.pulled();
        assert!((20..=most).contains(&pulled), "{pulled} pieces were pulled");
        assert_eq!(
            rig.store.commits_waiting(),
            1,
            "they commit one after another"
        );
        rig.store.hold_commits(false);
        running.turns(1).await;
        assert_eq!(rig.stored().counters.new, records);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_a_page_wins_however_its_batches_are_cut() {
    let versions: Vec<Record> = (0..25)
        .map(|version| Record {
            version,
            ..Record::new(1, T0)
        })
        .collect();
    let texts: Vec<String> = versions.iter().map(|record| record.json()).collect();
    let mut rig = Rig::scripted([Answer::whole(array(&texts))]);
    rig.limits.batch_records_max = 3;
    rig.first_turn().await;
    let alerts = rig.store.alerts();
    let alert = &alerts[&versions[0].alert_id(&rig.id)];
    assert_eq!(alert.raw, texts[24].as_bytes());
    assert_eq!(alert.revision, 25);
    let counters = rig.stored().counters;
    assert_eq!((counters.new, counters.changed), (1, 24));
}

#[tokio::test(start_paused = true)]
async fn a_record_beyond_the_limit_becomes_a_dead_letter_and_the_others_stay() {
    let frame = record(9).len();
    let of = |bytes: usize| {
        let filler = " ".repeat(bytes - frame);
        record(9).replacen('{', &format!("{{{filler}"), 1)
    };
    for (bytes, is_taken) in [(1_000, true), (1_001, false), (10_000, false)] {
        let large = of(bytes);
        let records = [record(1), large.clone(), record(2), broken(1), record(3)];
        let mut rig = Rig::scripted([Answer::whole(array(&records))]);
        rig.limits.record_bytes_max = 1_000;
        let running = rig.first_turn().await;
        assert_eq!(running.state().status, SyncStatus::Idle);
        let letters = rig.store.letters();
        let reasons: Vec<Reason> = letters.iter().map(|letter| letter.reason).collect();
        if is_taken {
            assert_eq!(reasons, [Reason::MissingField]);
        } else {
            assert_eq!(reasons, [Reason::RecordTooLarge, Reason::MissingField]);
            assert_eq!(letters[0].full_bytes, large.len() as u64);
        }
        let counters = running.state().counters;
        let dead = reasons.len() as u64;
        assert_eq!((counters.new, counters.dead), (5 - dead, dead));
        assert_eq!(counters.sides(), (5, 5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_commits_what_is_complete_while_it_arrives() {
    let slow = pieces(20, 1).flat_map(|piece| [Piece::Wait(Duration::from_secs(1)), piece]);
    let mut rig = Rig::scripted([Answer::pieces(slow)]);
    rig.limits.batch_records_max = 5;
    let running = rig.start();
    running.watch(Duration::from_millis(16_500)).await;
    // Fifteen are there; the batch that is complete last waits for the next one to push it.
    assert_eq!(rig.stored().counters.new, 10);
    assert_eq!(running.state().counters.new, 10);
}
