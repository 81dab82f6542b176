//! What the writer keeps in memory between commits: the last numbers given, cached keys, and what a
//! running transaction has done so far. Everything but the sightings can be taken back.

use std::collections::HashMap;
use std::sync::Arc;

use cresset_model::alert::{ChangeKind, Position, Seq};
use cresset_model::provenance::Context;
use cresset_model::{AlertId, ContentHash, SourceId};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Failure;
use super::generations::Generations;

/// Contexts whose keys are remembered; one is made when a table or adapter changes.
const CONTEXTS_MAX: usize = 16;
/// Sightings in each of the two generations.
const SIGHTINGS_MAX: usize = 32 << 10;

/// The last numbers given, and sums that would cost a walk to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Numbers {
    /// Last place in the order of arrival.
    pub(super) seq: Seq,
    /// Last position of the change log.
    pub(super) position: Position,
    /// Last place of a dead letter.
    pub(super) dead_seq: u64,
    /// Bytes of all dead letters, as [`super::dead`] counts them.
    pub(super) dead_bytes: u64,
    /// Dead letters that are not resolved.
    pub(super) dead_open: u64,
    /// Alerts stored.
    pub(super) alerts: u64,
    /// The latest generation of identities; `None` before the first.
    pub(super) generation: Option<i64>,
}

/// A row that a running transaction has made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Logged {
    /// Index of the request in the group.
    pub(super) request: usize,
    /// Index of the alert in the request's outcome.
    pub(super) alert: usize,
    /// The row.
    pub(super) seq: Seq,
    /// Its revision now.
    pub(super) revision: u32,
    /// New or changed.
    pub(super) kind: ChangeKind,
    /// When it was first stored, in nanoseconds.
    pub(super) ingested_at: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) numbers: Numbers,
    pub(super) log: Vec<Logged>,
    pub(super) removed: Vec<Seq>,
    pub(super) sightings: Sightings,
    pub(super) generations: Generations,
    /// Generations of which a running transaction has forgotten the last identity.
    pub(super) emptied: Vec<i64>,
    pub(super) dead_letter_bytes_max: u64,
    pub(super) dead_letter_raw_bytes_max: usize,
    sources: HashMap<SourceId, i64>,
    contexts: Vec<(Arc<Context>, i64)>,
}

/// A place in a transaction to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    numbers: Numbers,
    log: usize,
    removed: usize,
    emptied: usize,
}

impl Books {
    /// Reads the numbers back. None is given twice, even if the rows that had them are gone.
    /// `dead` are the bounds of dead letters: of all together, and of the record in one.
    pub(super) fn load(connection: &Connection, dead: (u64, usize)) -> Result<Self, Failure> {
        let number = |sql: &str| -> Result<u64, Failure> {
            let value: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
            Ok(unsigned(value.unwrap_or(0)))
        };
        let tally = |name: &str| -> Result<u64, Failure> {
            let sql = "SELECT value FROM tallies WHERE name = ?1";
            let value: Option<i64> = connection
                .query_row(sql, [name], |row| row.get(0))
                .optional()?;
            Ok(unsigned(value.unwrap_or(0)))
        };
        let stored = |name: &str| -> Result<u64, Failure> {
            number(&format!(
                "SELECT sum(value) FROM counters WHERE name = '{name}'"
            ))
        };
        let numbers = Numbers {
            seq: number("SELECT max(seq) FROM alert_rows")?.max(tally("seq")?),
            position: number("SELECT max(position) FROM change_log")?.max(tally("position")?),
            dead_seq: number("SELECT max(seq) FROM dead_letters")?.max(tally("dead_seq")?),
            dead_bytes: tally("dead_bytes")?,
            dead_open: tally("dead_open")?,
            alerts: stored("new")?.saturating_sub(stored("retired")?),
            generation: connection.query_row(
                "SELECT max(generation) FROM identity_generations",
                [],
                |row| row.get(0),
            )?,
        };
        Ok(Self {
            numbers,
            log: Vec::new(),
            removed: Vec::new(),
            sightings: Sightings::default(),
            generations: Generations::load(connection)?,
            emptied: Vec::new(),
            dead_letter_bytes_max: dead.0,
            dead_letter_raw_bytes_max: dead.1,
            sources: HashMap::new(),
            contexts: Vec::new(),
        })
    }

