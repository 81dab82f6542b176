use cresset_model::batch::{Reason, RecordFault};
use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;
use proptest::prelude::*;

use super::*;

fn limits() -> RecordLimits {
    RecordLimits::default()
}

/// Feeds the input in pieces of the given sizes and gathers everything.
fn slice_with(slicer: &mut LineSlicer, input: &[u8], sizes: &[usize]) -> Vec<SlicedLines> {
    let mut batches = Vec::new();
    let mut rest = input;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(usize::MAX).max(1);
        let (mut chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        while !chunk.is_empty() {
            let taken = slicer.feed(chunk);
            chunk = &chunk[taken..];
            batches.extend(slicer.take_full());
        }
    }
    slicer.finish();
    batches.extend(slicer.take_rest());
    batches
}

fn slice(input: &[u8], sizes: &[usize]) -> Vec<SlicedLines> {
    slice_with(&mut LineSlicer::new(limits(), 0), input, sizes)
}

/// Each record with its offset in the input.
fn placed(batches: &[SlicedLines]) -> Vec<(u64, Vec<u8>)> {
    let of = |batch: &SlicedLines| -> Vec<_> {
        let one = |record: &RawRecord| {
            let offset = batch.base + u64::from(record.span.start);
            (offset, record.span.of(&batch.bytes).to_vec())
        };
        batch.records.iter().map(one).collect()
    };
    batches.iter().flat_map(of).collect()
}

fn check(input: &str, expected: &[(u64, &str)]) {
    for sizes in [&[usize::MAX][..], &[1], &[3], &[2, 5]] {
        let got = placed(&slice(input.as_bytes(), sizes));
        let got: Vec<(u64, &str)> = got
            .iter()
            .map(|(offset, text)| (*offset, std::str::from_utf8(text).unwrap()))
            .collect();
        assert_eq!(got, expected, "{input:?} {sizes:?}");
    }
}

#[test]
fn every_line_is_a_record_with_its_offset() {
    check("", &[]);
    check("\n\r\n  \n", &[]);
    check("{}\n{}\n", &[(0, "{}"), (3, "{}")]);
    check("{\"a\":1}\r\n{}\r\n", &[(0, "{\"a\":1}"), (9, "{}")]);
    check("\n\n  {} \t\n\n\r\n x y \n", &[(4, "{}"), (13, "x y")]);
    check("a\rb\r\n\rc\n", &[(0, "a\rb"), (6, "c")]);
    check("\u{feff}{}\n\u{feff}{}\n", &[(3, "{}"), (6, "\u{feff}{}")]);
    check("\u{feff}\r\n{}\n", &[(5, "{}")]);
}

#[test]
fn a_last_line_without_line_feed_counts_when_the_input_has_ended() {
    check("{}\n{\"a\"", &[(0, "{}"), (3, "{\"a\"")]);
    check("{} \r", &[(0, "{}")]);
    let mut slicer = LineSlicer::new(limits(), 0);
    slicer.feed(b"{}\n{\"a\"");
    let rest = slicer.take_rest().unwrap();
    assert_eq!(placed(&[rest]), [(0, b"{}".to_vec())]);
    slicer.finish();
    assert!(slicer.take_rest().is_none());
    assert_eq!(slicer.records(), 1);
}

#[test]
fn an_incomplete_last_line_can_be_left_and_go_on_later() {
    let mut slicer = LineSlicer::new(limits(), 100);
    assert_eq!(slicer.complete(), 100);
    slicer.feed(b"{\"a\":1}\n \n {\"b\"\r");
    let first = slicer.take_complete().unwrap();
    assert_eq!((first.base, first.end), (100, 111));
    assert_eq!(placed(&[first]), [(100, b"{\"a\":1}".to_vec())]);
    assert!(slicer.take_complete().is_none());
    assert_eq!(slicer.complete(), 111);
    slicer.feed(b":2}\r\n");
    assert_eq!(slicer.complete(), 121);
    let second = slicer.take_complete().unwrap();
    assert_eq!((second.base, second.end), (111, 121));
    assert_eq!(placed(&[second]), [(111, b"{\"b\"\r:2}".to_vec())]);
    slicer.feed(b"\n\n");
    assert_eq!(slicer.complete(), 123);
    assert!(slicer.take_complete().is_none());
}

#[test]
fn a_batch_is_full_at_its_limits_and_the_batches_join() {
    let input = b"11111\n22222\n33333\n44444\n55555\n";
    for (records_max, bytes_max, sizes) in [
        (2, 1_000, &[2, 2, 1][..]),
        (5, 1_000, &[5]),
        (6, 1_000, &[5]),
        (100, 12, &[2, 2, 1]),
        (100, 13, &[3, 2]),
        (100, 1, &[1, 1, 1, 1, 1]),
        (0, 0, &[1, 1, 1, 1, 1]),
    ] {
        for chunk in [usize::MAX, 1, 4] {
            let limits = RecordLimits {
                batch_records_max: records_max,
                batch_bytes_max: bytes_max,
                ..limits()
            };
            let mut slicer = LineSlicer::new(limits, 0);
            let batches = slice_with(&mut slicer, input, &[chunk]);
            let got: Vec<usize> = batches.iter().map(|batch| batch.records.len()).collect();
            assert_eq!(got, sizes, "{records_max} {bytes_max} {chunk}");
            let mut end = 0;
            for batch in &batches {
                assert_eq!(batch.base, end);
                end = batch.end;
            }
            assert_eq!(end, input.len() as u64);
        }
    }
}

