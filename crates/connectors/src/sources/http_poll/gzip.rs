//! Unpacks gzip in bounded steps.

use std::io::Write;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// How many bytes deflate makes of one at most.
const DEFLATE_RATIO_MAX: u64 = 1_032;

/// The packed bytes are cut or damaged; which of the two cannot be told at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Unpacks one answer.
#[derive(Debug)]
pub(super) struct Unpacker {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Packed bytes of one step.
    step_bytes_max: usize,
}

impl Unpacker {
    /// Begins with the first byte of a gzip stream. A step gives so many bytes at most, but for the few
    /// that the one before held back.
    pub(super) fn new(step_unpacked_bytes_max: u64) -> Self {
        let packed = (step_unpacked_bytes_max / DEFLATE_RATIO_MAX).max(1);
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
            step_bytes_max: usize::try_from(packed).unwrap_or(usize::MAX),
        }
    }

    /// Takes one step off `wire`. The answer may be empty.
    pub(super) fn step(&mut self, wire: &mut Bytes) -> Result<Bytes, Unreadable> {
        let step = wire.split_to(wire.len().min(self.step_bytes_max));
        let written = self.decoder.write_all(&step);
        let flushed = written.and_then(|()| self.decoder.flush());
        flushed.map_err(|_| Unreadable)?;
        Ok(self.take())
    }

    /// Checks that the stream is whole and takes what is left.
    pub(super) fn finish(&mut self) -> Result<Bytes, Unreadable> {
        self.decoder.try_finish().map_err(|_| Unreadable)?;
        Ok(self.take())
    }

    fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(self.decoder.get_mut()))
    }
}
