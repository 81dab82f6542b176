//! The files that a look at the folder finds.

use std::cmp::Reverse;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::content::Inode;
use super::pattern::{Named, Pattern};

/// A file that may be meant.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) named: Named,
    pub(super) stamp: Stamp,
}

/// What differs when a file has changed. Not its name, so that a renamed file is not looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) inode: Inode,
    pub(super) size: u64,
    /// Seconds and nanoseconds.
    pub(super) modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: Inode {
                device: metadata.dev(),
                number: metadata.ino(),
            },
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// The regular files of the folder that are meant, the one changed last first; at most `count_max`.
pub(super) fn list(pattern: &Pattern, count_max: usize) -> io::Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(&pattern.folder)? {
        let entry = entry?;
        let Some(named) = pattern.named(entry.file_name().as_encoded_bytes()) else {
            continue;
        };
        let path = entry.path();
        // Follows links. What has gone since it was listed is no file any more.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_file() && found.len() < count_max {
            found.push(Candidate {
                path,
                named,
                stamp: Stamp::of(&metadata),
            });
        }
    }
    // Of two changed in the same instant the one with the longer name was rotated.
    let age = |found: &Candidate| (found.stamp.modified, Reverse(found.path.as_os_str().len()));
    found.sort_by(|a, b| (age(b), &b.path).cmp(&(age(a), &a.path)));
    Ok(found)
}
