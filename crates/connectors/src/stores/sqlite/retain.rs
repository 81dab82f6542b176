//! What is too old goes: alerts first, leaving tombstones, and tombstones when their source can no longer
//! send them again.

use std::collections::{BTreeMap, BTreeSet};

use cresset_model::alert::Seq;
use cresset_model::ports::Retention;
use rusqlite::{Connection, OptionalExtension, params};

use super::books::{Books, signed, unsigned};
use super::error::Failure;
use super::{generations, route, state};

/// Alerts or identities deleted in one step, between two commits: few enough that no write waits long.
pub(super) const CHUNK_ROWS: usize = 250;
/// Rows looked at in one step of planning.
const PLAN_ROWS: i64 = 10_000;
/// Arrival and age go together but for steps of the clock: after so many young rows in a row nothing old
/// is expected.
const YOUNG_ROWS_MAX: usize = 1_000;
/// The last sight of an identity is stored at most this much too early, in nanoseconds.
const SEEN_SLACK_NS: i64 = 3_600_000_000_000;

/// How far planning has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    after: Seq,
    young: usize,
}

/// The next alerts to delete.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// They; at most [`CHUNK_ROWS`].
    pub(super) seqs: Vec<Seq>,
    /// Where to go on; `None` at the end.
    pub(super) next: Option<Progress>,
}

/// Looks for old alerts from the oldest arrival on; runs on a reader, so that the writer is not held up.
pub(super) fn plan(
    connection: &Connection,
    rule: &Retention,
    progress: Progress,
) -> Result<Plan, Failure> {
    let only = match &rule.source {
        None => None,
        Some(source) => match source_key(connection, source.as_str())? {
            None => return Ok(Plan::default()),
            key => key,
        },
    };
    let mut statement = connection.prepare_cached(
        "SELECT seq, ingested_at, source_id FROM alert_rows WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = statement.query(params![signed(progress.after), PLAN_ROWS])?;
    let (mut plan, mut progress, mut looked_at) = (Plan::default(), progress, 0);
    while let Some(row) = rows.next()? {
        let (seq, ingested_at): (i64, i64) = (row.get(0)?, row.get(1)?);
        progress.after = unsigned(seq);
        looked_at += 1;
        if ingested_at >= rule.ingested_before.nanos() {
            progress.young += 1;
        } else {
            progress.young = 0;
            if only.is_none_or(|key| row.get(2) == Ok(key)) {
                plan.seqs.push(unsigned(seq));
            }
        }
        if progress.young >= YOUNG_ROWS_MAX {
            return Ok(plan);
        }
        if plan.seqs.len() >= CHUNK_ROWS {
            plan.next = Some(progress);
            return Ok(plan);
        }
    }
    plan.next = (looked_at == PLAN_ROWS).then_some(progress);
    Ok(plan)
}

/// Deletes alerts, their bodies and their history; their identities stay as tombstones. What the rows
/// proved is kept in the source's books.
pub(super) fn retire(
    connection: &Connection,
    books: &mut Books,
    seqs: &[Seq],
    rule: &Retention,
) -> Result<u64, Failure> {
    // The numbers must outlive the rows that had them.
    Books::save(connection, "seq", books.numbers.seq)?;
    Books::save(connection, "position", books.numbers.position)?;
    let mut retired: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for seq in seqs {
        let key = signed(*seq);
        let gone = connection
            .prepare_cached(
                "DELETE FROM alert_rows WHERE seq = ?1 AND ingested_at < ?2
                 RETURNING source_id, id, revision",
            )?
            .query_row(params![key, rule.ingested_before.nanos()], |row| {
                Ok((
                    row.get(0)?,
                    row.get::<_, [u8; 16]>(1)?,
                    row.get::<_, u32>(2)?,
                ))
            })
            .optional()?;
        let Some((source, id, revision)) = gone else {
            continue;
        };
        delete(connection, "DELETE FROM alert_bodies WHERE seq = ?1", key)?;
        delete(connection, "DELETE FROM matches WHERE seq = ?1", key)?;
        if revision > 1 {
            delete(connection, "DELETE FROM revisions WHERE seq = ?1", key)?;
        }
        connection
            .prepare_cached("UPDATE identity SET seq = NULL WHERE generation = ?1 AND id = ?2")?
            .execute(params![generations::of(*seq), id])?;
        let (alerts, revisions) = retired.entry(source).or_default();
        *alerts += 1;
        *revisions += u64::from(revision) - 1;
        books.removed.push(*seq);
    }
    let mut sum = 0;
    for (source, (alerts, revisions)) in retired {
        state::count(connection, source, "retired", alerts)?;
        state::count(connection, source, "retired_revisions", revisions)?;
        sum += alerts;
    }
    books.numbers.alerts = books.numbers.alerts.saturating_sub(sum);
    trim_log(connection)?;
    Ok(sum)
}

/// Drops the beginning of the change log up to the first entry whose alert is still there or that the
/// router has not read, if there ever was a router. What is left has no gaps.
fn trim_log(connection: &Connection) -> Result<(), Failure> {
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT position FROM change_log c
             WHERE EXISTS (SELECT 1 FROM alert_rows r WHERE r.seq = c.seq)
             ORDER BY position LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let unread = route::cursor(connection)?.map(|cursor| signed(cursor + 1));
    let first = first.unwrap_or(i64::MAX).min(unread.unwrap_or(i64::MAX));
    delete(
        connection,
        "DELETE FROM change_log WHERE position < ?1",
        first,
    )
}

fn delete(connection: &Connection, sql: &str, key: i64) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute([key])?;
    Ok(())
}

