//! A file that holds a table and may change while it is used.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the app looks whether a file has changed.
pub const RELOAD_PERIOD: Duration = Duration::from_secs(2);

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
            inode: inode(&metadata),
        })
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// How the file was at the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Missing,
    As(Stamp),
}

/// Turns a file into a table for a field.
type ReadTable<T, E> = Box<dyn Fn(&Path, &str) -> Result<T, E> + Send + Sync>;

/// Watches one file. It holds no table: a failed reload leaves the caller with the one it has.
pub struct TableFile<T, E> {
    path: PathBuf,
    read: ReadTable<T, E>,
    of: String,
    seen: Seen,
}

impl<T, E> fmt::Debug for TableFile<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFile")
            .field("path", &self.path)
            .field("of", &self.of)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl<T, E> TableFile<T, E> {
    /// Watches `path`, which `read` turns into a table for the field `of`, such as `dst_ip`. Nothing is
    /// read yet. A closure carries what else the reading needs, such as a column.
    pub fn new(
        path: impl Into<PathBuf>,
        of: impl Into<String>,
        read: impl Fn(&Path, &str) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        Self {
            path: path.into(),
            read: Box::new(read),
            of: of.into(),
            seen: Seen::Never,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file if it is not as it was at the last call, and always at the first: `None` if nothing
    /// changed. An error is given once for each change. It blocks: call it off the async threads.
    pub fn reload_if_changed(&mut self) -> Result<Option<T>, E> {
        // Taken before reading: a file that is still being written differs at the next call.
        let now = Stamp::of(&self.path).map_or(Seen::Missing, Seen::As);
        if self.seen == now {
            return Ok(None);
        }
        self.seen = now;
        (self.read)(&self.path, &self.of).map(Some)
    }
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TableFileError {
    /// The system refused.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than such a table can be.
    #[error("{path} is larger than {bytes_max} bytes", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
}

/// Reads a whole file of at most `bytes_max` bytes.
pub(super) fn read_whole(path: &Path, bytes_max: u64) -> Result<Vec<u8>, TableFileError> {
    let failed = |source| TableFileError::Read {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    // One byte more tells a file at the limit from one beyond it.
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 > bytes_max {
        return Err(TableFileError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    Ok(content)
}

/// When the file last changed, as RFC 3339; empty if the system does not say.
pub(super) fn changed_at(path: &Path) -> String {
    let modified = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok();
    modified
        .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .and_then(cresset_model::Timestamp::from_seconds)
        .map_or_else(String::new, cresset_model::Timestamp::to_z)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path, _: &str) -> Result<String, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        if text.contains("bad") {
            return Err(text);
        }
        Ok(text)
    }

    /// Replaces the file as careful writers do, so that its inode changes.
    fn replace(path: &Path, text: &str) {
        let next = path.with_extension("next");
        fs::write(&next, text).unwrap();
        fs::rename(&next, path).unwrap();
    }

    #[test]
    fn a_change_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        fs::write(&path, "one").unwrap();
        let mut file = TableFile::new(&path, "src_ip", read);
        assert_eq!(file.path(), path);
        assert_eq!(file.reload_if_changed(), Ok(Some("one".to_owned())));
        assert_eq!(file.reload_if_changed(), Ok(None));
        replace(&path, "two");
        assert_eq!(file.reload_if_changed(), Ok(Some("two".to_owned())));
        fs::write(&path, "longer").unwrap();
        assert_eq!(file.reload_if_changed(), Ok(Some("longer".to_owned())));
        assert_eq!(file.reload_if_changed(), Ok(None));
    }

    #[test]
    fn a_failure_is_told_once_and_a_repair_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let mut file = TableFile::new(&path, "src_ip", read);
        assert!(file.reload_if_changed().is_err(), "there is no file yet");
        assert_eq!(file.reload_if_changed(), Ok(None));
        fs::write(&path, "good").unwrap();
        assert_eq!(file.reload_if_changed(), Ok(Some("good".to_owned())));
        replace(&path, "bad");
        assert_eq!(file.reload_if_changed(), Err("bad".to_owned()));
        assert_eq!(file.reload_if_changed(), Ok(None));
        fs::remove_file(&path).unwrap();
        assert!(file.reload_if_changed().is_err());
        assert_eq!(file.reload_if_changed(), Ok(None));
        replace(&path, "good again");
        assert_eq!(file.reload_if_changed(), Ok(Some("good again".to_owned())));
    }

    #[test]
    fn a_file_at_the_limit_is_read_and_a_larger_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_whole(&path, 5).unwrap(), b"12345");
        let error = read_whole(&path, 4).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} is larger than 4 bytes", path.display())
        );
        assert!(changed_at(&path).starts_with("20"));
        assert_eq!(changed_at(folder.path().join("none").as_path()), "");
    }
}
