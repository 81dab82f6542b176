//! Lines, cut while they arrive.

use cresset_model::limits::RecordLimits;

use super::answers::{limits, within};
use crate::decode::{LineSlicer, SlicedLines};

/// A record: its place in the input, its bytes, and its whole length if it is beyond the limit.
type Line = (u64, Vec<u8>, Option<u64>);
/// The records of a batch, with the offset at which reading begins again after it.
type Batch = (Vec<Line>, u64);

/// Lines in pieces: however they are cut, the same records; each is the line that stands at its offset; a
/// batch ends at the beginning of a line, from where reading on gives the rest. The first byte chooses the
/// limits, the second the size of the pieces.
///
/// # Panics
/// When the property does not hold.
pub fn lines(data: &[u8]) {
    let [tight, piece, input @ ..] = data else {
        return;
    };
    let limits = limits(*tight);
    let whole = cut(input, 0, usize::MAX, limits);
    let records = all(&whole);
    for size in [1, 2 + usize::from(*piece)] {
        // Blanks before the next line may end a batch that is nearly full: only where it is cut, no record.
        let pieces = cut(input, 0, size, limits);
        assert_eq!(records, all(&pieces), "in pieces of {size}");
        goes_on(input, &pieces, limits);
    }
    goes_on(input, &whole, limits);
    for (offset, bytes, _) in &records {
        let stands = index(*offset).and_then(|at| input.get(at..at + bytes.len()));
        assert_eq!(stands, Some(&bytes[..]));
    }
    if tight % 3 != 1 {
        let expected: Vec<&[u8]> = expected(input);
        let got: Vec<&[u8]> = records.iter().map(|(_, bytes, _)| &bytes[..]).collect();
        assert_eq!(got, expected);
    }
}

/// After the first batch reading on at its end gives the rest.
fn goes_on(input: &[u8], batches: &[Batch], limits: RecordLimits) {
    if let Some((first, end)) = batches.first() {
        let rest = index(*end).and_then(|at| input.get(at..));
        let again = cut(rest.unwrap_or_default(), *end, usize::MAX, limits);
        assert_eq!(all(batches).get(first.len()..), Some(&all(&again)[..]));
    }
}

fn all(batches: &[Batch]) -> Vec<&Line> {
    batches.iter().flat_map(|(lines, _)| lines).collect()
}

fn index(offset: u64) -> Option<usize> {
    usize::try_from(offset).ok()
}

/// The lines that are not blank, without the blanks around them.
fn expected(input: &[u8]) -> Vec<&[u8]> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let trimmed = |line| {
        let start = line_start(line, is_blank)?;
        let end = line.iter().rposition(|byte| !is_blank(byte))?;
        line.get(start..=end)
    };
    input
        .split(|byte| *byte == b'\n')
        .filter_map(trimmed)
        .collect()
}

fn line_start(line: &[u8], is_blank: impl Fn(&u8) -> bool) -> Option<usize> {
    line.iter().position(|byte| !is_blank(byte))
}

fn cut(input: &[u8], base: u64, size: usize, limits: RecordLimits) -> Vec<Batch> {
    let mut slicer = LineSlicer::new(limits, base);
    let mut batches = Vec::new();
    for piece in input.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() {
            let taken = slicer.feed(rest);
            let full = slicer.take_full();
            assert!(taken == rest.len() || full.is_some(), "lines must move on");
            batches.extend(full.map(|batch| checked(&batch, limits)));
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    slicer.finish();
    batches.extend(slicer.take_rest().map(|batch| checked(&batch, limits)));
    assert!(slicer.take_rest().is_none());
    assert_eq!(slicer.complete(), base + input.len() as u64);
    let records: usize = batches.iter().map(|(lines, _)| lines.len()).sum();
    assert_eq!(slicer.records(), records as u64);
    batches
}

fn checked(batch: &SlicedLines, limits: RecordLimits) -> Batch {
    assert!((1..=limits.batch_records_max).contains(&batch.records.len()));
    let mut lines = Vec::new();
    let mut end = batch.base;
    for record in &batch.records {
        within(record, limits);
        let start = batch.base + u64::from(record.span.start);
        assert!(end <= start);
        let full_bytes = record.fault.as_ref().map(|fault| fault.full_bytes);
        end = start + full_bytes.unwrap_or(u64::from(record.span.len));
        lines.push((start, record.span.of(&batch.bytes).to_vec(), full_bytes));
    }
    assert!(end <= batch.end);
    (lines, batch.end)
}
