//! Keeps the live index in step with the commits: filled in the background when the store opens, then fed
//! by the writer before it answers its callers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};

use cresset_model::Timestamp;
use cresset_model::alert::{Change, ChangeKind, Position, Seq};
use cresset_model::outcome::{AlertDraft, Outcome};
use cresset_model::ports::{Announce, Commit, IndexState};
use cresset_model::query::{Filter, SeverityCounts, Term, Test, TextField};
use rusqlite::{Connection, OptionalExtension, params};

use super::books::{Books, Logged, signed, unsigned};
use super::error::Failure;
use super::rows::{Rows, alert_columns};
use super::writer::{Job, Work};
use super::{open, read, upsert};
use crate::stores::live_index::{Candidates, IndexRow, LiveIndex};

/// Rows read at once while filling: each step is a read transaction of its own, so that the write-ahead
/// log can be written back in between.
const FILL_ROWS: i64 = 5_000;
/// Entries of the change log read at once while catching up.
const CATCH_UP_ENTRIES: usize = 1_000;

/// See the module.
pub(super) struct Feed {
    bytes_max: usize,
    is_stopped: AtomicBool,
    phase: RwLock<Phase>,
    watcher: OnceLock<Arc<dyn Announce>>,
}

#[derive(Debug)]
enum Phase {
    /// The filler builds the index. Only what retention takes meanwhile must be told to it: all else is
    /// in the change log.
    Filling { removed: Vec<Seq> },
    /// In use; contains the change log up to `applied`.
    Ready {
        index: Box<LiveIndex>,
        applied: Position,
    },
    /// Not wanted, beyond its budget, or not fillable: queries walk the store.
    Off,
}

impl Feed {
    pub(super) fn new(bytes_max: usize) -> Self {
        let phase = match bytes_max {
            0 => Phase::Off,
            _ => Phase::Filling {
                removed: Vec::new(),
            },
        };
        Self {
            bytes_max,
            is_stopped: AtomicBool::new(false),
            phase: RwLock::new(phase),
            watcher: OnceLock::new(),
        }
    }

    /// Lets others hear of commits from now on; only the first one does.
    pub(super) fn announce_to(&self, watcher: Arc<dyn Announce>) {
        drop(self.watcher.set(watcher));
    }

    /// Tells what a group has committed, after the index knows it.
    pub(super) fn announce(&self, jobs: &[Job], books: &Books) {
        let Some(watcher) = self.watcher.get().filter(|_| !books.log.is_empty()) else {
            return;
        };
        let (mut new, mut changed) = (SeverityCounts::default(), 0);
        for logged in &books.log {
            match (logged.kind, draft(jobs, logged)) {
                (ChangeKind::New, Some((_, _, draft))) => new.add(draft.severity, 1),
                (ChangeKind::Changed, _) => changed += 1,
                (ChangeKind::New, None) => {}
            }
        }
        watcher.committed(books.numbers.position, new, changed);
    }

