use cresset_model::batch::{Reason, RecordFault};
use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn limits() -> RecordLimits {
    RecordLimits::default()
}

/// Feeds the answer in pieces of the given sizes (the last one for the rest) and gathers everything.
fn slice(
    answer: &[u8],
    path: Option<&str>,
    sizes: &[usize],
) -> (Vec<Sliced>, Result<(), SliceError>) {
    let mut slicer = ArraySlicer::new(limits(), path);
    slice_with(&mut slicer, answer, sizes)
}

fn slice_with(
    slicer: &mut ArraySlicer,
    answer: &[u8],
    sizes: &[usize],
) -> (Vec<Sliced>, Result<(), SliceError>) {
    let mut batches = Vec::new();
    let mut rest = answer;
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
    (batches, result)
}

fn texts(batches: &[Sliced]) -> Vec<Vec<u8>> {
    let of = |batch: &Sliced| -> Vec<Vec<u8>> {
        let raw = |record: &RawRecord| record.span.of(&batch.bytes).to_vec();
        batch.records.iter().map(raw).collect()
    };
    batches.iter().flat_map(of).collect()
}

/// Checks records and result (`ok` or the error's message), fed whole, by bytes and by threes.
fn check(answer: &str, path: Option<&str>, records: &[&str], result: &str) {
    for sizes in [&[usize::MAX][..], &[1], &[3]] {
        let (batches, got) = slice(answer.as_bytes(), path, sizes);
        let message = got.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(message, result, "{answer}");
        let got: Vec<String> = texts(&batches)
            .into_iter()
            .map(|raw| String::from_utf8(raw).unwrap())
            .collect();
        assert_eq!(got, records, "{answer}");
    }
}

