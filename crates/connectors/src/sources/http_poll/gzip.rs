//! Unpacks gzip in bounded steps.

use std::io::Write;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// Packed bytes of one step. Deflate unpacks at most 1,032 to 1, so that one step stays near 4 MiB.
pub(super) const STEP_WIRE_BYTES_MAX: usize = 4 << 10;

/// The packed bytes are cut or damaged; which of the two cannot be told at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Unpacks one answer.
#[derive(Debug)]
pub(super) struct Unpacker {
    decoder: MultiGzDecoder<Vec<u8>>,
}

impl Unpacker {
    /// Begins with the first byte of a gzip stream.
    pub(super) fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
        }
    }

    /// Takes one step of at most [`STEP_WIRE_BYTES_MAX`] bytes off `wire`. The answer may be empty.
    pub(super) fn step(&mut self, wire: &mut Bytes) -> Result<Bytes, Unreadable> {
        let step = wire.split_to(wire.len().min(STEP_WIRE_BYTES_MAX));
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
