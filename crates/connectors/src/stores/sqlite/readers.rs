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

/// Steps of the engine between two looks at the clock.
const STEPS_PER_LOOK: i32 = 20_000;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Idle>,
    turns: Arc<Semaphore>,
    /// Turns of those that walk: half of all, so that what is short waits for no walk.
    walks: Arc<Semaphore>,
    timeout: Duration,
}

#[derive(Debug)]
struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, readers_max: usize, timeout: Duration) -> Self {
        Self {
            idle: Arc::new(Idle {
                path,
                connections: Mutex::new(Vec::new()),
            }),
            turns: Arc::new(Semaphore::new(readers_max.max(1))),
            walks: Arc::new(Semaphore::new((readers_max / 2).max(1))),
            timeout,
        }
    }

    /// Runs a read that tests many rows, when few others do.
    pub(super) async fn walk<T, F>(&self, read: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let walk = timeout(self.timeout, Arc::clone(&self.walks).acquire_owned())
            .await
            .map_err(|_| PortError::transient("too many searches of the store are under way"))?
            .map_err(|_| closed())?;
        // Given back when the read has ended, not when its caller has gone away.
        let read = move |connection: &Connection| {
            let _walk = walk;
            read(connection)
        };
        self.read(read).await
    }

    /// Runs a read on a thread that may block.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let turn = timeout(self.timeout, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| PortError::transient("all readers of the store are busy"))?
            .map_err(|_| closed())?;
        let (idle, limit) = (Arc::clone(&self.idle), self.timeout);
        let task = tokio::task::spawn_blocking(move || {
            let result = idle.with(limit, read);
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
        self.walks.close();
        self.idle.lock().clear();
    }
}

impl Idle {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        limit: Duration,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let waiting = self.lock().pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let deadline = Instant::now() + limit;
        connection.progress_handler(STEPS_PER_LOOK, Some(move || Instant::now() > deadline))?;
        // One transaction, so that several statements see the same state.
        connection.execute_batch("BEGIN")?;
        let result = read(&connection);
        connection.execute_batch("ROLLBACK")?;
        self.lock().push(connection);
        result.map_err(|failure| match failure {
            Failure::Transient(message) if message.contains("interrupted") => {
                Failure::Transient(format!("the query took longer than {} s", limit.as_secs()))
            }
            other => other,
        })
    }
}

fn closed() -> PortError {
    PortError::permanent("the store is closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To break it: let walks take every turn.
    #[test]
    fn walks_wait_for_walks_and_leave_turns_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        drop(Connection::open(&path).unwrap());
        let readers = Readers::new(path, 4, Duration::ZERO);
        crate::stores::contract::run(async {
            let (begun, has_begun) = std::sync::mpsc::channel();
            let (end, may_end) = std::sync::mpsc::channel::<()>();
            let may_end = Arc::new(Mutex::new(may_end));
            let walk = || {
                let (begun, may_end) = (begun.clone(), Arc::clone(&may_end));
                readers.walk(move |_| {
                    begun.send(()).unwrap();
                    may_end.lock().unwrap().recv().unwrap_err();
                    Ok(())
                })
            };
            let others = async {
                for _ in 0..2 {
                    has_begun.recv().unwrap();
                }
                let error = readers.walk(|_| Ok(())).await.unwrap_err();
                let expected = "too many searches of the store are under way";
                assert_eq!(error, PortError::transient(expected));
                assert_eq!(readers.read(|_| Ok(7)).await, Ok(7));
                drop(end);
            };
            let (first, second, ()) = tokio::join!(walk(), walk(), others);
            assert_eq!((first, second), (Ok(()), Ok(())));
            assert_eq!(readers.walk(|_| Ok(8)).await, Ok(8));
        });
    }

    /// To break it: leave the progress handler out.
    #[test]
    fn only_so_many_read_at_once_and_the_others_wait_their_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        drop(Connection::open(&path).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .unwrap();
        for most in [1, 4] {
            let readers = Arc::new(Readers::new(path.clone(), most, Duration::from_mins(1)));
            let hurried = Readers {
                idle: Arc::clone(&readers.idle),
                turns: Arc::clone(&readers.turns),
                walks: Arc::clone(&readers.walks),
                timeout: Duration::ZERO,
            };
            let (reading, begun) = std::sync::mpsc::channel();
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let wait = Arc::new(Mutex::new(wait));
            let reads: Vec<_> = (0..most)
                .map(|_| {
                    let (readers, wait) = (Arc::clone(&readers), Arc::clone(&wait));
                    let reading = reading.clone();
                    let read = move |_: &Connection| {
                        reading.send(()).unwrap();
                        wait.lock().unwrap().recv().unwrap();
                        Ok(())
                    };
                    runtime.spawn(async move { readers.read(read).await })
                })
                .collect();
            for _ in 0..most {
                begun.recv().unwrap();
            }
            // One more, and ten times as many.
            for _ in 0..most * 9 {
                let error = runtime.block_on(hurried.read(|_| Ok(()))).unwrap_err();
                let busy = "all readers of the store are busy";
                assert_eq!(error, PortError::transient(busy));
            }
            for _ in 0..most {
                go.send(()).unwrap();
            }
            for read in reads {
                runtime.block_on(read).unwrap().unwrap();
            }
            runtime.block_on(readers.read(|_| Ok(()))).unwrap();
        }
    }

    #[test]
    fn a_read_that_takes_too_long_is_ended_and_its_connection_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        drop(Connection::open(&path).unwrap());
        let readers = Readers::new(path, 1, Duration::ZERO);
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
             SELECT count(*) FROM n";
        crate::stores::contract::run(async {
            for _ in 0..2 {
                let error = readers
                    .read(|connection| Ok(connection.query_row(endless, [], |_| Ok(()))?))
                    .await
                    .unwrap_err();
                let expected = PortError::transient("the query took longer than 0 s");
                assert_eq!(error, expected);
            }
        });
    }
}
