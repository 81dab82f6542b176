//! The contract of every store, and what only this one promises.

mod bounds;
mod crashes;
mod faults;
mod index;
mod opening;
mod outbox;
mod verified;
mod vitals;

use std::path::PathBuf;
use std::sync::Arc;

use cresset_model::ports::{Explore, Outbox, Query, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{SqliteConfig, SqliteStore};
use crate::stores::contract::{Opened, run, store_contract};

/// A store in a directory of its own.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("data").join("cresset.db")
    }

    fn open(&self) -> SqliteStore {
        self.open_with(|_| {})
    }

    fn open_with(&self, change: impl Fn(&mut SqliteConfig)) -> SqliteStore {
        let mut config = SqliteConfig::new(self.path());
        change(&mut config);
        SqliteStore::open(config).unwrap()
    }

    /// Another connection, as a foreign program would have one.
    fn connect(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        self.connect().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.connect().execute_batch(sql).unwrap();
    }
}

fn opened(place: Place, store: SqliteStore) -> Opened {
    let store = Arc::new(store);
    Opened {
        store: Arc::clone(&store) as Arc<dyn Store>,
        query: Arc::clone(&store) as Arc<dyn Query>,
        explore: Arc::clone(&store) as Arc<dyn Explore>,
        outbox: store as Arc<dyn Outbox>,
        _keep: Box::new(place),
    }
}

/// Waits until the live index answers; it is filled by a thread that only needs its turn.
fn wait_for_index(store: &SqliteStore) {
    run(async {
        while !store.facts().await.unwrap().index.ready {
            tokio::task::yield_now().await;
        }
    });
}

fn with_index() -> Opened {
    let place = Place::new();
    let store = place.open();
    wait_for_index(&store);
    opened(place, store)
}

fn without_index() -> Opened {
    let place = Place::new();
    let store = place.open_with(|config| config.index_bytes_max = 0);
    opened(place, store)
}

mod answered_by_the_index {
    super::store_contract!(super::with_index);
}

mod answered_by_a_walk {
    super::store_contract!(super::without_index);
}
