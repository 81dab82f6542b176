//! The standard input, or any other stream of lines, as one file.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::thread;

use bytes::Bytes;
use cresset_model::ports::{BoxFuture, FilePosition, LineChunk, LineSource, PortError};
use tokio::sync::mpsc;

/// Bytes read at once.
pub const STDIN_CHUNK_BYTES_MAX: usize = 256 << 10;
/// Pieces read ahead.
const CHUNKS_AHEAD_MAX: usize = 2;

/// Reads a stream to its end.
///
/// Reading is done by a thread of its own that nobody waits for: a read of a terminal or a pipe cannot be
/// broken off, and must not keep the process from ending.
pub struct StdinSource {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    fingerprint: u128,
    offset: u64,
    ended: bool,
}

impl fmt::Debug for StdinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdinSource")
            .field("fingerprint", &self.fingerprint)
            .field("offset", &self.offset)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl StdinSource {
    /// Reads the standard input under a fingerprint that tells this stream from others.
    pub fn new(fingerprint: u128) -> io::Result<Self> {
        Self::reading(io::stdin(), fingerprint)
    }

    /// Reads any stream.
    pub fn reading(mut stream: impl Read + Send + 'static, fingerprint: u128) -> io::Result<Self> {
        let (sender, pieces) = mpsc::channel(CHUNKS_AHEAD_MAX);
        let read_all = move || {
            let mut buffer = vec![0; STDIN_CHUNK_BYTES_MAX];
            loop {
                let piece = match stream.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(count) => Ok(Bytes::copy_from_slice(&buffer[..count])),
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = piece.is_err();
                if sender.blocking_send(piece).is_err() || failed {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(read_all)?;
        Ok(Self {
            pieces,
            fingerprint,
            offset: 0,
            ended: false,
        })
    }

    async fn advance(&mut self) -> Result<Option<LineChunk>, PortError> {
        if self.ended {
            return Ok(None);
        }
        // Receiving loses nothing when it is dropped.
        let bytes = match self.pieces.recv().await {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => {
                self.ended = true;
                return Err(PortError::permanent(format!(
                    "cannot read the standard input: {error}"
                )));
            }
            None => {
                self.ended = true;
                Bytes::new()
            }
        };
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Ok(Some(LineChunk {
            fingerprint: self.fingerprint,
            offset,
            bytes,
            before: Bytes::new(),
            inode: 0,
            ends_file: self.ended,
        }))
    }
}

impl LineSource for StdinSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<LineChunk>, PortError>> {
        Box::pin(self.advance())
    }

    /// A stream cannot be read again; there is nothing to keep.
    fn acknowledge(&mut self, _: FilePosition) {}

    fn describe(&self) -> String {
        "standard input".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_is_read_to_its_end_once() {
        let bytes = vec![b'x'; STDIN_CHUNK_BYTES_MAX + 1];
        let mut source = StdinSource::reading(io::Cursor::new(bytes), 7).unwrap();
        assert_eq!(source.describe(), "standard input");
        let mut chunks = Vec::new();
        while let Some(chunk) = source.next().await.unwrap() {
            source.acknowledge(FilePosition {
                fingerprint: 7,
                offset: chunk.offset,
                inode: 0,
                check: 0,
            });
            chunks.push((chunk.offset, chunk.bytes.len(), chunk.ends_file));
        }
        let whole = STDIN_CHUNK_BYTES_MAX;
        let end = whole as u64;
        assert_eq!(
            chunks,
            [(0, whole, false), (end, 1, false), (end + 1, 0, true)]
        );
        assert_eq!(source.next().await, Ok(None));
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("pulled out"))
        }
    }

    #[tokio::test]
    async fn an_error_stays() {
        let mut source = StdinSource::reading(Broken, 7).unwrap();
        let expected = PortError::permanent("cannot read the standard input: pulled out");
        assert_eq!(source.next().await, Err(expected));
        assert_eq!(source.next().await, Ok(None));
    }
}
