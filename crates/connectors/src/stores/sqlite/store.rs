//! The store as its ports see it.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use cresset_model::alert::{AlertDetail, Change, Position};
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterGroup};
use cresset_model::ports::{
    AlertPage, Announce, BoxFuture, Commit, DeadLetterPage, FilePosition, PageRequest, PortError,
    Query, Receipt, Retained, Retention, SourceUpdate, Store, StoreFacts, StoreVitals, StoredPush,
    StoredSource, Ticket, Total, Vitals,
};
use cresset_model::query::Filter;
use cresset_model::{AlertId, DeadLetterId, SourceId, Timestamp};
use tokio::sync::{Semaphore, oneshot};

use super::books::Books;
use super::error::{Failure, OpenError};
use super::feed::Feed;
use super::lock::Lock;
use super::open::{self, SqliteConfig};
use super::queue::Queue;
use super::readers::Readers;
use super::retain::{self, CHUNK_ROWS};
use super::writer::{Answer, Job, Published, Work, Writer};
use super::{intake, letters, list, read, receipts, vitals};

/// Requests that wait for the writer at once; further callers wait for a place.
const WAITING_REQUESTS_MAX: usize = 1_024;

/// The embedded store: one `SQLite` file, one writer thread, a few readers.
pub struct SqliteStore {
    config: SqliteConfig,
    queue: Arc<Queue<Job>>,
    places: Arc<Semaphore>,
    published: Arc<Published>,
    pub(super) readers: Readers,
    pub(super) feed: Arc<Feed>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Lock>>,
}

impl SqliteStore {
    /// Opens the store and brings its schema to the present version. Blocks for as long as the engine
    /// needs to recover. Takes the directory's lock: a second process is refused.
    pub fn open(config: SqliteConfig) -> Result<Self, OpenError> {
        open::create_directory(config.directory())?;
        let lock = Lock::take(config.directory())?;
        let connection = open::writer(&config)?;
        let dead = (
            config.dead_letter_bytes_max,
            config.dead_letter_raw_bytes_max,
        );
        let books = Books::load(&connection, dead).map_err(|failure| OpenError::Unreadable {
            path: config.path.clone(),
            message: PortError::from(failure).to_string(),
        })?;
        let published = Arc::new(Published::default());
        let feed = Arc::new(Feed::new(config.index_bytes_max));
        let queue = Arc::new(Queue::new());
        let writer = Writer::new(connection, books, Arc::clone(&published), Arc::clone(&feed));
        let writer = writer.map_err(|source| OpenError::Engine {
            action: "watch the log of",
            path: config.path.clone(),
            source,
        })?;
        let store = Self {
            readers: Readers::new(config.path.clone(), config.readers_max, config.read_timeout),
            places: Arc::new(Semaphore::new(WAITING_REQUESTS_MAX)),
            threads: Mutex::new(Vec::new()),
            lock: Mutex::new(Some(lock)),
            queue: Arc::clone(&queue),
            published,
            feed: Arc::clone(&feed),
            config,
        };
        store.spawn("store-writer", move || writer.run(&queue))?;
        let path = store.config.path.clone();
        store.spawn("store-index", move || feed.fill(&path))?;
        tracing::info!(
            store.path = %store.config.path.display(),
            store.alerts = store.published.alerts.load(Ordering::Acquire),
            "store opened"
        );
        Ok(store)
    }

    /// Lets others hear of commits from now on.
    pub fn announce_to(&self, watcher: Arc<dyn Announce>) {
        self.feed.announce_to(watcher);
    }

    /// Returns once the disk has failed the store: nothing more is stored then, and what was answered is there when the
    /// store is opened again.
    pub async fn broken(&self) {
        let mut broken = self.published.broken.subscribe();
        // The sender lives as long as the store.
        drop(broken.wait_for(|broken| *broken).await);
    }

