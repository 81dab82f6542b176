//! `store:`, where alerts, dead letters and checkpoints are kept.

use std::path::PathBuf;

/// Where the `SQLite` file lies by default, relative to the working directory.
pub(crate) const PATH_DEFAULT: &str = "data/cresset.db";
/// Memory of the live index by default.
pub(crate) const LIVE_INDEX_BUDGET_BYTES_DEFAULT: u64 = 64 << 20;
/// Disk that dead letters may take by default.
pub(crate) const DEAD_LETTER_BUDGET_BYTES_DEFAULT: u64 = 256 << 20;

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
    /// Memory that the live index may take.
    pub(crate) live_index_budget_bytes: u64,
    /// Disk that dead letters may take; the oldest go first.
    pub(crate) dead_letter_budget_bytes: u64,
}

impl Default for SqliteConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from(PATH_DEFAULT),
            live_index_budget_bytes: LIVE_INDEX_BUDGET_BYTES_DEFAULT,
            dead_letter_budget_bytes: DEAD_LETTER_BUDGET_BYTES_DEFAULT,
        }
    }
}
