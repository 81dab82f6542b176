//! A body as received to batches of records, piece by piece.

use std::io::{Cursor, Read};

use bytes::Bytes;
use cresset_model::ports::{Encoding, PushError};
use cresset_pipeline::decode::{AnySlicer, Sliced};
use flate2::read::MultiGzDecoder;

use super::zstd_frames::ZstdFrames;

/// Bytes of a body as received.
pub const PUSH_BODY_BYTES_MAX: usize = 8 << 20;
/// Bytes of a body, unpacked.
pub const PUSH_UNPACKED_BYTES_MAX: u64 = 64 << 20;
/// How many times its size a body may unpack to.
pub const RATIO_MAX: u64 = 100;
/// Unpacked bytes to which the ratio does not apply: the same event many times packs very well.
pub const RATIO_FREE_BYTES: u64 = 1 << 20;
/// Unpacked bytes in memory at one time.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of batches that the first reading of a body keeps; a larger body is unpacked again.
pub(super) const GATHERED_BYTES_MAX: usize = 4 << 20;

/// What bounds the unpacking of one source's bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpackLimits {
    /// See [`PUSH_UNPACKED_BYTES_MAX`].
    pub unpacked_bytes_max: u64,
    /// See [`RATIO_MAX`].
    pub ratio_max: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            unpacked_bytes_max: PUSH_UNPACKED_BYTES_MAX,
            ratio_max: RATIO_MAX,
        }
    }
}

impl UnpackLimits {
    /// Bytes that a body of so many may unpack to.
    pub(super) fn of(&self, packed: usize) -> u64 {
        let ratio = (packed as u64).saturating_mul(self.ratio_max);
        self.unpacked_bytes_max.min(ratio.max(RATIO_FREE_BYTES))
    }
}

/// The batches of one body.
pub(super) struct Batches {
    reader: Box<dyn Read + Send>,
    slicer: AnySlicer,
    chunk: Vec<u8>,
    /// The part of the chunk that has not been cut.
    rest: std::ops::Range<usize>,
    unpacked: u64,
    bytes_max: u64,
    packing: Option<&'static str>,
    has_ended: bool,
}

/// What the first reading of a body has found: it is whole.
pub(super) struct Checked {
    /// BLAKE3 over the body as received.
    pub(super) body_hash: [u8; 32],
    /// All its batches, if they are few.
    pub(super) gathered: Option<Vec<Sliced>>,
}

impl Batches {
    /// A body that unpacks to so many bytes at most.
    pub(super) fn new(body: Bytes, encoding: Encoding, slicer: AnySlicer, bytes_max: u64) -> Self {
        let (reader, packing): (Box<dyn Read + Send>, _) = match encoding {
            Encoding::Identity => (Box::new(Cursor::new(body)), None),
            Encoding::Gzip => (
                Box::new(MultiGzDecoder::new(Cursor::new(body))),
                Some("gzip"),
            ),
            Encoding::Zstd => (Box::new(ZstdFrames::new(body)), Some("zstd")),
        };
        Self {
            reader,
            slicer,
            chunk: Vec::new(),
            rest: 0..0,
            unpacked: 0,
            bytes_max,
            packing,
            has_ended: false,
        }
    }

    /// The next batch; `None` at the end of a complete body.
    pub(super) fn next(&mut self) -> Result<Option<Sliced>, PushError> {
        let malformed =
            |error: cresset_pipeline::decode::SliceError| PushError::Malformed(error.to_string());
        loop {
            if let Some(full) = self.slicer.take_full() {
                return Ok(Some(full));
            }
            if self.has_ended {
                return Ok(self.slicer.take_rest());
            }
            let rest = self.chunk.get(self.rest.clone()).unwrap_or_default();
            if !rest.is_empty() {
                self.rest.start += self.slicer.feed(rest).map_err(malformed)?;
            } else if self.read()? == 0 {
                self.slicer.finish().map_err(malformed)?;
                self.has_ended = true;
            }
        }
    }

    fn read(&mut self) -> Result<usize, PushError> {
        self.chunk.resize(CHUNK_BYTES, 0);
        let read = self.reader.read(&mut self.chunk).map_err(|error| {
            let packing = self.packing.unwrap_or_default();
            PushError::Malformed(format!("the body is cut off or not {packing}: {error}"))
        })?;
        self.rest = 0..read;
        self.unpacked += read as u64;
        if self.packing.is_some() && self.unpacked > self.bytes_max {
            return Err(PushError::TooLarge {
                bytes_max: self.bytes_max,
                when: ", unpacked",
            });
        }
        Ok(read)
    }
}

/// Reads a body to its end before anything of it is stored, so that one that is broken leaves nothing
/// behind.
pub(super) fn check(
    body: Bytes,
    encoding: Encoding,
    slicer: AnySlicer,
    bytes_max: u64,
) -> Result<Checked, PushError> {
    let body_hash = *blake3::hash(&body).as_bytes();
    let mut batches = Batches::new(body, encoding, slicer, bytes_max);
    let mut gathered = Some(Vec::new());
    let mut bytes = 0;
    while let Some(sliced) = batches.next()? {
        bytes += sliced.bytes.len();
        if bytes > GATHERED_BYTES_MAX {
            gathered = None;
        } else if let Some(gathered) = &mut gathered {
            gathered.push(sliced);
        }
    }
    Ok(Checked {
        body_hash,
        gathered,
    })
}
