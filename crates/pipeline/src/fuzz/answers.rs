//! Answers and pushed bodies, cut into records.

use cresset_model::batch::RawRecord;
use cresset_model::limits::{DEAD_LETTER_RAW_BYTES_MAX, RecordLimits};
use serde_json::Value;

use crate::decode::{AnySlicer, ArraySlicer, SliceError, Sliced};

/// A slicer of either kind.
enum Slicer {
    Array(ArraySlicer),
    Any(AnySlicer),
}

impl Slicer {
    /// The kind that `choice` names.
    fn new(choice: u8, limits: RecordLimits) -> Self {
        match choice % 5 {
            0 => Self::Array(ArraySlicer::new(limits, None)),
            1 => Self::Array(ArraySlicer::new(limits, Some("alerts"))),
            2 => Self::Array(ArraySlicer::new(limits, Some("data.items"))),
            3 => Self::Any(AnySlicer::new(limits)),
            _ => Self::Any(AnySlicer::at_path(limits, Some("alerts"))),
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Result<usize, SliceError> {
        match self {
            Self::Array(slicer) => slicer.feed(chunk),
            Self::Any(slicer) => slicer.feed(chunk),
        }
    }

    fn take_full(&mut self) -> Option<Sliced> {
        match self {
            Self::Array(slicer) => slicer.take_full(),
            Self::Any(slicer) => slicer.take_full(),
        }
    }

    fn finish(&mut self) -> Result<(), SliceError> {
        match self {
            Self::Array(slicer) => slicer.finish(),
            Self::Any(slicer) => slicer.finish(),
        }
    }

    fn take_rest(&mut self) -> Option<Sliced> {
        match self {
            Self::Array(slicer) => slicer.take_rest(),
            Self::Any(slicer) => slicer.take_rest(),
        }
    }

    fn records(&self) -> u64 {
        match self {
            Self::Array(slicer) => slicer.records(),
            Self::Any(slicer) => slicer.records(),
        }
    }
}

/// The bytes of a record and, of one beyond the limit, its whole length.
type Found = (Vec<u8>, Option<u64>);

/// What was cut out of a body.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    records: Vec<Found>,
    ended: Result<(), SliceError>,
}

/// The usual limits, a tight one for records, or tight ones for batches.
pub(super) fn limits(tight: u8) -> RecordLimits {
    match tight % 3 {
        0 => RecordLimits::default(),
        1 => RecordLimits {
            record_bytes_max: 1 + usize::from(tight),
            ..RecordLimits::default()
        },
        _ => RecordLimits {
            batch_records_max: 1 + usize::from(tight % 4),
            batch_bytes_max: 1 + usize::from(tight),
            ..RecordLimits::default()
        },
    }
}

/// A body in pieces: however it is cut, the same records and the same error; every record was
/// received, in its order, within its limits; and a valid array gives what `serde_json` sees.
/// The first byte chooses the form, the second the limits, the third the size of the pieces.
///
/// # Panics
/// When the property does not hold.
pub fn answers(data: &[u8]) {
    let [choice, tight, piece, body @ ..] = data else {
        return;
    };
    let limits = limits(*tight);
    let whole = cut(Slicer::new(*choice, limits), body, usize::MAX, limits);
    for size in [1, 2 + usize::from(*piece)] {
        let pieces = cut(Slicer::new(*choice, limits), body, size, limits);
        assert_eq!(whole, pieces, "in pieces of {size}");
    }
    let mut at = 0;
    for (record, full_bytes) in &whole.records {
        let rest = body.get(at..).unwrap_or_default();
        let found = memchr::memmem::find(rest, record).expect("every record was received");
        let taken = full_bytes.map_or(record.len(), |bytes| usize::try_from(bytes).unwrap_or(0));
        at += found + taken;
    }
    assert!(at <= body.len(), "no byte belongs to two records");
    if choice % 5 == 0 && whole.ended.is_ok() {
        agrees(body, &whole.records);
    }
}

/// An array that `serde_json` reads has the same elements.
fn agrees(body: &[u8], records: &[Found]) {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Ok(Value::Array(elements)) = serde_json::from_slice::<Value>(body) {
        assert_eq!(records.len(), elements.len());
        for ((record, full_bytes), element) in records.iter().zip(&elements) {
            if full_bytes.is_none() {
                let read = serde_json::from_slice::<Value>(record);
                assert_eq!(read.ok().as_ref(), Some(element));
            }
        }
    }
}

fn cut(mut slicer: Slicer, body: &[u8], size: usize, limits: RecordLimits) -> Cut {
    let mut records = Vec::new();
    let mut ended = Ok(());
    'body: for piece in body.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() {
            match slicer.feed(rest) {
                Ok(taken) => {
                    let full = slicer.take_full();
                    assert!(taken == rest.len() || full.is_some(), "a body must move on");
                    records.extend(full.into_iter().flat_map(|batch| checked(&batch, limits)));
                    rest = rest.get(taken..).unwrap_or_default();
                }
                Err(error) => {
                    ended = Err(error);
                    break 'body;
                }
            }
        }
    }
    if ended.is_ok() {
        ended = slicer.finish();
    }
    let rest = slicer.take_rest();
    records.extend(rest.into_iter().flat_map(|batch| checked(&batch, limits)));
    if let Err(error) = &ended {
        assert_eq!(slicer.finish().as_ref(), Err(error), "an error stays");
        assert!(!error.to_string().is_empty());
    }
    assert!(slicer.take_rest().is_none());
    assert_eq!(slicer.records(), records.len() as u64);
    Cut { records, ended }
}

/// The records of a batch, which keeps its limits: it is full with the record that reaches them.
fn checked(batch: &Sliced, limits: RecordLimits) -> Vec<Found> {
    assert!((1..=limits.batch_records_max).contains(&batch.records.len()));
    let mut end = 0;
    let mut bytes = 0;
    for record in &batch.records {
        let range = record.span.range();
        assert!(end <= range.start && range.end <= batch.bytes.len());
        assert!(bytes < limits.batch_bytes_max);
        bytes += range.len();
        end = range.end;
        within(record, limits);
    }
    let raw = |record: &RawRecord| {
        let full_bytes = record.fault.as_ref().map(|fault| fault.full_bytes);
        (record.span.of(&batch.bytes).to_vec(), full_bytes)
    };
    batch.records.iter().map(raw).collect()
}

pub(super) fn within(record: &RawRecord, limits: RecordLimits) {
    let bytes = record.span.len as usize;
    match &record.fault {
        None => assert!(bytes <= limits.record_bytes_max),
        Some(fault) => {
            assert!(fault.full_bytes > limits.record_bytes_max as u64);
            assert!(bytes <= DEAD_LETTER_RAW_BYTES_MAX && bytes as u64 <= fault.full_bytes);
        }
    }
}
