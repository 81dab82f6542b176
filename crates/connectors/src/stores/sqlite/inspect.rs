//! Looks at a store from outside, without changing it, whoever uses it meanwhile.

use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cresset_model::Timestamp;
use cresset_model::ports::{StoreVitals, Waiting};
use rusqlite::Connection;

use super::error::{Failure, OpenError};
use super::lock::{LOCK_FILE, PID_BYTES_MAX};
use super::store::file_bytes;
use super::{open, schema, vitals};

/// What can be seen of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its schema version; 0 while there is none yet.
    pub schema: i64,
    /// The schema version that this program writes.
    pub schema_known: i64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// How the journal is kept: `wal` for every store that was opened once.
    pub journal: String,
    /// The newest instant that the store holds, of an arrival, an attempt or a sync.
    pub newest: Option<Timestamp>,
    /// Open dead letters.
    pub dead_letters: u64,
    /// Cursors, what waits and what was dropped; the bound of dead letters is not known from outside and
    /// is 0.
    pub vitals: StoreVitals,
}

impl Inspection {
    /// The receivers for which something waits.
    pub fn waiting(&self) -> &[Waiting] {
        &self.vitals.waiting
    }
}

/// Looks at the database at `path`. An empty one and one without a schema have version 0 and no more.
pub fn inspect(path: &Path) -> Result<Inspection, OpenError> {
    let engine = |action| {
        move |source| OpenError::Engine {
            action,
            path: path.to_owned(),
            source,
        }
    };
    let connection = open::reader(path).map_err(engine("open"))?;
    let schema = schema::check(&connection, path)?;
    let journal = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(engine("read the journal mode of"))?;
    let mut inspection = Inspection {
        schema,
        schema_known: schema::version(),
        database_bytes: file_bytes(path, ""),
        wal_bytes: file_bytes(path, "-wal"),
        journal,
        newest: None,
        dead_letters: 0,
        vitals: StoreVitals {
            free_bytes: vitals::free_bytes(&directory_of(path)),
            ..StoreVitals::default()
        },
    };
    if schema > 0 {
        fill(&connection, path, &mut inspection).map_err(|failure| OpenError::Unreadable {
            path: path.to_owned(),
            message: match failure {
                Failure::Transient(text) | Failure::Refused(text) | Failure::Permanent(text) => {
                    text
                }
            },
        })?;
    }
    Ok(inspection)
}

fn fill(connection: &Connection, path: &Path, found: &mut Inspection) -> Result<(), Failure> {
    connection.execute_batch("BEGIN")?;
    found.vitals = vitals::read(connection, &directory_of(path), 0)?;
    let newest: Option<i64> = connection.query_row(
        "SELECT max(at) FROM (
             SELECT ingested_at AS at FROM alert_rows WHERE seq = (SELECT max(seq) FROM alert_rows)
             UNION ALL SELECT max(ended) FROM attempts
             UNION ALL SELECT max(last_sync) FROM checkpoints)",
        [],
        |row| row.get(0),
    )?;
    found.newest = newest.map(Timestamp::from_nanos);
    let open: i64 = connection.query_row(
        "SELECT count(*) FROM dead_letters WHERE resolved_at IS NULL",
        [],
        |row| row.get(0),
    )?;
    found.dead_letters = u64::try_from(open).unwrap_or(0);
    connection.execute_batch("ROLLBACK")?;
    Ok(())
}

/// The directory of a database file.
fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Who uses a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// A process that has the lock, as it wrote itself down.
    Process(String),
}

/// Who has the lock of a directory. For an instant the lock is shared to find out, which is as long as a
/// service that starts right then may see it taken.
pub fn holder(directory: &Path) -> std::io::Result<Holder> {
    let path = directory.join(LOCK_FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => {
            file.unlock()?;
            Ok(Holder::Nobody)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.take(PID_BYTES_MAX).read_to_string(&mut pid)?;
            Ok(Holder::Process(pid.trim().to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}
