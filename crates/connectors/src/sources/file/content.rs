//! The bytes of a file, plain or unpacked.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use cresset_model::ports::{LINE_CHECK_BYTES as LAST_BYTES, line_check};
use flate2::read::MultiGzDecoder;

use super::key::HEAD_BYTES;

/// Bytes that are looked through for the last line end when a file is to be read from its end.
const LAST_LINE_BYTES_MAX: u64 = 1 << 20;
/// Bytes unpacked in one step where they are only skipped.
const SKIP_BYTES: usize = 64 << 10;

/// Which file of the system it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode {
    pub(super) device: u64,
    pub(super) number: u64,
}

/// Whether a file goes on from a position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It has the bytes that were read before, of which these are the last.
    Fits(Vec<u8>),
    /// It ends earlier: where, and its last bytes.
    Short(u64, Vec<u8>),
    /// It is packed and not whole yet.
    Unfinished,
    /// It has others.
    Other,
}

/// What came of reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// Nothing for now.
    Nothing,
    /// Nothing will come.
    Over,
}

/// An open file.
#[derive(Debug)]
pub(super) enum Content {
    Plain(File),
    Packed(Box<Packed>),
}

/// A gzip file that is unpacked from its beginning on.
#[derive(Debug)]
pub(super) struct Packed {
    decoder: MultiGzDecoder<BufReader<File>>,
    /// Unpacked bytes so far.
    place: u64,
    /// Its size when its bytes ended too early.
    unfinished_at: Option<u64>,
}

impl Content {
    /// Opens a file; one whose name ends in `.gz` is unpacked.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            return Ok(Self::Packed(Box::new(Packed {
                decoder: MultiGzDecoder::new(BufReader::new(file)),
                place: 0,
                unfinished_at: None,
            })));
        }
        Ok(Self::Plain(file))
    }

    pub(super) fn is_packed(&self) -> bool {
        matches!(self, Self::Packed(_))
    }

    fn file(&self) -> &File {
        match self {
            Self::Plain(file) => file,
            Self::Packed(packed) => packed.decoder.get_ref().get_ref(),
        }
    }

    pub(super) fn inode(&self) -> io::Result<Inode> {
        let metadata = self.file().metadata()?;
        Ok(Inode {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }

    /// Its first bytes, at most [`HEAD_BYTES`].
    pub(super) fn head(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(file) => read_at(file, 0, HEAD_BYTES),
            Self::Packed(packed) => {
                packed.rewind()?;
                let mut head = Vec::new();
                // A file that is still being packed has fewer bytes than it will have; damage behind the
                // beginning is met by the reading.
                while head.len() < HEAD_BYTES {
                    match packed.read(HEAD_BYTES - head.len()) {
                        Ok(Piece::Bytes(bytes)) => head.extend_from_slice(&bytes),
                        Err(error) if head.is_empty() => return Err(error),
                        Ok(Piece::Nothing | Piece::Over) | Err(_) => break,
                    }
                }
                Ok(head)
            }
        }
    }

    /// Its size; of a packed one the last 32 bits of the unpacked size, as its trailer tells it.
    pub(super) fn size(&self) -> io::Result<u64> {
        let size = self.file().metadata()?.len();
        if !self.is_packed() || size < 4 {
            return Ok(size);
        }
        let mut trailer = [0; 4];
        self.file().read_exact_at(&mut trailer, size - 4)?;
        Ok(u32::from_le_bytes(trailer).into())
    }

    /// Whether it goes on from `offset`, before which what has this hash was read. A packed one is left
    /// there.
    pub(super) fn fit(&mut self, offset: u64, check: u64) -> io::Result<Fit> {
        let before = match self {
            Self::Plain(file) => {
                let size = file.metadata()?.len();
                if size < offset {
                    return Ok(Fit::Short(size, before(file, size)?));
                }
                before(file, offset)?
            }
            Self::Packed(packed) => {
                packed.rewind()?;
                let (before, end) = packed.skip_to(offset)?;
                match end {
                    Piece::Over => return Ok(Fit::Short(packed.place, before)),
                    Piece::Nothing => return Ok(Fit::Unfinished),
                    Piece::Bytes(_) => before,
                }
            }
        };
        Ok(if line_check(&before) == check {
            Fit::Fits(before)
        } else {
            Fit::Other
        })
    }

    /// The last bytes before an offset; none of a packed one.
    pub(super) fn last_before(&self, offset: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(file) => before(file, offset),
            Self::Packed(_) => Ok(Vec::new()),
        }
    }

    /// Whether it has these bytes before `offset`; a packed one is believed to.
    pub(super) fn has_before(&self, offset: u64, last: &[u8]) -> io::Result<bool> {
        match self {
            Self::Plain(file) => Ok(before(file, offset)? == last),
            Self::Packed(_) => Ok(true),
        }
    }

    /// Up to `bytes_max` bytes from `offset` on, which a packed one has been brought to by
    /// [`Content::fit`] or the reading before.
    pub(super) fn read(&mut self, offset: u64, bytes_max: usize) -> io::Result<Piece> {
        match self {
            Self::Plain(file) => {
                let bytes = read_at(file, offset, bytes_max)?;
                Ok(if bytes.is_empty() {
                    Piece::Nothing
                } else {
                    Piece::Bytes(bytes)
                })
            }
            Self::Packed(packed) => {
                let size = packed.size()?;
                if packed.unfinished_at == Some(size) {
                    return Ok(Piece::Nothing);
                }
                if packed.unfinished_at.is_some() || packed.place != offset {
                    packed.rewind()?;
                    let (_, end) = packed.skip_to(offset)?;
                    if !matches!(end, Piece::Bytes(_)) {
                        return Ok(end);
                    }
                }
                packed.read(bytes_max)
            }
        }
    }

    /// The offset after the last line end.
    pub(super) fn end_of_lines(&self) -> io::Result<u64> {
        let file = self.file();
        let size = file.metadata()?.len();
        let from = size.saturating_sub(LAST_LINE_BYTES_MAX);
        let length = usize::try_from(size - from).unwrap_or(0);
        let bytes = read_at(file, from, length)?;
        let end = memchr::memrchr(b'\n', &bytes);
        Ok(end.map_or(if from == 0 { 0 } else { size }, |end| {
            from + end as u64 + 1
        }))
    }
}

