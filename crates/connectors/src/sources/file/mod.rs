//! `file`: follows files that grow, through rotation, truncation and compression.
//!
//! A file is told from others by its beginning, whatever its name and inode (see `key`). It looks at the
//! folder every [`POLL_PERIOD`]; no system facility for watching is used, so that network file systems and
//! containers behave like any other. What it gives each time:
//!
//! - A renamed file is read to its end through the open handle, and so is a deleted one, until nothing has
//!   come for [`GONE_LOOKS_MAX`] looks.
//! - A file that was cut or written anew is a new generation of its beginning: read from the start under
//!   another fingerprint. A copy made before the cut, as `copytruncate` makes it, takes the place of what
//!   was cut and gives what had not been read yet.
//! - A `.gz` file is unpacked. One whose beginning is known goes on where the plain file was left, which
//!   is mostly its end.
//! - Names that a rotation makes of a matching name, such as `app.log.1` or `app.log-20261123.gz`, are read
//!   only to go on with what is known, never from the start.
//!
//! A file that was rotated twice between two looks is read only if its new name matches too.
//!
//! What cannot be told: two files with the same beginning, found after a restart; the one changed last
//! gets the position stored last. A beginning is 1 KiB, or the first line of a file that was shorter when
//! it was seen first.

mod candidate;
mod config;
mod content;
mod follow;
mod key;
mod known;
mod pattern;
mod source;
mod tail;

#[cfg(test)]
mod tests;

pub use config::{FileSourceConfig, FileSourceError, FileStart};
pub use source::{FileSource, POLL_PERIOD};
pub use tail::{CANDIDATES_MAX, CHUNK_BYTES_MAX, GONE_LOOKS_MAX};
