//! What is read by key: a source, the change log, one alert, settings.

use cresset_model::alert::{AlertDetail, AlertRow, Change, Position, Seq, StoredMatch};
use cresset_model::ports::StoredSource;
use cresset_model::provenance::Context;
use cresset_model::source::{
    Checkpoint, Counters, PagePlace, Round, StoredState, Sweep, SweepRound, SyncStatus,
};
use cresset_model::{AlertId, SourceId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::books::{signed, unsigned};
use super::error::Failure;
use super::rows::{self, ALERT_COLUMNS, Rows, alert_columns};
use super::state::ATTEMPTS_MAX;

/// Entries of the change log in one answer.
pub(super) const CHANGES_MAX: usize = 10_000;

/// What is stored about a source.
pub(super) fn source(connection: &Connection, source: &SourceId) -> Result<StoredSource, Failure> {
    let key: Option<i64> = connection
        .prepare_cached("SELECT id FROM sources WHERE name = ?1")?
        .query_row([source.as_str()], |row| row.get(0))
        .optional()?;
    let Some(key) = key else {
        return Ok(StoredSource::default());
    };
    let stored = connection
        .prepare_cached(
            "SELECT bookmark, round_since, round_seen, round_begun, fetch, last_sync, last_success,
                 last_error, status, paused, round_place, sweep_last, sweep_floor, sweep_late,
                 sweep_since, sweep_seen, sweep_begun, sweep_place, sweep_reach, sweep_late_before
             FROM checkpoints WHERE source_id = ?1",
        )?
        .query_row([key], |row| {
            Ok((checkpoint(row)?, stored_state(row)?, row.get(9)?))
        })
        .optional()?;
    let (checkpoint, state, paused) = stored.unwrap_or_default();
    let mut attempts = connection.prepare_cached(
        "SELECT begun, ended, cause, requests, pages, read, new, changed, dead, error,
             same, http_status, bookmark_from, bookmark_to
         FROM attempts WHERE source_id = ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let attempts = attempts
        .query_map([key, ATTEMPTS_MAX], rows::attempt)?
        .collect::<Result<_, _>>()?;
    Ok(StoredSource {
        checkpoint,
        state,
        paused,
        counters: counters(connection, key)?,
        attempts,
    })
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<Option<Checkpoint>> {
    let instant = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row
            .get::<_, Option<i64>>(column)?
            .map(Timestamp::from_nanos))
    };
    let Some(bookmark) = instant(0)? else {
        return Ok(None);
    };
    let round = |first: usize, place: usize| -> rusqlite::Result<Option<Round>> {
        let place: Option<String> = row.get(place)?;
        Ok(
            match (instant(first)?, instant(first + 1)?, instant(first + 2)?) {
                (Some(since), Some(seen), Some(begun)) => Some(Round {
                    since,
                    place: place.as_deref().map(PagePlace::new),
                    seen,
                    begun,
                }),
                _ => None,
            },
        )
    };
    let late_before: i64 = row.get(19)?;
    let sweep = round(14, 17)?.zip(instant(18)?);
    Ok(Some(Checkpoint {
        bookmark,
        round: round(1, 10)?,
        fetch: unsigned(row.get(4)?),
        sweep: Sweep {
            last: instant(11)?,
            floor: instant(12)?,
            late: unsigned(row.get(13)?),
            round: sweep.map(|(round, reach)| SweepRound {
                round,
                reach,
                late_before: unsigned(late_before),
            }),
        },
    }))
}

fn stored_state(row: &Row<'_>) -> rusqlite::Result<StoredState> {
    let status: String = row.get(8)?;
    Ok(StoredState {
        last_sync: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_nanos),
        last_success: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_nanos),
        last_error: row.get(7)?,
        status: SyncStatus::from_word(&status).unwrap_or_default(),
    })
}

