//! What the disk does to the running service, and in which order the service asks it: failing calls and power cuts below the
//! database, a full disk, the sync before the answer, copies and backups of a store that goes on.

mod commits;
mod copies;
mod disk;
mod full;
mod load;
mod order;
mod recovery;
mod report;

pub(crate) use recovery::run as recovery;
pub(crate) use report::run;
