//! What is followed.

use std::path::PathBuf;

/// Which files are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSourceConfig {
    /// The files; `*` and `?` in the last part stand for any characters and for one.
    pub path: PathBuf,
    /// Where a file that was never seen begins.
    pub start: FileStart,
}

/// Where a file that is there at the start and was never seen begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileStart {
    /// At its first byte.
    #[default]
    Beginning,
    /// After its last whole line. Files that appear later begin at their first byte all the same.
    End,
}

/// The files cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FileSourceError {
    /// The path names no file.
    #[error("`{0}` names no file: write one, such as /var/log/app/*.ndjson")]
    NoName(String),
    /// Only the last part may hold wildcards.
    #[error(
        "`{0}` has a wildcard in a folder's name: only the file's name may hold `*` and `?`, such as /var/log/app/*.ndjson"
    )]
    Folder(String),
}