    /// Serves what waits, writes the log back into the database and gives the lock up. Later requests
    /// are refused.
    pub async fn close(&self) -> Result<(), PortError> {
        self.published.truncate.store(true, Ordering::Release);
        self.readers.close();
        let threads = self.stop();
        tokio::task::spawn_blocking(move || join(threads))
            .await
            .map_err(|error| PortError::transient(format!("close the store: {error}")))?;
        drop(lock(&self.lock).take());
        tracing::info!("store closed");
        Ok(())
    }

    fn spawn(
        &self,
        name: &'static str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), OpenError> {
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|source| OpenError::Thread { name, source })?;
        lock(&self.threads).push(handle);
        Ok(())
    }

    fn stop(&self) -> Vec<JoinHandle<()>> {
        self.queue.close();
        self.feed.stop();
        std::mem::take(&mut *lock(&self.threads))
    }

    /// Hands work to the writer and waits for its answer. There is no timeout: a commit that was given
    /// up on would still happen, and its caller would count it twice.
    pub(super) async fn ask(&self, work: Work) -> Result<Answer, PortError> {
        let permit = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        let (lane, bytes) = (work.lane(), work.bytes());
        let job = Job {
            work,
            reply,
            permit,
        };
        self.queue.push(lane, bytes, job).map_err(|_| closed())?;
        answer
            .await
            .map_err(|_| PortError::transient("the store's writer has stopped"))?
    }

    pub(super) async fn ask_count(&self, work: Work) -> Result<u64, PortError> {
        match self.ask(work).await? {
            Answer::Count(count) => Ok(count),
            other => Err(mismatch(&other)),
        }
    }

    async fn retain_all(&self, rule: Retention) -> Result<Retained, PortError> {
        let mut retained = Retained::default();
        let mut progress = Some(retain::Progress::default());
        while let Some(from) = progress {
            let planned = rule.clone();
            let plan = self
                .readers
                .read(move |connection| retain::plan(connection, &planned, from))
                .await?;
            if !plan.seqs.is_empty() {
                let work = Work::Retire(plan.seqs, rule.clone());
                retained.alerts += self.ask_count(work).await?;
            }
            progress = plan.next;
        }
        loop {
            let identities = self.ask_count(Work::Forget(rule.clone())).await?;
            retained.identities += identities;
            if identities < CHUNK_ROWS as u64 {
                return Ok(retained);
            }
        }
    }

    async fn page(&self, filter: Filter, page: PageRequest) -> Result<AlertPage, PortError> {
        let feed = Arc::clone(&self.feed);
        let alerts = self.published.alerts.load(Ordering::Acquire);
        let is_walk = feed.leaves_a_walk(&filter);
        let read = move |connection: &rusqlite::Connection| {
            let mut answer = match list::by_index(connection, &feed, &filter, page)? {
                Some(answer) => answer,
                None => list::walk(connection, &filter, page)?,
            };
            if page.total {
                answer.total = Some(total(connection, &feed, &filter, alerts)?);
            }
            Ok(answer)
        };
        self.counted(is_walk, read).await
    }
}

/// The total: known without a filter, counted by the index or, within bounds, by a walk.
fn total(
    connection: &rusqlite::Connection,
    feed: &Feed,
    filter: &Filter,
    alerts: u64,
) -> Result<Total, Failure> {
    let exact = |value| Total { value, exact: true };
    if filter.terms.is_empty() {
        return Ok(exact(alerts));
    }
    match feed.count(filter) {
        Some(value) => Ok(exact(value)),
        None => list::count(connection, filter),
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>> {
        Box::pin(async move {
            match self.ask(Work::Commit(Box::new(request))).await? {
                Answer::Receipt(receipt) => Ok(receipt),
                other => Err(mismatch(&other)),
            }
        })
    }

    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>> {
        Box::pin(async move {
            let find = move |connection: &rusqlite::Connection| {
                receipts::find(connection, source.as_str(), ticket)
            };
            let found = self.readers.read(find).await?;
            let head = self.head();
            Ok(found.map(|receipt| Receipt { head, ..receipt }))
        })
    }

    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| read::source(connection, &source)),
        )
    }

    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move { self.ask(Work::State(Box::new(update))).await.map(drop) })
    }

    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move { self.ask(Work::Paused(source, paused)).await.map(drop) })
    }

    fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| read::changes(connection, after, limit)),
        )
    }

    fn head(&self) -> Position {
        self.published.head.load(Ordering::Acquire)
    }

    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>> {
        Box::pin(self.retain_all(rule))
    }

    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| read::setting(connection, key)),
        )
    }

    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move { self.ask(Work::Setting(key, value)).await.map(drop) })
    }

    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>> {
        Box::pin(self.readers.read(move |connection| {
            intake::stored_push(connection, source.as_str(), &key, not_before)
        }))
    }

    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| intake::positions(connection, source.as_str())),
        )
    }
}

