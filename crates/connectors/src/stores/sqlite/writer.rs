//! The one writer: a thread that owns the connection, commits everything that waits as one group, and
//! answers after the commit is on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cresset_model::alert::Seq;
use cresset_model::ports::{
    Commit, Lane, Leased, PortError, Receipt, Retention, RouterMemory, Settlement, SourceUpdate,
    StepCommit,
};
use cresset_model::{NotificationId, SourceId, Timestamp};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::books::{Books, Mark};
use super::commit::{self, REQUEST};
use super::error::Failure;
use super::feed::Feed;
use super::log::Log;
use super::queue::Queue;
use super::{deliver, retain, route, state};

/// What is asked of the writer.
#[derive(Debug)]
pub(super) enum Work {
    /// A batch.
    Commit(Box<Commit>),
    /// A source's state.
    State(Box<SourceUpdate>),
    /// Whether a source is paused.
    Paused(SourceId, bool),
    /// A value set at run time.
    Setting(&'static str, Option<String>),
    /// Alerts to delete.
    Retire(Vec<Seq>, Retention),
    /// Identities to forget.
    Forget(Retention),
    /// The router's lease.
    Router,
    /// A step of the router.
    Step(Box<StepCommit>),
    /// Rows of the outbox to lease, as planned.
    Lease {
        /// They.
        seqs: Vec<i64>,
        /// What is due by now.
        now: Timestamp,
        /// When the leases end.
        until: Timestamp,
    },
    /// Leases to give back, but for those on these rows.
    Release(Vec<NotificationId>),
    /// The end of a lease.
    Settle(Box<Settlement>),
    /// Rows of the outbox to make due.
    Retry(Vec<NotificationId>, Timestamp),
}

impl Work {
    /// The lane it waits in.
    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Commit(commit) => commit.lane,
            Self::State(_)
            | Self::Paused(..)
            | Self::Setting(..)
            | Self::Router
            | Self::Step(_)
            | Self::Lease { .. }
            | Self::Release(_)
            | Self::Settle(_)
            | Self::Retry(..) => Lane::Urgent,
            Self::Retire(..) | Self::Forget(_) => Lane::Bulk,
        }
    }

    /// What it counts towards the bytes of a group.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Commit(commit) => commit.outcome.as_ref().map_or(0, |outcome| {
                outcome.bytes.len() + outcome.arena.len() + outcome.out.len()
            }),
            Self::Step(step) => step.intents.iter().map(|intent| intent.body.len()).sum(),
            _ => 0,
        }
    }
}

/// What the writer answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// To a batch.
    Receipt(Receipt),
    /// To what only succeeds.
    Done,
    /// How many rows it was.
    Count(u64),
    /// To the router.
    Router(RouterMemory),
    /// What was leased.
    Leased(Vec<Leased>),
}

/// A request with the place to answer it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) reply: oneshot::Sender<Result<Answer, PortError>>,
    /// Bounds how many requests wait.
    pub(super) permit: OwnedSemaphorePermit,
}

/// What readers see of the writer without asking the disk.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Last position of the change log.
    pub(super) head: AtomicU64,
    /// Alerts stored.
    pub(super) alerts: AtomicU64,
    /// Open dead letters.
    pub(super) dead_open: AtomicU64,
    /// Whether the write-ahead log is to be written back at the end.
    pub(super) truncate: AtomicBool,
    /// Whether the disk failed the store, so that nothing more is stored by it.
    pub(super) broken: watch::Sender<bool>,
}

/// The writer's own state.
pub(super) struct Writer {
    connection: Connection,
    books: Books,
    published: Arc<Published>,
    feed: Arc<Feed>,
    log: Log,
}

impl Writer {
    pub(super) fn new(
        mut connection: Connection,
        books: Books,
        published: Arc<Published>,
        feed: Arc<Feed>,
    ) -> rusqlite::Result<Self> {
        let writer = Self {
            log: Log::of(&mut connection)?,
            connection,
            books,
            published,
            feed,
        };
        writer.publish();
        Ok(writer)
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, queue: &Queue<Job>) {
        while let Some(jobs) = queue.take() {
            if self.log.is_broken() {
                refuse(jobs);
                continue;
            }
            self.serve(jobs);
            self.log.bound(&self.connection);
            if self.log.is_broken() {
                self.published.broken.send_replace(true);
            }
        }
        if self.published.truncate.load(Ordering::Acquire) {
            self.log.write_back(&self.connection, "TRUNCATE");
        }
    }

