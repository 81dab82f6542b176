//! The write-ahead log, seen from the writer: how long it is, when it is written back, and a disk that fails at that.
//!
//! The engine writes a page of the log back once. While a reader holds the log, the first pages are written back without a sync; a
//! later sync that fails makes the system forget them, and no later one brings them to the disk. The log still has them, but would
//! be begun anew when the next attempt succeeds. So after a sync that failed nothing is written back any more; a start reads the
//! log from its beginning and writes all of it back again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ffi};

use super::open::WAL_BYTES_MAX;

/// Pages in the log from which on it is written back.
const PAGES_MAX: u64 = 2_000;
/// Bytes by which the log grows after an attempt in vain before the next one, as each may wait for the longest read.
const AGAIN_AFTER_BYTES: u64 = 8 << 20;

/// The log and when it is next begun anew.
pub(super) struct Log {
    path: PathBuf,
    at_bytes: u64,
    /// Pages in it after the last commit.
    pages: Arc<AtomicU64>,
    is_broken: bool,
}

impl Log {
    /// The log of this connection's database.
    pub(super) fn of(connection: &mut Connection) -> rusqlite::Result<Self> {
        let path = connection.path().unwrap_or_default();
        let path = PathBuf::from(format!("{path}-wal"));
        let pages = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut _, pages| {
            counted.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            path,
            at_bytes: WAL_BYTES_MAX,
            pages,
            is_broken: false,
        })
    }

    /// Whether the disk failed to sync what was written back, so that the store must be opened anew.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Writes a log back that has grown long, and begins one anew that has grown too long: readers that come
    /// meanwhile read the database alone, so that the wait is for those which are there, and those end in time. A foreign
    /// reader may stay; then the log grows on, and the next attempt comes when it has.
    pub(super) fn bound(&mut self, connection: &Connection) {
        if self.pages.load(Ordering::Relaxed) >= PAGES_MAX {
            self.write_back(connection, "PASSIVE");
        }
        let bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if bytes < self.at_bytes {
            return;
        }
        self.at_bytes = if self.write_back(connection, "TRUNCATE") {
            WAL_BYTES_MAX
        } else {
            tracing::warn!(
                store.wal_bytes = bytes,
                "a reader keeps the write-ahead log from being written back"
            );
            bytes + AGAIN_AFTER_BYTES
        };
    }

    /// Writes the log back into the database; whether all of it was.
    pub(super) fn write_back(&mut self, connection: &Connection, mode: &str) -> bool {
        if self.is_broken {
            return false;
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        match connection.query_row(&sql, [], |row| row.get::<_, i64>(0)) {
            Ok(busy) => busy == 0,
            Err(error) => {
                tracing::warn!(error = %error, "write-ahead log could not be written back");
                if is_failed_sync(&error) {
                    self.give_up(connection);
                }
                false
            }
        }
    }

    fn give_up(&mut self, connection: &Connection) {
        self.is_broken = true;
        tracing::error!(
            "the disk failed to sync the database: nothing more is stored until the service is started again"
        );
        // The last connection would write the log back when it is closed.
        let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(error) = kept {
            tracing::error!(error = %error, "the log may be written back at the end");
        }
    }
}

fn is_failed_sync(error: &Error) -> bool {
    matches!(error, Error::SqliteFailure(cause, _) if cause.extended_code == ffi::SQLITE_IOERR_FSYNC)
}