#[test]
fn records_are_cut_out_of_an_array() {
    check("[]", None, &[], "ok");
    check(" \r\n\t[ ] \n", None, &[], "ok");
    check("\u{feff}[1]", None, &["1"], "ok");
    check(
        "[ {\"a\":[1,{}],\"b\":\"]},{\"} , \"x\\\"]\" , 1.5e3,null,[2] ]",
        None,
        &[
            "{\"a\":[1,{}],\"b\":\"]},{\"}",
            "\"x\\\"]\"",
            "1.5e3",
            "null",
            "[2]",
        ],
        "ok",
    );
    check(
        r#"["a\\","b\\\"",1]"#,
        None,
        &[r#""a\\""#, r#""b\\\"""#, "1"],
        "ok",
    );
}

#[test]
fn a_record_that_is_broken_within_itself_is_still_cut_out() {
    check(
        r#"[{"a":NaN},{"a":1,},{"a":1,"a":2},{x},NaN,tru,{"a":1]]"#,
        None,
        &[
            r#"{"a":NaN}"#,
            r#"{"a":1,}"#,
            r#"{"a":1,"a":2}"#,
            "{x}",
            "NaN",
            "tru",
            r#"{"a":1]"#,
        ],
        "ok",
    );
    let (batches, result) = slice(b"[{\"a\":\"\xff\"},\"\x01\"]", None, &[1]);
    assert_eq!(result, Ok(()));
    assert_eq!(texts(&batches), [&b"{\"a\":\"\xff\"}"[..], b"\"\x01\""]);
}

#[test]
fn an_answer_that_is_no_array_is_named() {
    let not = |answer: &str, found: &str| {
        let message = format!("a JSON array is expected, but the answer is {found}");
        check(answer, None, &[], &message);
    };
    let hint = "(if one of them holds the records, set its path as `records`)";
    not("", "empty");
    not(" \n", "empty");
    not("\u{feff}", "empty");
    not("null", "null");
    not(" true ", "true");
    not("false", "false");
    not("\"text\"", "a string");
    not("-12.5e3 ", "a number");
    not("{}", &format!("an object without keys {hint}"));
    not(
        r#"{"a":[1,{"x":2}],"b\n":{}}"#,
        &format!(r#"an object with keys "a", "b\n" {hint}"#),
    );
    not("<html>", r#"text that is not JSON, beginning "<html>""#);
    let page = format!("<html>{}", " <p>x</p>".repeat(100));
    not(
        &page,
        r#"text that is not JSON, beginning "<html> <p>x</p> <p>x</p> <p>x</p> <p>x</...""#,
    );
    not("nul", r#"text that is not JSON, beginning "nul""#);
    not(
        "null null",
        r#"text that is not JSON, beginning "null null""#,
    );
    let many: Vec<String> = (0..20).map(|n| format!("\"k{n}\":{n}")).collect();
    not(
        &format!("{{{}}}", many.join(",")),
        &format!(
            "an object with keys \"k0\", \"k1\", \"k2\", \"k3\", \"k4\", \"k5\", \"k6\", \"k7\", ... {hint}"
        ),
    );
}

#[test]
fn a_partial_byte_order_mark_is_no_json() {
    for answer in [&b"\xef\xbb"[..], b"\xef\xbb[1]", b"\xef[1]"] {
        let (batches, result) = slice(answer, None, &[1]);
        assert!(batches.is_empty());
        assert!(
            matches!(result, Err(SliceError::NotAnArray { .. })),
            "{result:?}"
        );
    }
}

#[test]
fn a_broken_array_gives_the_records_before_the_fault() {
    for (answer, records, fault, at) in [
        ("[", &[][..], "the answer is cut off at", 1),
        ("[1,2", &["1"], "the answer is cut off at", 4),
        ("[{},{}", &["{}", "{}"], "the answer is cut off at", 6),
        ("[{},{\"a\":\"", &["{}"], "the answer is cut off at", 10),
        (
            "[1,]",
            &["1"],
            "trailing comma before the end of the array at",
            3,
        ),
        ("[,1]", &[], "a record is missing before the comma at", 1),
        (
            "[1,,2]",
            &["1"],
            "a record is missing before the comma at",
            3,
        ),
        (
            "[{} {}]",
            &["{}"],
            "a comma between records is missing at",
            4,
        ),
        ("[1 2]", &["1"], "a comma between records is missing at", 3),
        ("[{}}", &["{}"], "mismatched `}` at", 3),
        ("[}", &[], "mismatched `}` at", 1),
        ("[1][2]", &["1"], "more data after the end at", 3),
        ("[] x", &[], "more data after the end at", 3),
    ] {
        let complete = match records.len() {
            1 => "1 complete record".to_owned(),
            count => format!("{count} complete records"),
        };
        let message = format!("{fault} byte {at}, after {complete}");
        check(answer, None, records, &message);
    }
}

#[test]
fn records_are_found_at_a_path_and_the_rest_is_checked() {
    let alerts = Some("alerts");
    check(r#"{"alerts":[1,2]}"#, alerts, &["1", "2"], "ok");
    check(
        r#" { "x" : {"alerts":[9]} , "n":-1.5,"al\u0065rts" : [ {"alerts":[]} ] , "next" : null } "#,
        alerts,
        &[r#"{"alerts":[]}"#],
        "ok",
    );
    check(
        r#"{"data":{"a":1,"items":[1]},"b":[]}"#,
        Some("data.items"),
        &["1"],
        "ok",
    );
    check(
        r#"{"alerts":[1]"#,
        alerts,
        &["1"],
        "the answer is cut off at byte 13, after 1 complete record",
    );
    check(
        r#"{"alerts":[1]}{"#,
        alerts,
        &["1"],
        "more data after the end at byte 14, after 1 complete record",
    );
    check(
        r#"{"alerts":[1],}"#,
        alerts,
        &["1"],
        "a key is expected at byte 14 of the object around the records",
    );
    check(
        r#"{"alerts":[1]]"#,
        alerts,
        &["1"],
        "mismatched `]` at byte 13, after 1 complete record",
    );
    check(
        r#"{"a" 1}"#,
        alerts,
        &[],
        "`:` is expected at byte 5 of the object around the records",
    );
    check(
        r#"{"a":}"#,
        alerts,
        &[],
        "a value is expected at byte 5 of the object around the records",
    );
    check(
        r#"{"a":1 "b":2}"#,
        alerts,
        &[],
        "`,` or `}` is expected at byte 7 of the object around the records",
    );
    check(
        r#"{"alerts":[1],"alerts":[2]}"#,
        alerts,
        &["1"],
        "`alerts` occurs a second time at byte 23",
    );
}

#[test]
fn a_path_without_array_is_named_where_it_breaks() {
    let none = |answer: &str, path: &str, message: &str| {
        check(
            answer,
            Some(path),
            &[],
            &format!("no array of records at `{path}`: {message}"),
        );
    };
    none("[1]", "alerts", "the answer is an array");
    none("null", "alerts", "the answer is null");
    none(
        r#"{"a":1,"b":2}"#,
        "alerts",
        r#"the answer is an object with keys "a", "b""#,
    );
    none("{}", "alerts", "the answer is an object without keys");
    none(r#"{"alerts":null}"#, "alerts", "`alerts` is null");
    none(
        r#"{"alerts":{"items":[]}}"#,
        "alerts",
        "`alerts` is an object",
    );
    none(r#"{"data":[1]}"#, "data.items", "`data` is an array");
    none(
        r#"{"data":{"x":1},"y":2}"#,
        "data.items",
        r#"`data` is an object with keys "x""#,
    );
}

#[test]
fn a_long_key_is_not_kept_and_matches_nothing() {
    let key = "k".repeat(1 << 20);
    let answer = format!("{{\"{key}\":1,\"alerts\":[1]}}");
    check(&answer, Some("alerts"), &["1"], "ok");
}

#[test]
fn a_batch_is_full_at_its_limits() {
    for (records_max, bytes_max, sizes) in [
        (2, 1_000, &[2, 2, 1][..]),
        (5, 1_000, &[5]),
        (6, 1_000, &[5]),
        (100, 8, &[2, 2, 1]),
        (100, 9, &[3, 2]),
        (100, 1, &[1, 1, 1, 1, 1]),
    ] {
        for chunk in [usize::MAX, 1, 3] {
            let mut slicer = ArraySlicer::new(
                RecordLimits {
                    batch_records_max: records_max,
                    batch_bytes_max: bytes_max,
                    ..limits()
                },
                None,
            );
            let (batches, result) =
                slice_with(&mut slicer, b"[1111,2222,3333,4444,5555]", &[chunk]);
            assert_eq!(result, Ok(()));
            let got: Vec<usize> = batches.iter().map(|batch| batch.records.len()).collect();
            assert_eq!(got, sizes, "{records_max} {bytes_max} {chunk}");
            assert_eq!(texts(&batches).concat(), b"11112222333344445555");
        }
    }
}

#[test]
fn a_full_batch_takes_no_more_until_it_is_taken() {
    let mut slicer = ArraySlicer::new(
        RecordLimits {
            batch_records_max: 1,
            ..limits()
        },
        None,
    );
    assert_eq!(slicer.feed(b"[{},{}]"), Ok(3));
    assert_eq!(slicer.feed(b",{}]"), Ok(0));
    assert_eq!(slicer.take_full().unwrap().records.len(), 1);
    assert!(slicer.take_full().is_none());
    assert_eq!(slicer.feed(b",{}]"), Ok(3));
    assert_eq!(slicer.records(), 2);
}

#[test]
fn an_oversized_record_is_hashed_and_not_kept() {
    let large = |content: usize| format!("\"{}\"", "x".repeat(content));
    // At the limit, one beyond, ten times, and beyond what a dead letter keeps.
    for (limit, full, fault) in [
        (100, 100, false),
        (100, 101, true),
        (100, 1_000, true),
        (100, 300_000, true),
        (100_000, 100_000, false),
        (100_000, 100_001, true),
    ] {
        let record = large(full - 2);
        let answer = format!("[1,{record},2]");
        for chunk in [usize::MAX, 7, 50_000] {
            let mut slicer = ArraySlicer::new(
                RecordLimits {
                    record_bytes_max: limit,
                    ..limits()
                },
                None,
            );
            let (batches, result) = slice_with(&mut slicer, answer.as_bytes(), &[chunk]);
            assert_eq!(result, Ok(()));
            let records = texts(&batches);
            let kept = if fault {
                full.min(DEAD_LETTER_RAW_BYTES_MAX)
            } else {
                full
            };
            assert_eq!(records[0], b"1");
            assert_eq!(records[1], &record.as_bytes()[..kept]);
            assert_eq!(records[2], b"2");
            let expected = fault.then(|| RecordFault {
                reason: Reason::RecordTooLarge,
                detail: format!("the record has {full} bytes, the limit is {limit}"),
                full_bytes: full as u64,
                full_hash: *blake3::hash(record.as_bytes()).as_bytes(),
            });
            assert_eq!(batches[0].records[1].fault, expected);
        }
    }
}

#[test]
fn a_record_of_256_mb_needs_no_memory() {
    let mut slicer = ArraySlicer::new(limits(), None);
    slicer.feed(b"[{\"a\":\"").unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..256 {
        assert_eq!(slicer.feed(&chunk), Ok(chunk.len()));
        assert!(slicer.buffer.capacity() <= 4 << 20);
    }
    slicer.feed(b"\"},{}]").unwrap();
    slicer.finish().unwrap();
    let rest = slicer.take_rest().unwrap();
    assert_eq!(rest.records.len(), 2);
    assert_eq!(rest.records[0].span.len as usize, DEAD_LETTER_RAW_BYTES_MAX);
    let fault = rest.records[0].fault.as_ref().unwrap();
    assert_eq!(fault.full_bytes, (256 << 20) + 8);
}

#[test]
fn depth_is_only_counted() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let answer = format!("[{deep},1]");
    let (batches, result) = slice(answer.as_bytes(), None, &[997]);
    assert_eq!(result, Ok(()));
    assert_eq!(texts(&batches), [deep.as_bytes(), b"1"]);
}

#[test]
fn an_error_stays_and_an_abandoned_record_is_given_up() {
    let mut slicer = ArraySlicer::new(limits(), None);
    let error = slicer.feed(b"[1,{},]").unwrap_err();
    assert_eq!(slicer.feed(b"[1]"), Err(error.clone()));
    assert_eq!(slicer.finish(), Err(error));
    assert_eq!(slicer.take_rest().unwrap().records.len(), 2);
    assert!(slicer.take_rest().is_none());

    let mut slicer = ArraySlicer::new(limits(), None);
    slicer.feed(b"[1,{\"a\"").unwrap();
    assert_eq!(texts(&[slicer.take_rest().unwrap()]), [b"1"]);
    assert_eq!(
        slicer.feed(b":1}]"),
        Err(SliceError::Truncated { records: 1, at: 7 })
    );
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\\\\"\\[\\]{},é☃😀 ]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_chunking_of_any_array_gives_the_records_that_serde_json_sees(
        records in proptest::collection::vec(json(), 0..12),
        pretty in any::<bool>(),
        around in any::<bool>(),
        sizes in proptest::collection::vec(1_usize..40, 1..8),
    ) {
        let array = Value::from(records.clone());
        let document = if around {
            serde_json::json!({"a": {"items": 1}, "data": {"x": [], "items": array}, "z": [1]})
        } else {
            array
        };
        let answer = if pretty {
            serde_json::to_vec_pretty(&document).unwrap()
        } else {
            serde_json::to_vec(&document).unwrap()
        };
        let (batches, result) = slice(&answer, around.then_some("data.items"), &sizes);
        prop_assert_eq!(result, Ok(()));
        let texts = texts(&batches);
        let seen: Vec<Value> = texts.iter().map(|t| serde_json::from_slice(t).unwrap()).collect();
        let round = |value: &Value| serde_json::from_str::<Value>(&value.to_string()).unwrap();
        prop_assert_eq!(seen, records.iter().map(round).collect::<Vec<_>>());
    }

    #[test]
    fn truncation_anywhere_gives_a_prefix_and_an_error(
        records in proptest::collection::vec(json(), 0..8),
        cut in any::<proptest::sample::Index>(),
        sizes in proptest::collection::vec(1_usize..40, 1..4),
    ) {
        let answer = serde_json::to_vec(&records).unwrap();
        let (whole, _) = slice(&answer, None, &[usize::MAX]);
        let cut = &answer[..cut.index(answer.len())];
        let (part, result) = slice(cut, None, &sizes);
        let expected = if cut.is_empty() {
            SliceError::Empty
        } else {
            let records = texts(&part).len() as u64;
            SliceError::Truncated { records, at: cut.len() as u64 }
        };
        prop_assert_eq!(result, Err(expected));
        prop_assert!(texts(&whole).starts_with(&texts(&part)));
    }

    #[test]
    fn no_input_panics_and_chunking_never_matters(
        answer in proptest::collection::vec(
            prop_oneof![3 => proptest::sample::select(b"[]{},:\"\\ an1\n".to_vec()), 1 => any::<u8>()],
            0..60,
        ),
        path in proptest::option::of(proptest::sample::select(vec!["a", "a.a", ""])),
        sizes in proptest::collection::vec(1_usize..9, 1..4),
    ) {
        let (whole, whole_result) = slice(&answer, path, &[usize::MAX]);
        let (split, split_result) = slice(&answer, path, &sizes);
        prop_assert_eq!(texts(&whole), texts(&split));
        prop_assert_eq!(whole_result, split_result);
    }
}
