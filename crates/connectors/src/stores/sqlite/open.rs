//! Directories, files and connections.

use std::fs::{DirBuilder, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;
use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::schema;

/// How long a connection waits for another's lock. There is one writer, so this only matters for a
/// foreign process that looks into the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 16 << 10;
/// Page cache of each reader, in KiB.
const READER_CACHE_KIB: i64 = 4 << 10;
/// What is left of the write-ahead log after it has been written back, by default.
const WAL_BYTES_KEPT: u64 = 16 << 20;
/// How long one read may take, and how long it may wait for its turn, by default. A long reader would keep
/// the write-ahead log from being written back.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of the write-ahead log from which on the writer waits for readers to let it begin anew. Readers that
/// follow each other without a gap would let it grow for ever.
pub(super) const WAL_BYTES_MAX: u64 = 32 << 20;
/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 128;
/// Bytes of a page; only used to turn a size into pages.
const PAGE_BYTES: u64 = 4_096;

/// Where the store lies and how much it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The database file; its directory is made if it is missing.
    pub path: PathBuf,
    /// Bytes of memory for the live index; beyond it queries walk the store. 0 turns it off.
    pub index_bytes_max: usize,
    /// Bytes of all dead letters together; the oldest are dropped beyond it.
    pub dead_letter_bytes_max: u64,
    /// Bytes that a dead letter keeps of its record.
    pub dead_letter_raw_bytes_max: usize,
    /// Bytes of the database file; beyond it writes fail as on a full disk. `None`: the disk decides.
    pub database_bytes_max: Option<u64>,
    /// Reads at once.
    pub readers_max: usize,
    /// How long one read may take, and how long it may wait for its turn.
    pub read_timeout: Duration,
    /// What is left of the write-ahead log after it has been written back.
    pub wal_bytes_kept: u64,
}

impl SqliteConfig {
    /// The defaults for a database at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            index_bytes_max: 64 << 20,
            dead_letter_bytes_max: 256 << 20,
            dead_letter_raw_bytes_max: DEAD_LETTER_RAW_BYTES_MAX,
            database_bytes_max: None,
            readers_max: 4,
            read_timeout: READ_TIMEOUT,
            wal_bytes_kept: WAL_BYTES_KEPT,
        }
    }

    /// The directory of the database.
    pub(super) fn directory(&self) -> &Path {
        parent(&self.path)
    }
}

/// The directory of a file or of a directory.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the directory, and every missing one above it, for this user only. What it makes has reached the disk
/// when it returns: a power cut must not take the directory away from under what is committed in it.
pub(super) fn create_directory(directory: &Path) -> Result<(), OpenError> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = directory.ancestors().take_while(is_missing).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .and_then(|()| {
            let mut made = missing.into_iter();
            made.try_for_each(|made| sync_directory(parent(made)))
        })
        .map_err(|source| OpenError::CreateDirectory {
            directory: directory.to_owned(),
            source,
        })
}

/// Brings the names in a directory to the disk.
pub(super) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Opens a file for reading and writing, made for this user only. The engine gives its journals the
/// permissions of the database.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The writer's connection, with the schema in its present version.
pub(super) fn writer(config: &SqliteConfig) -> Result<Connection, OpenError> {
    let path = &config.path;
    private_file(path).map_err(|source| OpenError::OpenFile {
        path: path.clone(),
        source,
    })?;
    let engine = |action| {
        move |source| OpenError::Engine {
            action,
            path: path.clone(),
            source,
        }
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(engine("open"))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(engine("configure"))?;
    // Before anything is written: a foreign or newer database stays untouched.
    schema::check(&connection, path)?;
    configure_writer(&connection, config).map_err(engine("configure"))?;
    schema::migrate(&connection, path)?;
    Ok(connection)
}

fn configure_writer(connection: &Connection, config: &SqliteConfig) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // A commit has reached the disk when it returns; the promise to the sources rests on it.
    connection.pragma_update(None, "synchronous", "full")?;
    let kept = i64::try_from(config.wal_bytes_kept).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "journal_size_limit", kept, |_| Ok(()))?;
    // The writer writes the log back itself: the engine would keep a failure to itself.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    if let Some(bytes) = config.database_bytes_max {
        let pages = i64::try_from(bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(())
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}
