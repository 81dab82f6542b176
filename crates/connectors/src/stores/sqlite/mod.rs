//! The embedded store: one `SQLite` file. One thread writes and commits in groups; readers never wait for
//! it. Instants come with the requests, so the store reads no clock of its own but to bound a read.

mod backup;
mod books;
mod commit;
mod dead;
mod deliver;
mod error;
mod explore;
mod feed;
mod generations;
mod inspect;
mod intake;
mod letters;
mod list;
mod lock;
mod log;
mod open;
mod outbox;
mod queue;
mod read;
mod readers;
mod receipts;
mod retain;
mod route;
mod rows;
mod schema;
mod state;
mod store;
mod upsert;
mod verify;
mod vitals;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::backup;
pub use error::OpenError;
pub use inspect::{Holder, Inspection, holder, inspect};
pub use open::SqliteConfig;
pub use store::SqliteStore;
pub use verify::{VerifyCheck, VerifyReport, verify};
