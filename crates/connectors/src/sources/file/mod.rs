//! `file`: follows files that grow, through rotation, truncation and compression.
//!
//! It looks at the folder every [`POLL_PERIOD`]; no system facility for watching is used, so that network
//! file systems and containers behave like any other.
//!
//! # What a file is
//!
//! Every file has a fingerprint, given once and kept: a hash of its beginning (see `key`) and a generation,
//! which tells files with the same beginning. The identity of a line is the fingerprint and its offset. Which
//! fingerprint is meant by a file in the folder is decided so, the first rule that applies:
//!
//! 1. **While it is followed, a file is its open handle.** Names and renames mean nothing, a deleted file is
//!    read to its end (until nothing has come for [`GONE_LOOKS_MAX`] looks), and its inode cannot be used
//!    again meanwhile. It has been cut or written anew when the 64 bytes before the place read last are no
//!    longer there: then it is a new generation, read from the start.
//! 2. **Another file is a copy of what was read before, if it agrees with it:** same beginning, and the same
//!    64 bytes before the same place. Of all that agree, the one read furthest is meant, as it has most in
//!    common; among equals the one with the same inode. A stored place holds a hash of those bytes and the
//!    inode for that, so this holds over a restart. A copy that has more, such as one made by `copytruncate`
//!    before the cut, or a `.gz` file of what was left behind, goes on where the former stopped.
//! 3. **Copies have longer names.** While a file is followed, only a file whose name begins alike, up to the
//!    first `.`, `-` or `_`, and is longer than every name the followed one had can be a copy of it: `app.log.1`
//!    of `app.log`, never the other way round, and never `b.log` of `a.log`. A file of the very same name goes
//!    on for one that has lost it, as when a program writes the whole anew and renames it.
//! 4. **Everything else is new** and read from its first byte: the files that match, and under names that a
//!    rotation makes of them (`app.log.1`, `app.log-20261123.gz`) what appears after the very first start.
//!    What had been rotated before that is left out for good, unless it matches itself.
//!
//! A file without a whole first line and shorter than 1 KiB has no beginning yet and is waited for.
//!
//! # What cannot be told apart, and what then happens
//!
//! - A file that says, from its first byte on, what another one of its names says is taken for a copy until it
//!   says something else. Its lines have the identities of the other's, so nothing is lost that is not there.
//! - The same after a restart or when the former is gone: lines of a new file that equal the first lines of
//!   a file that was read and is gone are not given again.
//! - A file cut and written again up to the same place with the same 64 bytes before it, between two looks.
//!   It goes on; what was before that place is not read again.
//! - A copy that differs in its beginning, or has an unrelated name, is another file: its lines come again,
//!   as they do after a place was forgotten, of which the latest 1,000 are kept.
//! - A file that was made and deleted between two looks was never seen, and what was appended after the last
//!   look to a file that is then cut without a copy is gone.

mod candidate;
mod compare;
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
