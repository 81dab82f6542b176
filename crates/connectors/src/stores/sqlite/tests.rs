//! The contract of every store, and what only this one promises.

use std::sync::Arc;

use cresset_model::ports::{Query, Store};

use super::{SqliteConfig, SqliteStore};
use crate::stores::contract::{Opened, store_contract};

fn fresh() -> Opened {
    open_with(|_| {})
}

/// A fresh store in a directory of its own.
fn open_with(change: impl Fn(&mut SqliteConfig)) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let mut config = SqliteConfig::new(directory.path().join("cresset.db"));
    change(&mut config);
    let store = Arc::new(SqliteStore::open(config).unwrap());
    Opened {
        store: Arc::clone(&store) as Arc<dyn Store>,
        query: store as Arc<dyn Query>,
        _keep: Box::new(directory),
    }
}

store_contract!(fresh);
