//! How a file relates to a followed one that begins alike.

use std::io;
use std::path::Path;

use super::candidate::Candidate;
use super::content::{Content, Fit};
use super::follow::Followed;
use super::tail::GONE_LOOKS_MAX;

/// What the names allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// Nothing: two files of their own.
    None,
    /// A copy: rotation and compression make a longer name with the same beginning.
    Copy,
    /// The same name: the followed one has lost it.
    SameName,
}

impl Relation {
    pub(super) fn of(file: &Followed, candidate: &Candidate) -> Self {
        if file.path == candidate.path {
            return Self::SameName;
        }
        let (old, new) = (name(&file.shortest), name(&candidate.path));
        if new.len() > old.len() && stem(old) == stem(new) {
            Self::Copy
        } else {
            Self::None
        }
    }
}

fn name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// The name up to what a rotation adds.
fn stem(name: &[u8]) -> &[u8] {
    let end = (1..name.len()).find(|end| b".-_".contains(&name[*end]));
    &name[..end.unwrap_or(name.len())]
}

/// What a file is to a followed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twin {
    /// It cannot be told before the followed one is read to its end or has ended.
    Later,
    /// It has nothing that the followed one has not.
    Copy,
    /// It has all that was read of the followed one, and more.
    LongerCopy,
    /// It goes on where the followed one was cut or has stopped.
    Successor,
    /// It is another.
    Other,
}

/// Compares a file with a followed one, and says how many bytes they have in common.
pub(super) fn compare(
    file: &Followed,
    relation: Relation,
    candidate: &Candidate,
    content: &mut Content,
) -> io::Result<(u64, Twin)> {
    if relation == Relation::None {
        return Ok((0, Twin::Other));
    }
    let Some(followed) = &file.content else {
        if file.inode == candidate.stamp.inode {
            // What was written after the cut.
            return Ok((0, Twin::Other));
        }
        return Ok(match content.fit(file.offset, file.check())? {
            Fit::Fits(_) => (file.offset, Twin::Successor),
            Fit::Short(..) | Fit::Unfinished => (0, Twin::Later),
            Fit::Other => (0, Twin::Other),
        });
    };
    if !file.caught_up {
        return Ok((0, Twin::Later));
    }
    Ok(match content.fit(file.offset, file.check())? {
        Fit::Fits(_) if content.size()? == file.offset => (file.offset, Twin::Copy),
        Fit::Fits(_) => {
            let common = file.offset;
            // What has stopped for so long is no longer what the other is copied from.
            match relation {
                _ if file.idle_looks < GONE_LOOKS_MAX => (common, Twin::LongerCopy),
                Relation::SameName => (common, Twin::Successor),
                Relation::Copy | Relation::None => (0, Twin::Other),
            }
        }
        Fit::Unfinished => (file.offset, Twin::Copy),
        Fit::Short(end, last) if followed.has_before(end, &last)? => (end, Twin::Copy),
        Fit::Short(..) | Fit::Other => (0, Twin::Other),
    })
}
