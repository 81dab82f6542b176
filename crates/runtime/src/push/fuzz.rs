//! A fuzz target: a property that holds for any bytes. `fuzz/` runs it, and the inputs that it keeps are
//! replayed as a test.

use std::io::Write as _;

use bytes::Bytes;
use cresset_model::limits::RecordLimits;
use cresset_model::ports::{Encoding, PushError};
use cresset_pipeline::decode::AnySlicer;
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::unpack::{Batches, UnpackLimits, check};

/// The records of a body, or why it was refused.
type Read = Result<Vec<Vec<u8>>, PushError>;

/// A pushed body, packed or not: it is read to its end or refused within its bounds, twice alike; what was
/// packed here, in one part or two, reads as the plain body does; and what is cut off is refused.
///
/// # Panics
/// When the property does not hold.
pub fn packed(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let encoding = match choice % 3 {
        0 => Encoding::Identity,
        1 => Encoding::Gzip,
        _ => Encoding::Zstd,
    };
    if choice & 0x80 == 0 {
        if let Err(error) = read(body, encoding) {
            assert!(!error.to_string().is_empty());
        }
        return;
    }
    let plain = read(body, Encoding::Identity);
    let parts = body.split_at(usize::from(choice & 0x7c).min(body.len()));
    let one = pack(body, encoding);
    assert_eq!(read(&one, encoding), plain);
    assert_eq!(
        read(
            &[pack(parts.0, encoding), pack(parts.1, encoding)].concat(),
            encoding
        ),
        plain
    );
    if !matches!(encoding, Encoding::Identity) {
        let cut = one.get(..one.len() - 1).unwrap_or_default();
        assert!(read(cut, encoding).is_err(), "the last byte is missing");
    }
}

fn pack(body: &[u8], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Identity => body.to_vec(),
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            let written = encoder.write_all(body).and_then(|()| encoder.finish());
            written.expect("memory takes what is written")
        }
        Encoding::Zstd => compress_to_vec(body, CompressionLevel::Fastest),
    }
}

fn read(body: &[u8], encoding: Encoding) -> Read {
    let body = Bytes::copy_from_slice(body);
    let slicer = || AnySlicer::new(RecordLimits::default());
    let bytes_max = UnpackLimits::default().of(body.len());
    let checked = check(body.clone(), encoding, slicer(), bytes_max);
    let mut batches = Batches::new(body, encoding, slicer(), bytes_max);
    let mut records = Vec::new();
    let again = loop {
        match batches.next() {
            Ok(None) => break Ok(records),
            Ok(Some(batch)) => {
                let raw = |record: &cresset_model::batch::RawRecord| {
                    record.span.of(&batch.bytes).to_vec()
                };
                records.extend(batch.records.iter().map(raw));
            }
            Err(error) => break Err(error),
        }
    };
    assert_eq!(checked.as_ref().err(), again.as_ref().err());
    if let Ok(checked) = checked
        && let Some(gathered) = checked.gathered
    {
        let count: usize = gathered.iter().map(|batch| batch.records.len()).sum();
        assert_eq!(again.as_ref().map(Vec::len).ok(), Some(count));
    }
    if let Ok(records) = &again {
        let bytes: usize = records.iter().map(Vec::len).sum();
        assert!(bytes as u64 <= bytes_max);
    }
    again
}

#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn the_corpus_of_packed_bodies_holds() {
        replay("packed", super::packed);
    }
}