fn read_at(file: &File, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; bytes_max];
    let mut filled = 0;
    while filled < bytes_max {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// The last bytes before an offset.
fn before(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let from = offset.saturating_sub(LAST_BYTES as u64);
    read_at(
        file,
        from,
        usize::try_from(offset - from).unwrap_or(LAST_BYTES),
    )
}

/// Keeps the last bytes of what was read.
pub(super) fn keep_last(last: &mut Vec<u8>, bytes: &[u8]) {
    last.extend_from_slice(&bytes[bytes.len().saturating_sub(LAST_BYTES)..]);
    let surplus = last.len().saturating_sub(LAST_BYTES);
    last.drain(..surplus);
}

impl Packed {
    fn size(&self) -> io::Result<u64> {
        Ok(self.decoder.get_ref().get_ref().metadata()?.len())
    }

    fn rewind(&mut self) -> io::Result<()> {
        let mut file = self.decoder.get_ref().get_ref().try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        self.decoder = MultiGzDecoder::new(BufReader::new(file));
        self.place = 0;
        self.unfinished_at = None;
        Ok(())
    }

    fn read(&mut self, bytes_max: usize) -> io::Result<Piece> {
        let mut bytes = vec![0; bytes_max];
        loop {
            match self.decoder.read(&mut bytes) {
                Ok(0) => return Ok(Piece::Over),
                Ok(count) => {
                    self.place += count as u64;
                    bytes.truncate(count);
                    return Ok(Piece::Bytes(bytes));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    self.unfinished_at = Some(self.size()?);
                    return Ok(Piece::Nothing);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Unpacks up to an offset: the last bytes before it, and `Bytes` if it was reached.
    fn skip_to(&mut self, offset: u64) -> io::Result<(Vec<u8>, Piece)> {
        let mut last = Vec::new();
        while self.place < offset {
            let left = usize::try_from(offset - self.place).unwrap_or(SKIP_BYTES);
            match self.read(left.min(SKIP_BYTES))? {
                Piece::Bytes(bytes) => keep_last(&mut last, &bytes),
                end => return Ok((last, end)),
            }
        }
        Ok((last, Piece::Bytes(Vec::new())))
    }
}
