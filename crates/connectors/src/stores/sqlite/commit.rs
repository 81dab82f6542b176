//! One request to commit: its alerts, dead letters, counts and checkpoint, all or nothing.

use std::collections::BTreeSet;

use cresset_model::outcome::Outcome;
use cresset_model::ports::{Commit, Receipt, Upsert};
use cresset_model::source::Counters;
use rusqlite::Connection;

use super::books::Books;
use super::dead::{self, Letter};
use super::error::Failure;
use super::upsert::{Item, Upserts};
use super::{intake, receipts, state};

/// The savepoint around each request of a group.
pub(super) const REQUEST: &str = "request";
const RECORD: &str = "record";

/// Whether the records of a request share their fate within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The first refused record ends the attempt; the common and fast way.
    Together,
    /// Each record has its own savepoint, and a refused one becomes a dead letter.
    Singly,
}

/// Carries out a request inside the savepoint [`REQUEST`]. The receipt's head is set after the group.
pub(super) fn apply(
    connection: &Connection,
    books: &mut Books,
    index: usize,
    commit: &Commit,
) -> Result<Receipt, Failure> {
    let mut receipt = Receipt::default();
    if let Some(outcome) = &commit.outcome {
        check(commit, outcome)?;
        let request = Request {
            connection,
            commit,
            outcome,
            index,
        };
        let mark = books.mark();
        receipt = match request.store(books, Mode::Together) {
            Err(Failure::Refused(_)) => {
                connection.execute_batch(&format!("ROLLBACK TO {REQUEST}"))?;
                books.undo(mark);
                request.store(books, Mode::Singly)?
            }
            other => other?,
        };
    }
    if let Some(checkpoint) = &commit.checkpoint {
        let source = books.source(connection, &commit.source)?;
        state::set_checkpoint(connection, source, checkpoint)?;
    }
    if !commit.positions.is_empty() {
        let source = books.source(connection, &commit.source)?;
        intake::set_positions(connection, source, commit.at, &commit.positions)?;
    }
    if let Some(push) = &commit.push {
        let source = books.source(connection, &commit.source)?;
        intake::set_push(connection, source, commit.at, push)?;
    }
    if let Some(ticket) = commit.ticket {
        let source = books.source(connection, &commit.source)?;
        receipts::keep(connection, source, ticket, &receipt)?;
    }
    Ok(receipt)
}

/// Refuses a request whose books would not balance: a fault of the caller that must not reach the store.
fn check(commit: &Commit, outcome: &Outcome) -> Result<(), Failure> {
    let (alerts, rejected) = (outcome.alerts.len(), outcome.rejected.len());
    let (passed, filtered) = (u64::from(outcome.passed), u64::from(outcome.filtered));
    let became = alerts as u64 + rejected as u64 + passed + filtered;
    let read = u64::from(outcome.read);
    if outcome.source != commit.source {
        return Err(Failure::Permanent(format!(
            "the commit of source `{}` holds an outcome of source `{}`",
            commit.source, outcome.source
        )));
    }
    if became != read {
        return Err(Failure::Permanent(format!(
            "the outcome of source `{}` does not balance: {read} records read, but {alerts} alerts, \
             {rejected} rejected, {passed} passed and {filtered} filtered",
            commit.source
        )));
    }
    let redriven = commit.redriven.len() as u64;
    if redriven != 0 && redriven != read {
        return Err(Failure::Permanent(format!(
            "the redrive of source `{}` names {redriven} dead letters for {read} records",
            commit.source
        )));
    }
    Ok(())
}

struct Request<'a> {
    connection: &'a Connection,
    commit: &'a Commit,
    outcome: &'a Outcome,
    index: usize,
}

