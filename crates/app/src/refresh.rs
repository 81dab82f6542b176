//! Reloads tables while batches run: a changed file is read in full, then swapped in; a broken one is
//! reported once and the old table stays.

use std::path::Path;
use std::sync::Arc;

use cresset_connectors::lookups::{
    GeoError, RELOAD_PERIOD, TableFile, UsersError, read_mmdb, read_users,
};
use cresset_model::tables::{GeoTable, Tables, UserTable};
use cresset_runtime::LiveTables;
use tokio::sync::watch;
use tracing::{info, warn};

/// A file behind a table.
pub(crate) enum Watched {
    /// A geography.
    Geo(TableFile<GeoTable, GeoError>),
    /// A directory of users.
    Users(TableFile<UserTable, UsersError>),
}

/// A change of the tables in use.
type Change = Box<dyn FnOnce(&mut Tables)>;

impl Watched {
    /// Watches a geography for a field.
    pub(crate) fn geo(path: &Path, of: &str) -> Self {
        Self::Geo(TableFile::new(path, of, read_mmdb))
    }

    /// Watches a directory of users for a field.
    pub(crate) fn users(path: &Path, of: &str) -> Self {
        Self::Users(TableFile::new(path, of, read_users))
    }

    /// Reads the file if it has changed, and hands the change to `apply`. Blocks.
    pub(crate) fn reload(&mut self, apply: impl FnOnce(Change)) -> anyhow::Result<bool> {
        let change: Option<Change> = match self {
            Self::Geo(file) => file.reload_if_changed()?.map(|table| {
                let table = Arc::new(table);
                Box::new(move |tables: &mut Tables| tables.geo = Some(table)) as Change
            }),
            Self::Users(file) => file.reload_if_changed()?.map(|table| {
                let table = Arc::new(table);
                Box::new(move |tables: &mut Tables| tables.users = Some(table)) as Change
            }),
        };
        let changed = change.is_some();
        if let Some(change) = change {
            apply(change);
        }
        Ok(changed)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Geo(file) => file.path(),
            Self::Users(file) => file.path(),
        }
    }
}

/// The watched files of one pipeline.
pub(crate) struct Refresh {
    files: Vec<Watched>,
    tables: Arc<LiveTables>,
}

impl Refresh {
    /// Watches files for these tables.
    pub(crate) fn new(files: Vec<Watched>, tables: Arc<LiveTables>) -> Self {
        Self { files, tables }
    }

    /// Runs until told to stop.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            // Both branches only wait.
            tokio::select! {
                () = tokio::time::sleep(RELOAD_PERIOD) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(refresh) => self = refresh,
                Err(_) => return,
            }
        }
    }

    fn look(&mut self) {
        for file in &mut self.files {
            match file.reload(|change| self.tables.replace(change)) {
                Ok(false) => {}
                Ok(true) => info!(path = %file.path().display(), "table reloaded"),
                Err(error) => {
                    let error = format!("{error:#}");
                    warn!(path = %file.path().display(), error, "table not reloaded, the old one stays");
                }
            }
        }
    }
}