/// Forgets tombstones that have not been seen for long enough; at most [`CHUNK_ROWS`].
pub(super) fn forget(
    connection: &Connection,
    books: &mut Books,
    rule: &Retention,
) -> Result<u64, Failure> {
    let only = match &rule.source {
        Some(source) => Some(books.source(connection, source)?),
        None => None,
    };
    let before = rule.unseen_since.nanos().saturating_sub(SEEN_SLACK_NS);
    let mut statement = connection.prepare_cached(
        "DELETE FROM identity WHERE (generation, id) IN (
             SELECT generation, id FROM identity WHERE seq IS NULL AND seen < ?1
                 AND (?2 IS NULL OR source_id = ?2) LIMIT ?3)
         RETURNING source_id, generation",
    )?;
    let mut forgotten: BTreeMap<i64, u64> = BTreeMap::new();
    let mut generations = BTreeSet::new();
    let mut rows = statement.query(params![before, only, signed(CHUNK_ROWS as u64)])?;
    while let Some(row) = rows.next()? {
        *forgotten.entry(row.get(0)?).or_default() += 1;
        generations.insert(row.get(1)?);
    }
    let mut sum = 0;
    for (source, identities) in forgotten {
        state::count(connection, source, "forgotten", identities)?;
        sum += identities;
    }
    for generation in generations {
        drop_if_empty(connection, books, generation)?;
    }
    Ok(sum)
}

/// Drops a generation that has ended and lost its last identity.
fn drop_if_empty(
    connection: &Connection,
    books: &mut Books,
    generation: i64,
) -> Result<(), Failure> {
    if books.numbers.generation == Some(generation) {
        return Ok(());
    }
    let dropped = connection
        .prepare_cached(
            "DELETE FROM identity_generations WHERE generation = ?1
                 AND NOT EXISTS (SELECT 1 FROM identity WHERE generation = ?1)",
        )?
        .execute([generation])?;
    if dropped > 0 {
        books.emptied.push(generation);
    }
    Ok(())
}

fn source_key(connection: &Connection, source: &str) -> Result<Option<i64>, Failure> {
    Ok(connection
        .prepare_cached("SELECT id FROM sources WHERE name = ?1")?
        .query_row([source], |row| row.get(0))
        .optional()?)
}