    /// Ends a filling that is under way.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
    }

    /// The next candidates of a page; `None` if the index does not answer.
    pub(super) fn page(
        &self,
        filter: &Filter,
        before: Option<Seq>,
        limit: usize,
    ) -> Option<Candidates> {
        match &*self.phase.read().unwrap_or_else(PoisonError::into_inner) {
            Phase::Ready { index, .. } => Some(index.page(filter, before, limit)),
            Phase::Filling { .. } | Phase::Off => None,
        }
    }

    /// Asks the index; `None` if it is not in use or cannot tell.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&LiveIndex) -> Option<T>) -> Option<T> {
        match &*self.phase.read().unwrap_or_else(PoisonError::into_inner) {
            Phase::Ready { index, .. } => question(index),
            Phase::Filling { .. } | Phase::Off => None,
        }
    }

    /// Whether a query with this filter has to test rows of the store, many perhaps.
    pub(super) fn leaves_a_walk(&self, filter: &Filter) -> bool {
        let is_unknown = |term: &Term| match &term.test {
            Test::Word(_) => true,
            Test::Text(field, _) => matches!(
                field,
                TextField::Id | TextField::UpstreamId | TextField::Description
            ),
            _ => false,
        };
        if filter.terms.iter().any(is_unknown) {
            return true;
        }
        let phase = self.phase.read().unwrap_or_else(PoisonError::into_inner);
        !filter.terms.is_empty() && !matches!(&*phase, Phase::Ready { .. })
    }

    /// How many alerts match, if the index can tell.
    pub(super) fn count(&self, filter: &Filter) -> Option<u64> {
        match &*self.phase.read().unwrap_or_else(PoisonError::into_inner) {
            Phase::Ready { index, .. } => index.count(filter, None),
            Phase::Filling { .. } | Phase::Off => None,
        }
    }

    pub(super) fn state(&self) -> IndexState {
        match &*self.phase.read().unwrap_or_else(PoisonError::into_inner) {
            Phase::Ready { index, .. } => IndexState {
                ready: true,
                rows: index.rows() as u64,
                bytes: index.bytes() as u64,
            },
            Phase::Filling { .. } | Phase::Off => IndexState {
                ready: false,
                rows: 0,
                bytes: 0,
            },
        }
    }

    /// Takes what a group has committed into the index, before its callers are answered: so they find
    /// what they wrote.
    pub(super) fn committed(&self, jobs: &[Job], books: &Books) {
        if books.log.is_empty() && books.removed.is_empty() {
            return;
        }
        let mut phase = self.lock();
        match &mut *phase {
            Phase::Off => {}
            Phase::Filling { removed } => removed.extend_from_slice(&books.removed),
            Phase::Ready { index, applied } => {
                let first = books.numbers.position + 1 - books.log.len() as u64;
                for (position, logged) in (first..).zip(&books.log) {
                    // The filler may have read this commit from the change log already.
                    if position > *applied
                        && let Some(found) = draft(jobs, logged)
                    {
                        apply_logged(index, found, logged);
                    }
                }
                *applied = books.numbers.position;
                index.remove(&books.removed);
                self.enforce_budget(&mut phase);
            }
        }
    }

    /// Fills the index from the store and puts it in use.
    pub(super) fn fill(&self, path: &Path) {
        if self.bytes_max == 0 {
            return;
        }
        if let Err(failure) = self.try_fill(path) {
            tracing::warn!(error = ?failure, "live index could not be filled, queries walk the store");
            *self.lock() = Phase::Off;
        }
    }

    fn try_fill(&self, path: &Path) -> Result<(), Failure> {
        let connection = open::reader(path)?;
        let mut filling = Filling {
            position: last_position(&connection)?,
            index: Box::new(LiveIndex::new(self.bytes_max)),
            last: 0,
        };
        while filling.read_rows(&connection)? {
            if filling.index.is_over_budget() {
                self.give_up();
                return Ok(());
            }
            if self.is_stopped.load(Ordering::Acquire) {
                return Ok(());
            }
        }
        while filling.catch_up(&connection)? == CATCH_UP_ENTRIES {}
        // What is committed by now and not yet fed is read here; its writer waits for the lock and then
        // finds its positions applied.
        let mut phase = self.lock();
        while filling.catch_up(&connection)? > 0 {}
        let Filling {
            mut index,
            position,
            ..
        } = filling;
        if let Phase::Filling { removed } = &mut *phase {
            removed.sort_unstable();
            index.remove(removed);
        }
        tracing::info!(
            index.rows = index.rows(),
            index.bytes = index.bytes(),
            "live index filled"
        );
        *phase = Phase::Ready {
            index,
            applied: position,
        };
        self.enforce_budget(&mut phase);
        Ok(())
    }

    fn give_up(&self) {
        *self.lock() = Phase::Off;
        tracing::warn!(
            index.bytes_max = self.bytes_max,
            "live index is beyond its budget, queries walk the store"
        );
    }

    fn enforce_budget(&self, phase: &mut Phase) {
        if let Phase::Ready { index, .. } = phase
            && index.is_over_budget()
        {
            tracing::warn!(
                index.bytes = index.bytes(),
                index.bytes_max = self.bytes_max,
                "live index is beyond its budget, queries walk the store"
            );
            *phase = Phase::Off;
        }
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Phase> {
        self.phase.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An index under construction.
struct Filling {
    index: Box<LiveIndex>,
    /// The last row in it.
    last: Seq,
    /// The change log up to here is in it.
    position: Position,
}

impl Filling {
    /// Appends the next rows in order of arrival; `false` at the end.
    fn read_rows(&mut self, connection: &Connection) -> Result<bool, Failure> {
        let reader = Rows::load(connection)?;
        let mut statement = connection.prepare_cached(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM alert_rows r WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?2"
        ))?;
        let mut rows = statement.query(params![signed(self.last), FILL_ROWS])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let row = reader.alert(row, 0)?;
            self.index.append(&IndexRow::from(&row));
            self.last = row.seq;
            read += 1;
        }
        Ok(read == FILL_ROWS)
    }

    /// Repeats the next entries of the change log; gives their number. An entry names the row as it is
    /// now, so repeating one that was seen already changes nothing.
    fn catch_up(&mut self, connection: &Connection) -> Result<usize, Failure> {
        let changes = read::changes(connection, self.position, CATCH_UP_ENTRIES)?;
        for Change { position, row, .. } in &changes {
            self.position = *position;
            match row {
                Some(row) if row.seq > self.last => {
                    self.index.append(&IndexRow::from(row));
                    self.last = row.seq;
                }
                Some(row) => self.index.change(&IndexRow::from(row)),
                None => {}
            }
        }
        Ok(changes.len())
    }
}

fn last_position(connection: &Connection) -> Result<Position, Failure> {
    let logged: Option<i64> =
        connection.query_row("SELECT max(position) FROM change_log", [], |row| row.get(0))?;
    let kept: Option<i64> = connection
        .query_row(
            "SELECT value FROM tallies WHERE name = 'position'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(unsigned(logged.max(kept).unwrap_or(0)))
}

/// An alert of a commit.
type Found<'a> = (&'a Commit, &'a Outcome, &'a AlertDraft);

/// What a logged row was made of.
fn draft<'a>(jobs: &'a [Job], logged: &Logged) -> Option<Found<'a>> {
    let Work::Commit(commit) = &jobs.get(logged.request)?.work else {
        return None;
    };
    let outcome = commit.outcome.as_ref()?;
    Some((commit, outcome, outcome.alerts.get(logged.alert)?))
}

fn apply_logged(index: &mut LiveIndex, (commit, outcome, draft): Found<'_>, logged: &Logged) {
    let ingested_at = Timestamp::from_nanos(logged.ingested_at);
    let row = IndexRow {
        seq: logged.seq,
        severity: draft.severity,
        source: draft.source,
        threat: draft.title,
        pipeline: commit.source.as_str(),
        country: upsert::country(draft),
        user: draft.user.map(|user| outcome.text(user)),
        src_ip: draft.src_ip,
        dst_ip: draft.dst_ip,
        created_at: draft.created_at,
        ingested_at,
        updated_at: commit.at,
    };
    match logged.kind {
        ChangeKind::New => index.append(&row),
        ChangeKind::Changed => index.change(&row),
    }
}
