//! How finished files of events are packed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, FrameCompressor};

/// Bytes that are read or written at once.
const BUFFER_BYTES: usize = 128 << 10;

/// How a finished file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// As gzip (RFC 1952).
    Gzip,
    /// As Zstandard (RFC 8878), at its fastest level.
    Zstd,
}

impl Packing {
    /// Every way that packs.
    pub(super) const PACKED: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// What follows the name of the unpacked file.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }

    /// Packs one file into another, which is on the disk when this returns.
    pub(super) fn pack(self, plain: &mut File, packed: File) -> io::Result<()> {
        let mut packed = BufWriter::with_capacity(BUFFER_BYTES, packed);
        match self {
            Self::None => drop(io::copy(plain, &mut packed)?),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut packed, Compression::default());
                io::copy(plain, &mut encoder)?;
                encoder.finish()?;
            }
            Self::Zstd => zstd(plain, &mut packed)?,
        }
        packed.into_inner()?.sync_all()
    }
}

/// The encoder panics where reading or writing fails: so neither does, as far as it can see.
fn zstd(plain: &mut File, packed: impl Write) -> io::Result<()> {
    let mut source = Fused::new(BufReader::with_capacity(BUFFER_BYTES, plain));
    let mut drain = Fused::new(packed);
    let mut encoder = FrameCompressor::new(CompressionLevel::Fastest);
    encoder.set_source(&mut source);
    encoder.set_drain(&mut drain);
    encoder.compress();
    drop(encoder);
    source.done()?;
    drain.done()
}

/// Keeps the first failure for later: from there on a source has ended, and a drain swallows everything.
struct Fused<T> {
    inner: T,
    failed: Option<io::Error>,
}

impl<T> Fused<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            failed: None,
        }
    }

    fn done(self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl<T: Read> Read for Fused<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.failed.is_some() {
                return Ok(0);
            }
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failed = Some(error),
                read => return read,
            }
        }
    }
}

impl<T: Write> Write for Fused<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.inner.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unreadable"))
        }
    }

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("disk full"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failing_disk_is_told_and_does_not_panic() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"{}\n").unwrap();
        let error = zstd(&mut file, Broken).unwrap_err();
        assert_eq!(error.to_string(), "disk full");
        let mut source = Fused::new(Broken);
        assert_eq!(source.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(source.done().unwrap_err().to_string(), "unreadable");
    }
}
