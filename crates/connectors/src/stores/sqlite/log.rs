//! The size of the write-ahead log, seen from the writer.

use std::path::PathBuf;

use rusqlite::Connection;

use super::open::WAL_BYTES_MAX;

/// Bytes by which the log grows after an attempt in vain before the next one, as each may wait for the longest read.
const AGAIN_AFTER_BYTES: u64 = 8 << 20;

/// The log and when it is next begun anew.
pub(super) struct Log {
    path: PathBuf,
    at_bytes: u64,
}

impl Log {
    /// The log of this connection's database.
    pub(super) fn of(connection: &Connection) -> Self {
        let path = connection.path().unwrap_or_default();
        Self {
            path: PathBuf::from(format!("{path}-wal")),
            at_bytes: WAL_BYTES_MAX,
        }
    }

    /// Begins a log anew that has grown too long: readers that come meanwhile read the database alone, so that
    /// the wait is for those which are there, and those end in time. A foreign reader may stay; then the log grows on, and
    /// the next attempt comes when it has.
    pub(super) fn bound(&mut self, connection: &Connection) {
        let bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if bytes < self.at_bytes {
            return;
        }
        self.at_bytes = if write_back(connection, "TRUNCATE") {
            WAL_BYTES_MAX
        } else {
            tracing::warn!(
                store.wal_bytes = bytes,
                "a reader keeps the write-ahead log from being written back"
            );
            bytes + AGAIN_AFTER_BYTES
        };
    }
}

/// Writes the log back into the database; whether all of it was.
pub(super) fn write_back(connection: &Connection, mode: &str) -> bool {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let busy = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
    match busy {
        Ok(busy) => busy == 0,
        Err(error) => {
            tracing::warn!(error = %error, "write-ahead log could not be written back");
            false
        }
    }
}
