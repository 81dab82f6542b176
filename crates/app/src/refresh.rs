//! Reloads tables while batches run: a changed file is read in full, then swapped in; a broken one is
//! reported once and the old table stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cresset_connectors::lookups::{
    RELOAD_PERIOD, TableFile, read_city, read_indicators, read_mmdb, read_users,
};
use cresset_model::city::CityField;
use cresset_model::tables::Tables;
use cresset_runtime::LiveTables;
use tokio::sync::watch;
use tracing::{info, warn};

/// A change of the tables in use.
pub(crate) type Change = Box<dyn FnOnce(&mut Tables)>;

/// A file behind a table.
pub(crate) struct Watched {
    path: PathBuf,
    read: Box<dyn FnMut() -> anyhow::Result<Option<Change>> + Send>,
}

impl Watched {
    /// Watches a geography of countries for a field.
    pub(crate) fn geo(path: &Path, of: &str) -> Self {
        Self::of(TableFile::new(path, of, read_mmdb), |tables, table| {
            tables.geo = Some(table);
        })
    }

    /// Watches a geography of places for a field.
    pub(crate) fn city(path: &Path, of: &str, fields: Vec<CityField>) -> Self {
        let file = TableFile::new(path, of, move |path: &Path, of: &str| {
            read_city(path, of, &fields)
        });
        Self::of(file, |tables, table| tables.city = Some(table))
    }

    /// Watches a directory of users for a field.
    pub(crate) fn users(path: &Path, of: &str) -> Self {
        Self::of(TableFile::new(path, of, read_users), |tables, table| {
            tables.users = Some(table);
        })
    }

    /// Watches an indicator list, the `place`-th of its pipeline.
    pub(crate) fn list(path: &Path, name: &str, column: Option<String>, place: usize) -> Self {
        let read = move |path: &Path, name: &str| {
            let read = read_indicators(path, name, column.as_deref())?;
            if read.skipped.count() > 0 {
                warn!(path = %path.display(), faults = %read.skipped, "lines of an indicator list left out");
            }
            Ok::<_, cresset_connectors::lookups::IndicatorsError>(read.list)
        };
        Self::of(TableFile::new(path, name, read), move |tables, list| {
            if let Some(slot) = tables.indicators.get_mut(place) {
                *slot = list;
            }
        })
    }

    fn of<T, E>(
        mut file: TableFile<T, E>,
        set: impl Fn(&mut Tables, Arc<T>) + Clone + Send + 'static,
    ) -> Self
    where
        T: Send + Sync + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let path = file.path().to_owned();
        let read = move || {
            let set = set.clone();
            let changed = file.reload_if_changed()?.map(Arc::new);
            Ok(changed
                .map(|table| Box::new(move |tables: &mut Tables| set(tables, table)) as Change))
        };
        Self {
            path,
            read: Box::new(read),
        }
    }

    /// Reads the file if it has changed, and hands the change to `apply`. Blocks.
    pub(crate) fn reload(&mut self, apply: impl FnOnce(Change)) -> anyhow::Result<bool> {
        let Some(change) = (self.read)()? else {
            return Ok(false);
        };
        apply(change);
        Ok(true)
    }
}

/// The watched files of one pipeline.
pub(crate) struct Refresh {
    files: Vec<Watched>,
    tables: Arc<LiveTables>,
}

/// Where a reload leaves the files that are to be watched instead.
#[derive(Clone, Default)]
pub(crate) struct NextRefresh(Arc<Mutex<Option<Refresh>>>);

impl NextRefresh {
    /// From its next look on the task watches these.
    pub(crate) fn put(&self, refresh: Refresh) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refresh);
    }

    fn take(&self) -> Option<Refresh> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Refresh {
    /// Watches files for these tables.
    pub(crate) fn new(files: Vec<Watched>, tables: Arc<LiveTables>) -> Self {
        Self { files, tables }
    }

    /// Runs until told to stop.
    pub(crate) async fn run(mut self, next: NextRefresh, mut stop: watch::Receiver<bool>) {
        loop {
            // Both branches only wait.
            tokio::select! {
                () = tokio::time::sleep(RELOAD_PERIOD) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Some(next) = next.take() {
                self = next;
            }
            if self.files.is_empty() {
                continue;
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
                Ok(true) => info!(path = %file.path.display(), "table reloaded"),
                Err(error) => {
                    let error = format!("{error:#}");
                    warn!(path = %file.path.display(), error, "table not reloaded, the old one stays");
                }
            }
        }
    }
}