#[test]
fn a_full_batch_takes_no_more_until_it_is_taken() {
    let limits = RecordLimits {
        batch_records_max: 1,
        ..limits()
    };
    let mut slicer = LineSlicer::new(limits, 0);
    assert_eq!(slicer.feed(b"{}\n{}\n"), 3);
    assert_eq!(slicer.feed(b"{}\n"), 0);
    assert_eq!(slicer.take_full().unwrap().records.len(), 1);
    assert!(slicer.take_full().is_none());
    assert_eq!(slicer.feed(b"{}\n"), 3);
}

#[test]
fn an_oversized_line_is_hashed_and_not_kept() {
    for (limit, full, ending, fault) in [
        (100, 100, "\n", false),
        (100, 100, "\r\n", false),
        (100, 101, "\n", true),
        (100, 101, "\r\n", true),
        (100, 300_000, "\r\n", true),
        (100_000, 100_000, "\n", false),
        (100_000, 100_001, "\n", true),
    ] {
        let record = "x".repeat(full);
        let input = format!("1\n\n{record}{ending}2\n");
        for chunk in [usize::MAX, 1, 50_000] {
            let limits = RecordLimits {
                record_bytes_max: limit,
                ..limits()
            };
            let mut slicer = LineSlicer::new(limits, 0);
            let batches = slice_with(&mut slicer, input.as_bytes(), &[chunk]);
            let kept = if fault {
                full.min(DEAD_LETTER_RAW_BYTES_MAX)
            } else {
                full
            };
            let after = (3 + full + ending.len()) as u64;
            let expected = [
                (0, b"1".to_vec()),
                (3, record.as_bytes()[..kept].to_vec()),
                (after, b"2".to_vec()),
            ];
            assert_eq!(placed(&batches), expected, "{limit} {full} {chunk}");
            let expected = fault.then(|| RecordFault {
                reason: Reason::RecordTooLarge,
                detail: format!("the record has {full} bytes, the limit is {limit}"),
                full_bytes: full as u64,
                full_hash: *blake3::hash(record.as_bytes()).as_bytes(),
            });
            assert_eq!(batches[0].records[1].fault, expected);
            assert_eq!(batches.len(), 1 + usize::from(fault));
            assert_eq!(batches.last().unwrap().end, input.len() as u64);
        }
    }
}

#[test]
fn a_line_of_256_mb_and_as_many_blanks_need_no_memory() {
    for (byte, records) in [(b'x', 1), (b'\n', 0), (b' ', 0)] {
        let mut slicer = LineSlicer::new(limits(), 0);
        let chunk = vec![byte; 1 << 20];
        for _ in 0..256 {
            assert_eq!(slicer.feed(&chunk), chunk.len());
            assert!(slicer.buffer.capacity() <= 4 << 20);
        }
        slicer.finish();
        assert_eq!(slicer.records(), records);
        let rest = slicer.take_rest();
        let fault = rest.and_then(|rest| rest.records[0].fault.clone());
        let full = fault.map(|fault| fault.full_bytes);
        assert_eq!(full, (records == 1).then_some(256 << 20));
    }
}

proptest! {
    #[test]
    fn any_chunking_and_any_limit_give_the_lines_at_their_offsets(
        input in proptest::collection::vec(
            proptest::sample::select(b"ab{} \t\r\n\n\n".to_vec()), 0..80,
        ),
        sizes in proptest::collection::vec(1_usize..20, 1..6),
        records_max in 1_usize..5,
        bytes_max in 1_usize..40,
        start in 1_u64..1_000,
    ) {
        let limits = RecordLimits {
            batch_records_max: records_max,
            batch_bytes_max: bytes_max,
            ..limits()
        };
        let mut slicer = LineSlicer::new(limits, start);
        let batches = slice_with(&mut slicer, &input, &sizes);
        let mut expected = Vec::new();
        let mut offset = start;
        for line in input.split(|byte| *byte == b'\n') {
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                let blanks = line.len() - line.trim_ascii_start().len();
                expected.push((offset + blanks as u64, trimmed.to_vec()));
            }
            offset += line.len() as u64 + 1;
        }
        prop_assert_eq!(placed(&batches), expected);
        for batch in &batches {
            // The bytes are those of the input, so that offsets can be found again.
            let from = usize::try_from(batch.base - start).unwrap();
            prop_assert_eq!(&input[from..from + batch.bytes.len()], &batch.bytes[..]);
            prop_assert!(batch.records.len() <= records_max);
        }
        prop_assert_eq!(slicer.complete(), start + input.len() as u64);
    }
}
