//! A source of lines with places: files, standard input.

use bytes::Bytes;

use super::store::FilePosition;
use super::{BoxFuture, PortError};

/// Bytes that one chunk may hold.
pub const LINE_CHUNK_BYTES_MAX: usize = 1 << 20;
/// Files that a source may have begun and not ended at one time.
pub const LINE_FILES_MAX: usize = 64;

/// Bytes before a position that tell whether a file is the one that was read.
pub const LINE_CHECK_BYTES: usize = 64;

/// A hash of the last [`LINE_CHECK_BYTES`] of what lies before a position.
pub fn line_check(before: &[u8]) -> u64 {
    let last = before
        .get(before.len().saturating_sub(LINE_CHECK_BYTES)..)
        .unwrap_or_default();
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(last).as_bytes()[..8]);
    u64::from_be_bytes(first)
}

/// Reads lines piece by piece: what is not asked for is not read. The chunks of one file come in their
/// order and without gaps; those of several files may come in turn, of at most [`LINE_FILES_MAX`] begun
/// and not yet ended.
///
/// The source is made with the stored positions and begins each file there, at the first byte of a line.
pub trait LineSource: Send + Sync {
    /// The next chunk. Waits until there is one, and may be dropped at any await without losing bytes;
    /// `None` when nothing will ever come again. After an error it may be called again.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<LineChunk>, PortError>>;

    /// Everything of the file before this place is committed, in this process or an earlier one.
    fn acknowledge(&mut self, position: FilePosition);

    /// What it reads, for people, such as `file /var/log/events.ndjson`.
    fn describe(&self) -> String;
}

/// A piece of a file; it may begin and end within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChunk {
    /// What tells the file from others, whatever its name.
    pub fingerprint: u128,
    /// Offset in the file of the first of the bytes.
    pub offset: u64,
    /// The bytes, at most [`LINE_CHUNK_BYTES_MAX`]. None when the file only ends, or when it only begins:
    /// then its place is stored, so that the next process begins there too.
    pub bytes: Bytes,
    /// The last bytes before `offset`, [`LINE_CHECK_BYTES`] of them unless the file has fewer.
    pub before: Bytes,
    /// The number that the file system knows the file by; 0 where there is none.
    pub inode: u64,
    /// Nothing more will come of this file: a line without a line feed at its end is whole.
    pub ends_file: bool,
}
