use cresset_model::batch::RawRecord;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn slice_with(
    slicer: &mut AnySlicer,
    body: &[u8],
    sizes: &[usize],
) -> (Vec<Vec<u8>>, Result<(), SliceError>) {
    let mut batches = Vec::new();
    let mut rest = body;
    let mut sizes = sizes.iter().copied().cycle();
    let mut result = Ok(());
    while !rest.is_empty() && result.is_ok() {
        let size = sizes.next().unwrap_or(usize::MAX).max(1);
        let (mut chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        while !chunk.is_empty() && result.is_ok() {
            match slicer.feed(chunk) {
                Ok(taken) => chunk = &chunk[taken..],
                Err(error) => result = Err(error),
            }
            batches.extend(slicer.take_full());
        }
    }
    if result.is_ok() {
        result = slicer.finish();
    }
    batches.extend(slicer.take_rest());
    let of = |batch: &Sliced| -> Vec<Vec<u8>> {
        let raw = |record: &RawRecord| record.span.of(&batch.bytes).to_vec();
        batch.records.iter().map(raw).collect()
    };
    (batches.iter().flat_map(of).collect(), result)
}

fn slice(body: &[u8], sizes: &[usize]) -> (Vec<Vec<u8>>, Result<(), SliceError>) {
    slice_with(&mut AnySlicer::new(RecordLimits::default()), body, sizes)
}

/// Checks records and result (`ok` or the error's message), fed whole, by bytes and by threes.
fn check(body: &str, records: &[&str], result: &str) {
    for sizes in [&[usize::MAX][..], &[1], &[3]] {
        let (got, ended) = slice(body.as_bytes(), sizes);
        let message = ended.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(message, result, "{body:?}");
        let got: Vec<String> = got
            .into_iter()
            .map(|raw| String::from_utf8(raw).unwrap())
            .collect();
        assert_eq!(got, records, "{body:?}");
    }
}

#[test]
fn one_object_is_one_record() {
    check("{}", &["{}"], "ok");
    check(" \n{\"a\":\n[1]}\n ", &["{\"a\":\n[1]}"], "ok");
    check("\u{feff}{}", &["{}"], "ok");
}

#[test]
fn an_array_holds_its_records() {
    check("[]", &[], "ok");
    check("\u{feff} [{},1]\n", &["{}", "1"], "ok");
    check(
        " [{},{}",
        &["{}", "{}"],
        "the body is cut off at byte 7, after 2 complete records",
    );
    check(
        " [{},]",
        &["{}"],
        "trailing comma before the end of the array at byte 5, after 1 complete record",
    );
    check(
        "[{}][{}]",
        &["{}"],
        "more data after the end at byte 4, after 1 complete record",
    );
}

#[test]
fn documents_follow_each_other() {
    check("{}{} {}\n{}", &["{}", "{}", "{}", "{}"], "ok");
    check(
        "{\n\"a\":1\n}\n{\n\"b\":2\n}\n",
        &["{\n\"a\":1\n}", "{\n\"b\":2\n}"],
        "ok",
    );
    check("{} 1 [2]", &["{}", "1", "[2]"], "ok");
    check(
        "{}{\"a\"",
        &["{}"],
        "the body is cut off at byte 6, after 1 complete record",
    );
    for stray in [',', ':', ']', '}'] {
        let message = format!("`{stray}` between documents at byte 3, after 1 complete record");
        check(&format!("{{}} {stray}{{}}"), &["{}"], &message);
    }
}

#[test]
fn after_a_line_of_its_own_a_broken_line_spoils_only_itself() {
    check(
        "{\"a\":1} \r\n{\"b\":\n\n}\nx y\n{\"c\":3}",
        &["{\"a\":1}", "{\"b\":", "}", "x y", "{\"c\":3}"],
        "ok",
    );
    check("{}\n", &["{}"], "ok");
}

#[test]
fn what_is_no_records_is_named() {
    let forms = "one JSON object, an array of objects, or one object after the other is expected";
    for (body, found) in [
        ("", "empty"),
        (" \n", "empty"),
        ("\u{feff}", "empty"),
        ("null", "null"),
        ("\"text\"", "a string"),
        ("<html>", "text that is not JSON, beginning \"<html>\""),
        ("a=1&b=2", "text that is not JSON, beginning \"a=1&b=2\""),
    ] {
        check(body, &[], &format!("{forms}, but the body is {found}"));
    }
    let long = format!("<{}", "x".repeat(HEAD_BYTES_MAX));
    let shown = "x".repeat(39);
    check(
        &long,
        &[],
        &format!("{forms}, but the body is text that is not JSON, beginning \"<{shown}...\""),
    );
    for broken in [&b"\xef\xbb"[..], b"\xef\xbb{}", b"\xef{}"] {
        let (records, result) = slice(broken, &[1]);
        assert!(records.is_empty());
        assert!(
            matches!(result, Err(SliceError::NotDocuments { .. })),
            "{result:?}"
        );
    }
}

#[test]
fn an_error_stays() {
    let mut slicer = AnySlicer::new(RecordLimits::default());
    let error = slicer.feed(b"{},").unwrap_err();
    assert_eq!(slicer.feed(b"{}"), Err(error.clone()));
    assert_eq!(slicer.finish(), Err(error));
    assert_eq!(slicer.take_rest().unwrap().records.len(), 1);
    let mut slicer = AnySlicer::new(RecordLimits::default());
    slicer.feed(b"{}{\"a").unwrap();
    assert_eq!(slicer.take_rest().unwrap().records.len(), 1);
    assert_eq!(
        slicer.feed(b"\":1}"),
        Err(SliceError::CutOff { records: 1, at: 5 })
    );
}

#[test]
fn batches_and_records_keep_their_limits_in_every_form() {
    let limits = RecordLimits {
        batch_records_max: 2,
        record_bytes_max: 4,
        ..RecordLimits::default()
    };
    for body in [
        "[1111,22222,3,4,5]",
        "{}{\"222\"}{}{}{}",
        "{}\n{\"222\"}\n{}\n{}\n{}\n",
    ] {
        for sizes in [usize::MAX, 1] {
            let mut slicer = AnySlicer::new(limits);
            let mut batches = Vec::new();
            for chunk in body.as_bytes().chunks(sizes.min(body.len())) {
                let mut chunk = chunk;
                while !chunk.is_empty() {
                    let taken = slicer.feed(chunk).unwrap();
                    chunk = &chunk[taken..];
                    batches.extend(slicer.take_full());
                }
            }
            slicer.finish().unwrap();
            batches.extend(slicer.take_rest());
            let records: Vec<&RawRecord> = batches.iter().flat_map(|b| &b.records).collect();
            assert!(batches.iter().all(|batch| batch.records.len() <= 2));
            assert_eq!((records.len(), slicer.records()), (5, 5), "{body}");
            let faults: Vec<bool> = records.iter().map(|r| r.fault.is_some()).collect();
            assert_eq!(faults, [false, true, false, false, false], "{body}");
        }
    }
}

#[test]
fn lines_go_on_after_a_first_one_that_filled_its_batch() {
    for (batch_records_max, batch_bytes_max) in [(1, 1_000), (10, 2), (10, 1)] {
        let limits = RecordLimits {
            batch_records_max,
            batch_bytes_max,
            ..RecordLimits::default()
        };
        for sizes in [usize::MAX, 1, 2] {
            let mut slicer = AnySlicer::new(limits);
            let body = b"{}\n{\"a\":1}\nx\n{}";
            let (records, ended) = slice_with(&mut slicer, body, &[sizes]);
            assert_eq!(ended, Ok(()));
            let expected = [&b"{}"[..], b"{\"a\":1}", b"x", b"{}"];
            assert_eq!(records, expected);
            assert_eq!(slicer.records(), 4);
        }
    }
}

proptest! {
    #[test]
    fn any_packing_of_objects_gives_the_same_records(
        numbers in proptest::collection::vec(any::<i32>(), 1..12),
        packing in 0_u8..4,
        pretty in any::<bool>(),
        sizes in proptest::collection::vec(1_usize..40, 1..6),
    ) {
        let objects: Vec<Value> = numbers
            .iter()
            .map(|number| serde_json::json!({"n": number, "s": "}{\n\"", "a": [{}]}))
            .collect();
        let write = |value: &Value| if pretty && packing != 1 {
            serde_json::to_string_pretty(value).unwrap()
        } else {
            value.to_string()
        };
        let written: Vec<String> = objects.iter().map(write).collect();
        let body = match packing {
            0 => write(&Value::from(objects.clone())),
            1 => written.join("\n"),
            2 => written.concat(),
            _ => written.join("\r\n \t"),
        };
        let (records, result) = slice(body.as_bytes(), &sizes);
        prop_assert_eq!(result, Ok(()));
        let seen: Vec<Value> = records.iter().map(|r| serde_json::from_slice(r).unwrap()).collect();
        prop_assert_eq!(seen, objects);
    }

    #[test]
    fn no_body_panics_and_chunking_never_matters(
        body in proptest::collection::vec(
            prop_oneof![3 => proptest::sample::select(b"[]{},:\"\\ an1\n\r".to_vec()), 1 => any::<u8>()],
            0..60,
        ),
        sizes in proptest::collection::vec(1_usize..9, 1..4),
    ) {
        prop_assert_eq!(slice(&body, &[usize::MAX]), slice(&body, &sizes));
    }
}
