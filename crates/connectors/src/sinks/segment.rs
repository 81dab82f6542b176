//! One file of events, while it grows and when it is finished.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cresset_model::Timestamp;
use cresset_model::ports::EventBatch;

use super::packing::Packing;

const PREFIX: &str = "events-";
const GROWING: &str = ".ndjson.part";
const FINISHED: &str = ".ndjson";
/// What a packed file ends in until it is whole.
const PACKING: &str = ".tmp";
/// How far back the last line feed of a segment is looked for at once.
const TAIL_BYTES: u64 = 64 << 10;

/// A growing file.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    folder: PathBuf,
    /// Name without its ending.
    stem: String,
    begun: Timestamp,
    /// Bytes that are acknowledged.
    bytes: u64,
    /// Whether bytes may follow them that nobody has acknowledged.
    torn: bool,
}

/// Makes the folder, for its owner only, and its name durable.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // Of several new folders each is a name in the one above it.
    for above in folder.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        if sync_folder(above).is_err() {
            // A folder of others that cannot be opened was there before.
            break;
        }
    }
    Ok(())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Segment {
    /// Begins a segment; its number goes on from the last one of the folder.
    pub(super) fn begin(folder: &Path, now: Timestamp) -> io::Result<Self> {
        let number = last_number(folder)?.map_or(1, |last| last + 1);
        let stamp: String = now
            .to_z()
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .take(15)
            .collect();
        let stem = format!("{PREFIX}{stamp}Z-{number:06}");
        let path = folder.join(format!("{stem}{GROWING}"));
        let file = options().create_new(true).open(&path)?;
        lock(&file, &path)?;
        sync_folder(folder)?;
        Ok(Self {
            file,
            folder: folder.to_owned(),
            stem,
            begun: now,
            bytes: 0,
            torn: false,
        })
    }

    /// The segment that a former process left, cut behind its last whole line.
    pub(super) fn resume(folder: &Path) -> io::Result<Option<Self>> {
        let mut left = None;
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(PACKING) {
                // The segment it was made from is still there.
                fs::remove_file(folder.join(&name))?;
            } else if let Some(stem) = name.strip_suffix(GROWING) {
                left = left.max(Some(stem.to_owned()));
            }
        }
        let Some(stem) = left else { return Ok(None) };
        let packed = |packing: Packing| format!("{stem}{FINISHED}{}", packing.ending());
        if Packing::PACKED
            .iter()
            .any(|packing| folder.join(packed(*packing)).exists())
        {
            // Packed and named, and the process ended before the growing file was removed.
            fs::remove_file(folder.join(format!("{stem}{GROWING}")))?;
            return Ok(None);
        }
        let path = folder.join(format!("{stem}{GROWING}"));
        let mut file = options().open(&path)?;
        lock(&file, &path)?;
        let bytes = whole_lines(&mut file)?;
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        file.sync_all()?;
        let begun = begun(&stem).unwrap_or(Timestamp::MIN);
        Ok(Some(Self {
            file,
            folder: folder.to_owned(),
            stem,
            begun,
            bytes,
            torn: false,
        }))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn begun(&self) -> Timestamp {
        self.begun
    }

    /// Appends the events and waits until they are on the disk. After an error none of them is there, at
    /// the latest when the next batch is appended.
    pub(super) fn append(&mut self, batch: &EventBatch) -> io::Result<()> {
        self.mend()?;
        self.torn = true;
        if let Err(error) = self.write(batch) {
            // A disk that is full may still be cut; otherwise the next batch tries again.
            drop(self.mend());
            return Err(error);
        }
        self.torn = false;
        Ok(())
    }

    /// As an append that failed, and could not be undone, leaves it.
    #[cfg(test)]
    pub(super) fn tear(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
        self.torn = true;
    }

    /// Cuts what was not acknowledged.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.bytes)?;
            self.torn = false;
        }
        self.file.seek(SeekFrom::Start(self.bytes)).map(drop)
    }

    fn write(&mut self, batch: &EventBatch) -> io::Result<()> {
        let mut lines = Vec::with_capacity(batch.out.len());
        for event in &batch.events {
            lines.extend_from_slice(event.line.of(&batch.out));
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Gives the segment its final name, packed if wanted. It appears whole or not at all. After an error
    /// it may be asked to do so again.
    pub(super) fn finish(&mut self, packing: Packing) -> io::Result<()> {
        self.mend()?;
        let path = |ending: &str| self.folder.join(format!("{}{ending}", self.stem));
        let growing = path(GROWING);
        if packing == Packing::None {
            self.file.sync_all()?;
            gone_is_done(fs::rename(growing, path(FINISHED)))?;
            return sync_folder(&self.folder);
        }
        if growing.exists() {
            let finished = format!("{FINISHED}{}", packing.ending());
            let unfinished = path(&format!("{finished}{PACKING}"));
            self.file.seek(SeekFrom::Start(0))?;
            let packed = options().create(true).truncate(true).open(&unfinished)?;
            packing.pack(&mut self.file, packed)?;
            fs::rename(unfinished, path(&finished))?;
            sync_folder(&self.folder)?;
            gone_is_done(fs::remove_file(growing))?;
        }
        sync_folder(&self.folder)
    }
}

/// Takes the file for this process; the system gives it up when the process ends.
fn lock(file: &File, path: &Path) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            io::Error::other(format!("another process writes {}", path.display()))
        }
        TryLockError::Error(error) => error,
    })
}

/// A step that an earlier try has made already.
fn gone_is_done(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Makes names of a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Bytes up to and with the last line feed.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        io::Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut tail)?;
        if let Some(last) = tail.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The highest number of the folder's segments.
fn last_number(folder: &Path) -> io::Result<Option<u64>> {
    let mut last = None;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let number = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('-'));
        let number = number.and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        last = last.max(number);
    }
    Ok(last)
}

/// When a segment began, by its name.
fn begun(stem: &str) -> Option<Timestamp> {
    let stamp = stem.strip_prefix(PREFIX)?.get(..15)?;
    let (date, time) = stamp.split_once('T')?;
    let part = |text: &str, at: usize, width: usize| text.get(at..at + width).map(str::to_owned);
    let date = [part(date, 0, 4)?, part(date, 4, 2)?, part(date, 6, 2)?].join("-");
    let time = [part(time, 0, 2)?, part(time, 2, 2)?, part(time, 4, 2)?].join(":");
    Timestamp::parse(&format!("{date}T{time}Z"))
}
