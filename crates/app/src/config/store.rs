//! `store:`, where alerts, dead letters and checkpoints are kept.

use std::path::PathBuf;
use std::time::Duration;

use cresset_model::config::{ByteSize, Section};
use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;

/// Where the `SQLite` file lies by default, relative to the working directory.
const PATH_DEFAULT: &str = "data/cresset.db";
/// Memory of the live index by default.
const LIVE_INDEX_BUDGET_BYTES_DEFAULT: u64 = 64 << 20;
/// Disk that dead letters may take by default.
const DEAD_LETTER_BUDGET_BYTES_DEFAULT: u64 = 256 << 20;

/// The least memory of the live index and the least disk for dead letters.
const BUDGET_BYTES_MIN: u64 = 1 << 20;
/// The most memory of the live index.
const LIVE_INDEX_BUDGET_BYTES_MAX: u64 = 64 << 30;
/// Reads at once by default, and at most.
const READERS_MAX_DEFAULT: u32 = 4;
const READERS_MAX_MAX: u32 = 64;
/// The time of one read by default, and its ends.
const READ_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
const READ_TIMEOUT_MIN: Duration = Duration::from_millis(100);
const READ_TIMEOUT_MAX: Duration = Duration::from_mins(1);
/// What is left of the write-ahead log by default, and at most.
const WAL_BYTES_KEPT_DEFAULT: u64 = 16 << 20;
const WAL_BYTES_KEPT_MAX: u64 = 16 << 30;
/// The most that a dead letter keeps of its record: no more than the least budget of all.
const DEAD_LETTER_RAW_BYTES_MAX_MAX: u64 = BUDGET_BYTES_MIN;
/// The most disk for dead letters.
const DEAD_LETTER_BUDGET_BYTES_MAX: u64 = 1 << 40;

/// The store that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreConfig {
    /// An `SQLite` file.
    Sqlite(SqliteConfig),
}

/// `store.sqlite`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqliteConfig {
    /// The file, relative to the working directory; its folder is made if absent.
    pub(crate) path: PathBuf,
    /// Reads at once.
    pub(crate) readers_max: u32,
    /// How long one read may take.
    pub(crate) read_timeout: Duration,
    /// What is left of the write-ahead log after it has been written back.
    pub(crate) wal_bytes_kept: u64,
    /// Memory that the live index may take.
    pub(crate) live_index_budget_bytes: u64,
    /// Disk that dead letters may take; the oldest go first.
    pub(crate) dead_letter_budget_bytes: u64,
    /// Bytes that a dead letter keeps of its record.
    pub(crate) dead_letter_raw_bytes_max: usize,
}

impl Default for SqliteConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from(PATH_DEFAULT),
            readers_max: READERS_MAX_DEFAULT,
            read_timeout: READ_TIMEOUT_DEFAULT,
            wal_bytes_kept: WAL_BYTES_KEPT_DEFAULT,
            live_index_budget_bytes: LIVE_INDEX_BUDGET_BYTES_DEFAULT,
            dead_letter_budget_bytes: DEAD_LETTER_BUDGET_BYTES_DEFAULT,
            dead_letter_raw_bytes_max: DEAD_LETTER_RAW_BYTES_MAX,
        }
    }
}

impl StoreConfig {
    /// Bytes that a dead letter keeps of its record.
    pub(super) fn dead_letter_raw_bytes_max(&self) -> usize {
        let Self::Sqlite(sqlite) = self;
        sqlite.dead_letter_raw_bytes_max
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self::Sqlite(SqliteConfig::default())
    }
}

/// Reads `store:` of the whole file.
pub(super) fn read(root: &mut Section<'_>) -> StoreConfig {
    let chosen = root.one_of("store", &["sqlite"]);
    let section = chosen.and_then(|choice| root.chosen(&choice));
    section.map_or_else(StoreConfig::default, |section| {
        StoreConfig::Sqlite(read_sqlite(section))
    })
}

fn read_sqlite(mut section: Section<'_>) -> SqliteConfig {
    let default = SqliteConfig::default();
    let path = section.optional("path").unwrap_or(default.path);
    let ByteSize(live_index_budget_bytes) = section.in_range(
        "live_index_budget",
        ByteSize(default.live_index_budget_bytes),
        ByteSize(BUDGET_BYTES_MIN)..=ByteSize(LIVE_INDEX_BUDGET_BYTES_MAX),
    );
    let ByteSize(dead_letter_budget_bytes) = section.in_range(
        "dead_letter_budget",
        ByteSize(default.dead_letter_budget_bytes),
        ByteSize(BUDGET_BYTES_MIN)..=ByteSize(DEAD_LETTER_BUDGET_BYTES_MAX),
    );
    let dead_letter_raw_bytes_max = raw_bytes(&mut section, default.dead_letter_raw_bytes_max);
    let readers_max = section.in_range("readers", default.readers_max, 1..=READERS_MAX_MAX);
    let timeouts = READ_TIMEOUT_MIN..=READ_TIMEOUT_MAX;
    let read_timeout = section.in_range("read_timeout", default.read_timeout, timeouts);
    let ByteSize(wal_bytes_kept) = section.in_range(
        "wal",
        ByteSize(default.wal_bytes_kept),
        ByteSize(BUDGET_BYTES_MIN)..=ByteSize(WAL_BYTES_KEPT_MAX),
    );
    section.finish();
    SqliteConfig {
        path,
        readers_max,
        read_timeout,
        wal_bytes_kept,
        live_index_budget_bytes,
        dead_letter_budget_bytes,
        dead_letter_raw_bytes_max,
    }
}

fn raw_bytes(section: &mut Section<'_>, default: usize) -> usize {
    let sizes = ByteSize(0)..=ByteSize(DEAD_LETTER_RAW_BYTES_MAX_MAX);
    let ByteSize(bytes) = section.in_range("dead_letter", ByteSize(default as u64), sizes);
    usize::try_from(bytes).unwrap_or(default)
}