    fn serve(&mut self, jobs: Vec<Job>) {
        self.books.log.clear();
        self.books.removed.clear();
        self.books.emptied.clear();
        let start = self.books.mark();
        let results = self.transact(&jobs);
        match results {
            Ok(results) => {
                self.books.forget_emptied();
                self.publish();
                self.feed.committed(&jobs, &self.books);
                self.feed.announce(&jobs, &self.books);
                for (job, result) in jobs.into_iter().zip(results) {
                    answer(job, result.map_err(PortError::from));
                }
            }
            Err(failure) => {
                self.roll_back(start);
                let error = group_error(failure);
                tracing::warn!(error = %error, requests = jobs.len(), "group commit failed");
                for job in jobs {
                    answer(job, Err(error.clone()));
                }
                // On a full disk this makes the log's place free for the next commits; it waits for nobody.
                self.log.write_back(&self.connection, "PASSIVE");
            }
        }
    }

    /// One transaction with all jobs. An `Err` says that nothing of it may stay.
    fn transact(&mut self, jobs: &[Job]) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut results = Vec::with_capacity(jobs.len());
        for (index, job) in jobs.iter().enumerate() {
            results.push(self.request(index, &job.work)?);
        }
        self.books.write_log(&self.connection)?;
        self.connection.execute_batch("COMMIT")?;
        let head = self.books.numbers.position;
        for result in &mut results {
            if let Ok(Answer::Receipt(receipt)) = result {
                receipt.head = head;
            }
        }
        Ok(results)
    }

    /// One job under its savepoint: the outer error ends the group, the inner one only this job.
    fn request(&mut self, index: usize, work: &Work) -> Result<Result<Answer, Failure>, Failure> {
        let mark = self.books.mark();
        self.connection
            .execute_batch(&format!("SAVEPOINT {REQUEST}"))?;
        match apply(&self.connection, &mut self.books, index, work) {
            Ok(answer) => {
                self.connection
                    .execute_batch(&format!("RELEASE {REQUEST}"))?;
                Ok(Ok(answer))
            }
            Err(Failure::Transient(message)) => Err(Failure::Transient(message)),
            Err(failure) => {
                self.connection
                    .execute_batch(&format!("ROLLBACK TO {REQUEST}; RELEASE {REQUEST}"))?;
                self.books.undo(mark);
                tracing::error!(error = ?failure, "request refused by the store");
                Ok(Err(failure))
            }
        }
    }

    fn roll_back(&mut self, start: Mark) {
        self.books.undo(start);
        // The engine has rolled back by itself after some errors.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(error = %error, "transaction could not be rolled back");
        }
    }

    fn publish(&self) {
        let numbers = &self.books.numbers;
        let published = &self.published;
        published.alerts.store(numbers.alerts, Ordering::Release);
        published
            .dead_open
            .store(numbers.dead_open, Ordering::Release);
        published.head.store(numbers.position, Ordering::Release);
    }
}

fn apply(
    connection: &Connection,
    books: &mut Books,
    index: usize,
    work: &Work,
) -> Result<Answer, Failure> {
    match work {
        Work::Commit(commit) => {
            commit::apply(connection, books, index, commit).map(Answer::Receipt)
        }
        Work::State(update) => state::update(connection, books, update).map(|()| Answer::Done),
        Work::Paused(source, paused) => {
            state::set_paused(connection, books, source, *paused).map(|()| Answer::Done)
        }
        Work::Setting(key, value) => {
            state::set_setting(connection, key, value.as_deref()).map(|()| Answer::Done)
        }
        Work::Retire(seqs, rule) => {
            retain::retire(connection, books, seqs, rule).map(Answer::Count)
        }
        Work::Forget(rule) => retain::forget(connection, books, rule).map(Answer::Count),
        Work::Router => route::lease(connection, books).map(Answer::Router),
        Work::Step(step) => route::step(connection, books, step).map(|()| Answer::Done),
        Work::Lease { seqs, now, until } => {
            deliver::lease(connection, seqs, *now, *until).map(Answer::Leased)
        }
        Work::Release(held) => deliver::release(connection, held).map(Answer::Count),
        Work::Settle(settlement) => deliver::settle(connection, settlement).map(|()| Answer::Done),
        Work::Retry(ids, now) => deliver::retry(connection, ids, *now).map(Answer::Count),
    }
}

/// A fault outside of any one request says nothing about the requests: all of them may be tried again,
/// unless the engine itself says that the database is broken.
fn group_error(failure: Failure) -> PortError {
    match failure {
        Failure::Transient(message) | Failure::Refused(message) => {
            PortError::transient(format!("commit to the store: {message}"))
        }
        Failure::Permanent(message) => {
            PortError::permanent(format!("commit to the store: {message}"))
        }
    }
}

/// Says that the disk has failed, and that nothing was done.
fn refuse(jobs: Vec<Job>) {
    for job in jobs {
        let error = "the disk failed to sync the database: the service has to be started again";
        answer(job, Err(PortError::transient(error)));
    }
}

fn answer(job: Job, result: Result<Answer, PortError>) {
    drop(job.permit);
    // A caller that has gone away does not need its answer; what it asked for is committed all the same.
    drop(job.reply.send(result));
}
