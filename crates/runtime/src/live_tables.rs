//! The tables in use, swapped while batches run: a batch keeps the tables it began with.

use std::sync::{Arc, PoisonError, RwLock};

use cresset_model::tables::Tables;

/// The current tables of one pipeline.
#[derive(Debug, Default)]
pub struct LiveTables {
    current: RwLock<Arc<Tables>>,
}

impl LiveTables {
    /// Starts with these tables.
    pub fn new(tables: Tables) -> Self {
        Self {
            current: RwLock::new(Arc::new(tables)),
        }
    }

    /// The tables as they are now.
    pub fn current(&self) -> Arc<Tables> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces some of the tables; those that run finish with the old ones.
    pub fn replace(&self, change: impl FnOnce(&mut Tables)) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut tables = Tables::clone(&current);
        change(&mut tables);
        *current = Arc::new(tables);
    }
}
