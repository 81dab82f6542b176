//! A file that is followed.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use cresset_model::ports::{FilePosition, LineChunk, line_check};

use super::content::{Content, Inode, Piece, keep_last};
use super::key::Keys;
use super::known::Mark;

/// Looks without a byte after which a file without a name makes room: about a second.
const REST_LOOKS: u32 = 4;

/// A file that has begun and not ended.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the file"
)]
pub(super) struct Followed {
    pub(super) fingerprint: u128,
    pub(super) path: PathBuf,
    /// The shortest name it had: a copy of it has a longer one.
    pub(super) shortest: PathBuf,
    pub(super) inode: Inode,
    /// `None` after it was cut: only a copy can go on.
    pub(super) content: Option<Content>,
    /// The offset of the first byte that was not read.
    pub(super) offset: u64,
    /// The last bytes before it.
    pub(super) last: Vec<u8>,
    /// The offset after the last line end that was read.
    line_start: u64,
    /// The last bytes before that.
    line_last: Vec<u8>,
    /// Whether it may have more; after a look always, until a reading finds nothing.
    pub(super) ready: bool,
    /// Whether the last reading found nothing more.
    pub(super) caught_up: bool,
    /// Whether it had nothing more at the last look.
    pub(super) at_end: bool,
    /// Whether anything of it was given.
    pub(super) begun: bool,
    /// Looks since something came.
    pub(super) idle_looks: u32,
    /// Looks since it has no name any more, or something came.
    pub(super) gone_looks: u32,
}

/// What came of reading.
#[derive(Debug)]
pub(super) enum Step {
    Chunk(LineChunk),
    /// It may be read again after the next look.
    Later,
    /// It is not what it was any more.
    Cut,
    /// Nothing will come.
    Over,
}

impl Followed {
    /// Follows a file from an offset on, with the last bytes before it.
    pub(super) fn new(
        (path, content): (PathBuf, Content),
        fingerprint: u128,
        (offset, last): (u64, Vec<u8>),
    ) -> io::Result<Self> {
        Ok(Self {
            fingerprint,
            shortest: path.clone(),
            path,
            inode: content.inode()?,
            content: Some(content),
            offset,
            line_start: offset,
            line_last: last.clone(),
            last,
            ready: true,
            caught_up: false,
            at_end: false,
            begun: false,
            idle_looks: 0,
            gone_looks: 0,
        })
    }

    /// Whether a copy of it may take its place.
    pub(super) fn is_cut(&self) -> bool {
        self.content.is_none()
    }

    /// Has been found under a name.
    pub(super) fn found_as(&mut self, path: &PathBuf) {
        self.path.clone_from(path);
        if path.as_os_str().len() < self.shortest.as_os_str().len() {
            self.shortest.clone_from(path);
        }
    }

    /// Goes on in a copy.
    pub(super) fn adopt(&mut self, path: PathBuf, content: Content) -> io::Result<()> {
        self.inode = content.inode()?;
        self.path = path;
        self.content = Some(content);
        self.ready = true;
        self.caught_up = false;
        self.at_end = false;
        self.gone_looks = 0;
        Ok(())
    }

    /// Whether it may end now to make room: all of it was read, and no line is open. A copy of one that was
    /// cut is known by its mark too.
    pub(super) fn may_rest(&self) -> bool {
        let is_gone = self.gone_looks >= REST_LOOKS;
        let is_read = if self.is_cut() {
            is_gone
        } else {
            self.caught_up && (self.at_end || is_gone)
        };
        is_read && self.line_start == self.offset
    }

    /// Reads the next piece.
    pub(super) fn step(&mut self, bytes_max: usize) -> io::Result<Step> {
        let Some(content) = &mut self.content else {
            self.ready = false;
            return Ok(Step::Later);
        };
        if !content.is_packed() && !is_same(content, self.fingerprint, (self.offset, &self.last))? {
            self.content = None;
            self.ready = false;
            self.gone_looks = 0;
            return Ok(Step::Cut);
        }
        match content.read(self.offset, bytes_max)? {
            Piece::Bytes(bytes) => Ok(Step::Chunk(self.chunk(bytes))),
            Piece::Nothing => {
                self.ready = false;
                self.caught_up = true;
                Ok(Step::Later)
            }
            Piece::Over => Ok(Step::Over),
        }
    }

    fn chunk(&mut self, bytes: Vec<u8>) -> LineChunk {
        let (offset, before) = (self.offset, Bytes::copy_from_slice(&self.last));
        if let Some(end) = memchr::memrchr(b'\n', &bytes) {
            self.line_start = offset + end as u64 + 1;
            self.line_last.clone_from(&self.last);
            keep_last(&mut self.line_last, &bytes[..=end]);
        }
        keep_last(&mut self.last, &bytes);
        self.offset += bytes.len() as u64;
        self.begun = true;
        self.caught_up = false;
        self.at_end = false;
        self.idle_looks = 0;
        self.gone_looks = 0;
        LineChunk {
            fingerprint: self.fingerprint,
            offset,
            bytes: Bytes::from(bytes),
            before,
            inode: self.inode.number,
            ends_file: false,
        }
    }

    /// How far it was read, for when it comes back. Its end made a line of an open one; should more of that
    /// line come after all, it is read again as a whole.
    pub(super) fn mark(&self) -> Mark {
        Mark::of(FilePosition {
            fingerprint: self.fingerprint,
            offset: self.line_start,
            inode: self.inode.number,
            check: line_check(&self.line_last),
        })
    }

    /// The hash of the last bytes that were read.
    pub(super) fn check(&self) -> u64 {
        line_check(&self.last)
    }

    /// The chunk that ends it, if it has begun.
    pub(super) fn ending(&self) -> Option<LineChunk> {
        self.begun.then_some(LineChunk {
            fingerprint: self.fingerprint,
            offset: self.offset,
            bytes: Bytes::new(),
            before: Bytes::copy_from_slice(&self.last),
            inode: self.inode.number,
            ends_file: true,
        })
    }
}

/// Whether a plain file still is what was read up to an offset.
fn is_same(content: &mut Content, fingerprint: u128, read: (u64, &[u8])) -> io::Result<bool> {
    match read {
        // Without bytes to compare its beginning tells.
        (0, _) => Ok(Keys::of(&content.head()?).include(fingerprint)),
        (offset, last) => content.has_before(offset, last),
    }
}