impl Query for SqliteStore {
    fn alerts(
        &self,
        filter: Filter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<AlertPage, PortError>> {
        Box::pin(self.page(filter, page))
    }

    fn alert(&self, id: AlertId) -> BoxFuture<'_, Result<Option<AlertDetail>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| read::alert(connection, id)),
        )
    }

    fn dead_letters(
        &self,
        filter: DeadLetterFilter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<DeadLetterPage, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| letters::dead_letters(connection, &filter, page)),
        )
    }

    fn dead_letter(
        &self,
        id: DeadLetterId,
    ) -> BoxFuture<'_, Result<Option<DeadLetter>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| letters::dead_letter(connection, id)),
        )
    }

    fn dead_letter_groups(
        &self,
        filter: DeadLetterFilter,
    ) -> BoxFuture<'_, Result<Vec<DeadLetterGroup>, PortError>> {
        Box::pin(
            self.readers
                .read(move |connection| letters::groups(connection, &filter)),
        )
    }

    fn facts(&self) -> BoxFuture<'_, Result<StoreFacts, PortError>> {
        Box::pin(async move {
            let path = self.config.path.clone();
            let (disk_bytes, wal_bytes) = self
                .readers
                .read(move |connection| {
                    // A statement that reads a page: fails if the database cannot be read.
                    connection
                        .prepare_cached("SELECT count(*) FROM sources")?
                        .query_row([], |row| row.get::<_, i64>(0))?;
                    let wal_bytes = file_bytes(&path, "-wal");
                    let others = file_bytes(&path, "") + file_bytes(&path, "-shm");
                    Ok((others + wal_bytes, wal_bytes))
                })
                .await?;
            Ok(StoreFacts {
                engine: format!("sqlite {}", self.config.path.display()),
                alerts: self.published.alerts.load(Ordering::Acquire),
                dead_letters: self.published.dead_open.load(Ordering::Acquire),
                head: self.head(),
                disk_bytes,
                wal_bytes,
                index: self.feed.state(),
            })
        })
    }
}

impl Vitals for SqliteStore {
    fn vitals(&self) -> BoxFuture<'_, Result<StoreVitals, PortError>> {
        let directory = self.config.directory().to_owned();
        let bytes_max = self.config.dead_letter_bytes_max;
        Box::pin(
            self.readers
                .read(move |connection| vitals::read(connection, &directory, bytes_max)),
        )
    }
}

impl Drop for SqliteStore {
    /// Waits for the threads, so that the lock is given up only when nothing writes any more.
    fn drop(&mut self) {
        let threads = self.stop();
        join(threads);
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of the store has panicked");
        }
    }
}

pub(super) fn file_bytes(path: &Path, suffix: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    std::fs::metadata(name).map_or(0, |file| file.len())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> PortError {
    PortError::permanent("the store is closed")
}

/// An answer of the writer to another question: a fault of this program.
pub(super) fn mismatch(answer: &Answer) -> PortError {
    PortError::permanent(format!("the writer answered another question: {answer:?}"))
}
