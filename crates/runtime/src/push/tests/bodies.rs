use cresset_model::batch::Reason;
use cresset_model::source::SyncStatus;

use super::*;
use crate::fakes::Fault;

fn counts(read: u64, new: u64, passed: u64, dead: u64) -> Counters {
    Counters {
        read,
        new,
        passed,
        dead,
        ..Counters::default()
    }
}

#[tokio::test]
async fn every_form_of_body_is_taken() {
    let two = events(2);
    for body in [
        two[0].clone() + &two[1],
        two.join("\n"),
        format!("[{}]", two.join(",")),
        format!("\u{feff}[{}]", two.join(",")),
    ] {
        let door = Door::new();
        let receipt = door.push(body.clone()).await.unwrap();
        assert_eq!(receipt.counts, counts(2, 1, 1, 0), "{body}");
        assert!(receipt.faults.is_empty() && !receipt.replayed);
        assert_eq!(door.books(), receipt.counts);
        assert_eq!(door.cell.state(crate::fakes::T0).counters, receipt.counts);
    }
    let door = Door::new();
    assert_eq!(door.push("[]").await.unwrap().counts, counts(0, 0, 0, 0));
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let body = events(10).join("\n");
    let (first, second) = body.split_at(500);
    let members = |pack: fn(&[u8]) -> Vec<u8>| {
        [pack(first.as_bytes()), pack(b""), pack(second.as_bytes())].concat()
    };
    let skippable = [
        &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..],
        &members(zstd),
    ]
    .concat();
    for (encoding, packed) in [
        (Encoding::Gzip, gzip(body.as_bytes())),
        (Encoding::Gzip, members(gzip)),
        (Encoding::Zstd, zstd(body.as_bytes())),
        (Encoding::Zstd, members(zstd)),
        (Encoding::Zstd, skippable),
    ] {
        let door = Door::new();
        let receipt = door.packed(encoding, packed).await.unwrap();
        assert_eq!(receipt.counts, counts(10, 4, 6, 0), "{encoding:?}");
    }
}

#[tokio::test]
async fn a_record_that_is_broken_is_named_by_its_place() {
    let mut lines = events(8);
    lines[1] = "{\"severity\":\"high\"}".to_owned();
    lines[7] = "{\"a\":".to_owned();
    let door = Door::new();
    let receipt = door.push(lines.join("\n")).await.unwrap();
    assert_eq!(receipt.counts, counts(8, 3, 3, 2));
    let faults: Vec<(u64, Reason)> = receipt
        .faults
        .iter()
        .map(|fault| (fault.index, fault.reason))
        .collect();
    assert_eq!(
        faults,
        [(1, Reason::MissingField), (7, Reason::InvalidJson)]
    );
    assert!(
        receipt.faults[0].detail.contains("source_ip"),
        "{:?}",
        receipt.faults[0]
    );
    assert_eq!(door.store.letters().len(), 2);
}