    /// Remembers how far the transaction has come.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            numbers: self.numbers,
            log: self.log.len(),
            removed: self.removed.len(),
            emptied: self.emptied.len(),
        }
    }

    /// Takes back what was done since the mark. Cached keys may name rows that are gone now.
    pub(super) fn undo(&mut self, mark: Mark) {
        self.numbers = mark.numbers;
        self.log.truncate(mark.log);
        self.removed.truncate(mark.removed);
        self.emptied.truncate(mark.emptied);
        self.sources.clear();
        self.contexts.clear();
    }

    /// Begins the generation of a new alert if it is not the present one.
    pub(super) fn begin_generation(
        &mut self,
        connection: &Connection,
        generation: i64,
    ) -> Result<(), Failure> {
        if self.numbers.generation == Some(generation) {
            return Ok(());
        }
        if let Some(ended) = self.numbers.generation {
            self.generations.seal(connection, ended)?;
        }
        connection
            .prepare_cached("INSERT INTO identity_generations (generation) VALUES (?1)")?
            .execute([generation])?;
        self.numbers.generation = Some(generation);
        Ok(())
    }

    /// The key of a source, given at its first appearance.
    pub(super) fn source(
        &mut self,
        connection: &Connection,
        source: &SourceId,
    ) -> Result<i64, Failure> {
        if let Some(key) = self.sources.get(source) {
            return Ok(*key);
        }
        let name = source.as_str();
        connection
            .prepare_cached("INSERT INTO sources (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([name])?;
        let key = connection
            .prepare_cached("SELECT id FROM sources WHERE name = ?1")?
            .query_row([name], |row| row.get(0))?;
        self.sources.insert(source.clone(), key);
        Ok(key)
    }

    /// The key of a context, stored at its first appearance.
    pub(super) fn context(
        &mut self,
        connection: &Connection,
        context: &Arc<Context>,
    ) -> Result<i64, Failure> {
        let known = |(other, _): &&(Arc<Context>, i64)| {
            Arc::ptr_eq(other, context) || other.as_ref() == context.as_ref()
        };
        if let Some((_, key)) = self.contexts.iter().find(known) {
            return Ok(*key);
        }
        let json = serde_json::to_string(context.as_ref())
            .map_err(|error| Failure::Permanent(format!("write the context as JSON: {error}")))?;
        connection
            .prepare_cached("INSERT INTO contexts (json) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([&json])?;
        let key = connection
            .prepare_cached("SELECT id FROM contexts WHERE json = ?1")?
            .query_row([&json], |row| row.get(0))?;
        if self.contexts.len() >= CONTEXTS_MAX {
            self.contexts.remove(0);
        }
        self.contexts.push((Arc::clone(context), key));
        Ok(key)
    }

    /// Forgets the generations that a transaction has emptied: only after its commit, as a rollback would bring
    /// their identities back.
    pub(super) fn forget_emptied(&mut self) {
        for generation in self.emptied.drain(..) {
            self.generations.remove(generation);
        }
    }

    /// Gives the changes of this transaction their positions, the last thing before its commit: so a
    /// reader never sees a position before all smaller ones.
    pub(super) fn write_log(&mut self, connection: &Connection) -> Result<(), Failure> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO change_log (position, seq, revision, kind) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for logged in &self.log {
            self.numbers.position += 1;
            let kind = match logged.kind {
                ChangeKind::New => 0,
                ChangeKind::Changed => 1,
            };
            insert.execute(params![
                signed(self.numbers.position),
                signed(logged.seq),
                logged.revision,
                kind
            ])?;
        }
        Ok(())
    }

    /// Stores a number that must outlive its rows.
    pub(super) fn save(connection: &Connection, name: &str, value: u64) -> Result<(), Failure> {
        connection
            .prepare_cached(
                "INSERT INTO tallies (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, signed(value)])?;
        Ok(())
    }
}

/// The latest observation of contents that came again unchanged. A repeat costs no write, yet a late page
/// with an older content must not win over it: so the latest ones are remembered here. They are facts
/// about the source, so a rollback need not take them back.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    young: HashMap<AlertId, (ContentHash, i64)>,
    old: HashMap<AlertId, (ContentHash, i64)>,
}

impl Sightings {
    /// When this very content was last observed, as far as it is remembered.
    pub(super) fn latest(&self, id: AlertId, content: ContentHash) -> Option<i64> {
        self.young
            .get(&id)
            .or_else(|| self.old.get(&id))
            .filter(|(seen, _)| *seen == content)
            .map(|(_, observed)| *observed)
    }

    /// Notes an observation. The oldest generation is forgotten when there are too many.
    pub(super) fn note(&mut self, id: AlertId, content: ContentHash, observed: i64) {
        if self
            .latest(id, content)
            .is_some_and(|latest| latest >= observed)
        {
            return;
        }
        if self.young.len() >= SIGHTINGS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, (content, observed));
    }
}

/// The engine's integers are signed; ours never come near the sign.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The inverse of [`signed`].
pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_are_bounded_and_keep_the_latest() {
        let mut sightings = Sightings::default();
        let content = ContentHash(7);
        for id in 0..10 * SIGHTINGS_MAX as u128 {
            sightings.note(AlertId(id), content, 1);
            assert!(sightings.young.len() + sightings.old.len() <= 2 * SIGHTINGS_MAX);
        }
        let last = AlertId(10 * SIGHTINGS_MAX as u128 - 1);
        sightings.note(last, content, 5);
        sightings.note(last, content, 3);
        assert_eq!(sightings.latest(last, content), Some(5));
        assert_eq!(sightings.latest(last, ContentHash(8)), None);
        assert_eq!(sightings.latest(AlertId(0), content), None);
    }
}
