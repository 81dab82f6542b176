//! Reads Zstandard: frames one after the other, skippable ones passed over (RFC 8878).

use std::io::{self, Cursor, Read};

use bytes::Bytes;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// The largest window that a frame may ask for: what RFC 8878 asks decoders to support, so that the header
/// of a small body cannot claim more memory.
const WINDOW_BYTES_MAX: u64 = 8 << 20;

/// The unpacked bytes of a body.
pub(super) enum ZstdFrames {
    /// Between frames.
    Between(Cursor<Bytes>),
    /// In a frame.
    Inside(Box<StreamingDecoder<Cursor<Bytes>, FrameDecoder>>),
}

impl ZstdFrames {
    pub(super) fn new(body: Bytes) -> Self {
        Self::Between(Cursor::new(body))
    }

    /// Begins the next frame; `None` at the end of the body.
    fn begin(mut source: Cursor<Bytes>) -> io::Result<Option<Self>> {
        loop {
            let length = source.get_ref().len() as u64;
            if source.position() >= length {
                return Ok(None);
            }
            let begun = source.position();
            let decoder = StreamingDecoder::new_with_max_window_size(
                Cursor::clone(&source),
                WINDOW_BYTES_MAX,
            );
            match decoder {
                Ok(decoder) => return Ok(Some(Self::Inside(Box::new(decoder)))),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length: skipped,
                    ..
                })) => {
                    // Magic number and length take four bytes each.
                    let end = begun + 8 + u64::from(skipped);
                    if end > length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    source.set_position(end);
                }
                Err(error) => return Err(invalid(error)),
            }
        }
    }
}

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

impl Read for ZstdFrames {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Between(source) => {
                    let source = std::mem::take(source);
                    match Self::begin(source)? {
                        Some(frame) => *self = frame,
                        None => return Ok(0),
                    }
                }
                Self::Inside(decoder) => {
                    let read = decoder.read(out)?;
                    if read > 0 || out.is_empty() {
                        return Ok(read);
                    }
                    let frame = &decoder.decoder;
                    let claimed = frame.get_checksum_from_data();
                    if claimed.is_some() && claimed != frame.get_calculated_checksum() {
                        return Err(invalid("the checksum of a frame is wrong"));
                    }
                    let source = Cursor::clone(decoder.get_ref());
                    *self = Self::Between(source);
                }
            }
        }
    }
}