impl Request<'_> {
    fn store(&self, books: &mut Books, mode: Mode) -> Result<Receipt, Failure> {
        let sums = dead::sums(books);
        let source = books.source(self.connection, &self.commit.source)?;
        let (outcome, read) = (self.outcome, u64::from(self.outcome.read));
        let mut counts = Counters {
            passed: u64::from(outcome.passed),
            filtered: u64::from(outcome.filtered),
            enrich_misses: u64::from(outcome.enrich_misses),
            ..Counters::default()
        };
        if self.commit.redriven.is_empty() {
            counts.read = read;
        } else {
            counts.redriven = read;
        }
        let upserts = self.alerts(books, source, mode)?;
        for (upsert, draft) in upserts.iter().zip(&outcome.alerts) {
            match upsert {
                Upsert::New => {
                    counts.new += 1;
                    let is_late = |before| draft.created_at < before;
                    counts.late += u64::from(self.commit.late_before.is_some_and(is_late));
                }
                Upsert::Changed => counts.changed += 1,
                Upsert::Same => counts.same += 1,
                Upsert::Dead => counts.dead += 1,
            }
        }
        for rejected in &outcome.rejected {
            let letter = Letter::rejected(outcome, rejected);
            self.bury(books, source, rejected.record, letter)?;
            counts.dead += 1;
        }
        if !self.commit.redriven.is_empty() {
            self.resolve_passed(books)?;
        }
        if counts.dead > 0 {
            dead::enforce_bytes(self.connection, books, self.commit.at.nanos())?;
        }
        dead::save(self.connection, books, sums)?;
        state::count_all(self.connection, source, &counts)?;
        Ok(Receipt {
            counts,
            upserts,
            head: 0,
        })
    }

    fn alerts(&self, books: &mut Books, source: i64, mode: Mode) -> Result<Vec<Upsert>, Failure> {
        let outcome = self.outcome;
        let mut upserts = Vec::with_capacity(outcome.alerts.len());
        if outcome.alerts.is_empty() {
            return Ok(upserts);
        }
        let mut statements = Upserts::prepare(self.connection)?;
        let context = books.context(self.connection, &outcome.context)?;
        for (alert, draft) in outcome.alerts.iter().enumerate() {
            let item = Item {
                outcome,
                draft,
                request: self.index,
                alert,
                source,
                context,
                at: self.commit.at.nanos(),
            };
            let upsert = match mode {
                Mode::Together => statements.upsert(books, item)?,
                Mode::Singly => self.singly(&mut statements, books, item)?,
            };
            if let (Some(letter), true) = (self.redriven(draft.record), upsert != Upsert::Dead) {
                let at = self.commit.at.nanos();
                dead::resolve(self.connection, books, at, (letter, Some(draft.id)))?;
            }
            upserts.push(upsert);
        }
        Ok(upserts)
    }

    /// One record under its own savepoint; refused, it becomes a dead letter and the rest goes on.
    fn singly(
        &self,
        statements: &mut Upserts<'_>,
        books: &mut Books,
        item: Item<'_>,
    ) -> Result<Upsert, Failure> {
        let mark = books.mark();
        self.connection
            .execute_batch(&format!("SAVEPOINT {RECORD}"))?;
        let message = match statements.upsert(books, item) {
            Ok(upsert) => {
                self.connection
                    .execute_batch(&format!("RELEASE {RECORD}"))?;
                return Ok(upsert);
            }
            Err(Failure::Refused(message)) => message,
            Err(other) => return Err(other),
        };
        self.connection
            .execute_batch(&format!("ROLLBACK TO {RECORD}; RELEASE {RECORD}"))?;
        books.undo(mark);
        let detail = format!("the store refuses the row: {message}");
        let letter = Letter::refused(&self.commit.source, self.outcome, item.draft, &detail);
        self.bury(books, item.source, item.draft.record, letter)?;
        tracing::warn!(
            source.id = %self.commit.source,
            dead_letter.reason = "store_refused",
            "a record was refused by the store and became a dead letter"
        );
        Ok(Upsert::Dead)
    }

    /// What became neither an alert nor a dead letter again is an event, handed on before this commit: a
    /// further redrive must not hand it on again.
    fn resolve_passed(&self, books: &mut Books) -> Result<(), Failure> {
        let alerts = self.outcome.alerts.iter().map(|draft| draft.record);
        let rejected = self.outcome.rejected.iter().map(|it| it.record);
        let settled: BTreeSet<u32> = alerts.chain(rejected).collect();
        let at = self.commit.at.nanos();
        for (record, letter) in (0..).zip(&self.commit.redriven) {
            if !settled.contains(&record) {
                dead::resolve(self.connection, books, at, (*letter, None))?;
            }
        }
        Ok(())
    }

    /// A refused redrive counts on the row it came from, whatever the refusal now says.
    fn bury(
        &self,
        books: &mut Books,
        source: i64,
        record: u32,
        mut letter: Letter<'_>,
    ) -> Result<(), Failure> {
        if let Some(id) = self.redriven(record) {
            letter.id = id;
        }
        dead::record(
            self.connection,
            books,
            source,
            self.commit.at.nanos(),
            &letter,
        )
    }

    fn redriven(&self, record: u32) -> Option<cresset_model::DeadLetterId> {
        self.commit.redriven.get(record as usize).copied()
    }
}
