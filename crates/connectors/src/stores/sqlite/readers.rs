//! Connections that only read, opened on demand and bounded in number and in time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cresset_model::ports::PortError;
use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::error::Failure;
use super::open;

/// How long one read may take, and how long it may wait for its turn. A long reader would keep the
/// write-ahead log from being written back.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Steps of the engine between two looks at the clock.
const STEPS_PER_LOOK: i32 = 20_000;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Idle>,
    turns: Arc<Semaphore>,
}

#[derive(Debug)]
struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, readers_max: usize) -> Self {
        Self {
            idle: Arc::new(Idle {
                path,
                connections: Mutex::new(Vec::new()),
            }),
            turns: Arc::new(Semaphore::new(readers_max.max(1))),
        }
    }

    /// Runs a read on a thread that may block.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let turn = timeout(READ_TIMEOUT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| PortError::transient("all readers of the store are busy"))?
            .map_err(|_| closed())?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let result = idle.with(read);
            drop(turn);
            result
        });
        task.await
            .map_err(|error| PortError::transient(format!("read from the store: {error}")))?
            .map_err(PortError::from)
    }

    /// Refuses further reads and closes the idle connections.
    pub(super) fn close(&self) {
        self.turns.close();
        self.idle.lock().clear();
    }
}

impl Idle {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let waiting = self.lock().pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let deadline = Instant::now() + READ_TIMEOUT;
        connection.progress_handler(STEPS_PER_LOOK, Some(move || Instant::now() > deadline))?;
        // One transaction, so that several statements see the same state.
        connection.execute_batch("BEGIN")?;
        let result = read(&connection);
        connection.execute_batch("ROLLBACK")?;
        self.lock().push(connection);
        result.map_err(|failure| match failure {
            Failure::Transient(message) if message.contains("interrupted") => Failure::Transient(
                format!("the query took longer than {} s", READ_TIMEOUT.as_secs()),
            ),
            other => other,
        })
    }
}

fn closed() -> PortError {
    PortError::permanent("the store is closed")
}