#[tokio::test]
async fn at_most_a_hundred_broken_records_are_named_and_all_are_counted() {
    for (broken, named) in [(100, 100), (101, 100), (1_000, 100)] {
        let lines: Vec<String> = (0..broken)
            .map(|index| format!("{{\"n\":{index}}}"))
            .collect();
        let receipt = Door::new().push(lines.join("\n")).await.unwrap();
        assert_eq!((receipt.counts.dead, receipt.faults.len()), (broken, named));
        assert!(receipt.faults.is_sorted_by_key(|fault| fault.index));
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_leaves_nothing_behind() {
    let many = events(50);
    let cut = format!("[{}", many.join(","));
    let packed = gzip(cut.as_bytes());
    let half = &packed[..packed.len() / 2];
    let frame = zstd(many.join("\n").as_bytes());
    for (encoding, body, message) in [
        (
            Encoding::Identity,
            b"".to_vec(),
            "one JSON object, an array of objects, or one object after the other is expected, but the body is empty",
        ),
        (
            Encoding::Identity,
            cut.clone().into_bytes(),
            "the body is cut off at byte",
        ),
        (
            Encoding::Gzip,
            packed.clone(),
            "the body is cut off at byte",
        ),
        (
            Encoding::Gzip,
            half.to_vec(),
            "the body is cut off or not gzip:",
        ),
        (
            Encoding::Gzip,
            b"[]".to_vec(),
            "the body is cut off or not gzip:",
        ),
        (
            Encoding::Zstd,
            frame[..frame.len() / 2].to_vec(),
            "the body is cut off or not zstd:",
        ),
        (
            Encoding::Zstd,
            b"[{}]".to_vec(),
            "the body is cut off or not zstd:",
        ),
    ] {
        let door = Door::with_sink();
        let error = door.packed(encoding, body).await.unwrap_err();
        let PushError::Malformed(text) = &error else {
            panic!("{error:?}");
        };
        assert!(text.starts_with(message), "{text}");
        assert_eq!(door.books(), Counters::default());
        assert!(
            door.journal.notes().is_empty(),
            "nothing was asked of store and sink"
        );
    }
}

#[tokio::test]
async fn only_sources_that_take_pushes_are_pushed_to() {
    let push = PushBody {
        source: SourceId::new("other"),
        ..plain("{}")
    };
    let error = Door::new().intake.push(push).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no source `other` that takes pushes"
    );
}

#[tokio::test]
async fn a_store_that_fails_is_said_and_the_next_push_is_taken() {
    let door = Door::new();
    door.store.fail_next([Fault::Transient]);
    let error = door.push(events(2).join("\n")).await.unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    assert!(matches!(error, PushError::Unavailable { .. }));
    let state = door.cell.state(crate::fakes::T0);
    assert_eq!(state.status, SyncStatus::Failed);
    assert_eq!(state.last_error.as_deref(), Some("the disk is full"));

    door.push(events(2).join("\n")).await.unwrap();
    let state = door.cell.state(crate::fakes::T0);
    assert_eq!((state.status, state.last_error), (SyncStatus::Idle, None));
}

#[tokio::test]
async fn the_books_of_a_former_process_are_taken_over() {
    let door = Door::new();
    door.push(events(2).join("\n")).await.unwrap();
    let cell = Arc::new(SourceCell::new(
        SourceId::new("events"),
        "push",
        String::new(),
    ));
    cell.recall(door.store.stored(cell.id()));
    assert_eq!(cell.state(crate::fakes::T0).counters, counts(2, 1, 1, 0));
    assert_eq!(door.intake.recall().await, Ok(()));
}

#[tokio::test]
async fn records_in_an_object_are_taken_from_their_path_and_only_from_there() {
    let two = events(2).join(",");
    let around = |alerts: &str| format!(r#"{{"version":"4","alerts":{alerts},"truncated":0}}"#);
    let door = Door::with_records_at("alerts");
    let body = around(&format!("[{two}]"));
    assert_eq!(
        door.push(body.clone()).await.unwrap().counts,
        counts(2, 1, 1, 0)
    );
    let packed = door.packed(Encoding::Gzip, gzip(body.as_bytes())).await;
    assert_eq!(packed.unwrap().counts, counts(2, 1, 1, 0));
    assert_eq!(
        door.push(around("[]")).await.unwrap().counts,
        counts(0, 0, 0, 0)
    );
    // What a webhook of another kind sends is an item without what an event needs.
    let foreign = r#"[{"status":"firing","labels":{"severity":"high"}}]"#;
    let receipt = door.push(around(foreign)).await.unwrap();
    assert_eq!(
        (receipt.counts, receipt.faults[0].reason),
        (counts(1, 0, 0, 1), Reason::MissingField)
    );
    for (body, message) in [
        (r#"{"version":"4"}"#, "no array of records at `alerts`"),
        (r#"{"alerts":{}}"#, "no array of records at `alerts`"),
        ("", "the body is empty"),
        (r#"{"alerts":[{}"#, "the body is cut off at byte 13"),
    ] {
        let error = door.push(body).await.unwrap_err();
        assert!(matches!(error, PushError::Malformed(_)), "{error:?}");
        assert!(error.to_string().contains(message), "{body}: {error}");
    }
}