/// The books of a source.
pub(super) fn counters(connection: &Connection, source: i64) -> Result<Counters, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT name, value FROM counters WHERE source_id = ?1")?;
    let mut rows = statement.query([source])?;
    let mut counters = Counters::default();
    while let Some(row) = rows.next()? {
        let value = unsigned(row.get(1)?);
        let count = match row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)? {
            "read" => &mut counters.read,
            "redriven" => &mut counters.redriven,
            "new" => &mut counters.new,
            "changed" => &mut counters.changed,
            "same" => &mut counters.same,
            "passed" => &mut counters.passed,
            "filtered" => &mut counters.filtered,
            "dead" => &mut counters.dead,
            "enrich_misses" => &mut counters.enrich_misses,
            "late" => &mut counters.late,
            // What retention and bounds took; `verify` reads those.
            _ => continue,
        };
        *count = value;
    }
    Ok(counters)
}

/// A value that was set at run time.
pub(super) fn setting(connection: &Connection, key: &str) -> Result<Option<String>, Failure> {
    Ok(connection
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

/// Entries of the change log after a position, oldest first.
pub(super) fn changes(
    connection: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<Change>, Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT c.position, c.revision, c.kind, ",
        alert_columns!(),
        " FROM change_log c LEFT JOIN alert_rows r ON r.seq = c.seq
          WHERE c.position > ?1 ORDER BY c.position LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![
        signed(after),
        signed(limit.min(CHANGES_MAX) as u64)
    ])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(reader.change(row)?);
    }
    Ok(changes)
}

/// One alert with everything that explains it.
pub(super) fn alert(connection: &Connection, id: AlertId) -> Result<Option<AlertDetail>, Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        ", b.raw, b.enriched, c.json FROM identity_generations g
          CROSS JOIN identity i ON i.generation = g.generation AND i.id = ?1
          JOIN alert_rows r ON r.seq = i.seq
          JOIN alert_bodies b ON b.seq = i.seq
          JOIN contexts c ON c.id = r.context_id"
    ))?;
    let mut rows = statement.query([id.to_bytes()])?;
    let Some(found) = rows.next()? else {
        return Ok(None);
    };
    let row = reader.alert(found, 0)?;
    let raw = found.get(ALERT_COLUMNS)?;
    let enriched = found.get(ALERT_COLUMNS + 1)?;
    let json: String = found.get(ALERT_COLUMNS + 2)?;
    let context: Context = serde_json::from_str(&json)
        .map_err(|error| Failure::Permanent(format!("read the context of alert {id}: {error}")))?;
    let mut revisions = connection.prepare_cached(
        "SELECT revision, replaced_at, severity, description, raw FROM revisions
         WHERE seq = ?1 ORDER BY revision DESC",
    )?;
    let revisions = revisions
        .query_map([signed(row.seq)], rows::revision)?
        .collect::<Result<_, _>>()?;
    Ok(Some(AlertDetail {
        matches: matches(connection, row.seq)?,
        row,
        raw,
        enriched,
        context,
        revisions,
    }))
}

/// One alert without its bodies.
pub(super) fn row(connection: &Connection, id: AlertId) -> Result<Option<AlertRow>, Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        " FROM identity_generations g
          CROSS JOIN identity i ON i.generation = g.generation AND i.id = ?1
          JOIN alert_rows r ON r.seq = i.seq"
    ))?;
    let mut rows = statement.query([id.to_bytes()])?;
    match rows.next()? {
        Some(row) => reader.alert(row, 0).map(Some),
        None => Ok(None),
    }
}

/// The detections of an alert, in the order of the rules.
pub(super) fn matches(connection: &Connection, seq: Seq) -> Result<Vec<StoredMatch>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, field, value, list, entry, origin FROM matches WHERE seq = ?1 ORDER BY place",
    )?;
    let matches = statement.query_map([signed(seq)], rows::stored_match)?;
    Ok(matches.collect::<Result<_, _>>()?)
}
