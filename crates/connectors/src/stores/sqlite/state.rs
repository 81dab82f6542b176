//! What is kept about each source: counters, checkpoint, state, attempts. And the settings.

use cresset_model::ports::SourceUpdate;
use cresset_model::source::{Attempt, Checkpoint, Counters, Round};
use cresset_model::{SourceId, Timestamp};
use rusqlite::{Connection, params};

use super::books::{Books, signed};
use super::error::Failure;

/// Turns kept of each source.
pub(super) const ATTEMPTS_MAX: i64 = 60;

/// Adds to one of a source's books.
pub(super) fn count(
    connection: &Connection,
    source: i64,
    name: &str,
    value: u64,
) -> Result<(), Failure> {
    if value == 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO counters (source_id, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (source_id, name) DO UPDATE SET value = value + excluded.value",
        )?
        .execute(params![source, name, signed(value)])?;
    Ok(())
}

/// Adds a commit's counts to its source's books.
pub(super) fn count_all(
    connection: &Connection,
    source: i64,
    counts: &Counters,
) -> Result<(), Failure> {
    for (name, value) in counts.named() {
        count(connection, source, name, value)?;
    }
    count(connection, source, "enrich_misses", counts.enrich_misses)?;
    count(connection, source, "late", counts.late)
}

/// Stores how far a source has been read.
pub(super) fn set_checkpoint(
    connection: &Connection,
    source: i64,
    checkpoint: &Checkpoint,
) -> Result<(), Failure> {
    let round = checkpoint.round.as_ref();
    let sweep = &checkpoint.sweep;
    let sweeping = sweep.round.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO checkpoints (source_id, bookmark, round_since, round_seen, round_begun, fetch,
                 round_place, sweep_last, sweep_floor, sweep_late, sweep_since, sweep_seen, sweep_begun,
                 sweep_place, sweep_reach, sweep_late_before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (source_id) DO UPDATE SET bookmark = excluded.bookmark,
                 round_since = excluded.round_since, round_seen = excluded.round_seen,
                 round_begun = excluded.round_begun, fetch = excluded.fetch,
                 round_place = excluded.round_place, sweep_last = excluded.sweep_last,
                 sweep_floor = excluded.sweep_floor, sweep_late = excluded.sweep_late,
                 sweep_since = excluded.sweep_since, sweep_seen = excluded.sweep_seen,
                 sweep_begun = excluded.sweep_begun, sweep_place = excluded.sweep_place,
                 sweep_reach = excluded.sweep_reach,
                 sweep_late_before = excluded.sweep_late_before",
        )?
        .execute(params![
            source,
            checkpoint.bookmark.nanos(),
            round.map(|round| round.since.nanos()),
            round.map(|round| round.seen.nanos()),
            round.map(|round| round.begun.nanos()),
            signed(checkpoint.fetch),
            place(round),
            sweep.last.map(Timestamp::nanos),
            sweep.floor.map(Timestamp::nanos),
            signed(sweep.late),
            sweeping.map(|sweep| sweep.round.since.nanos()),
            sweeping.map(|sweep| sweep.round.seen.nanos()),
            sweeping.map(|sweep| sweep.round.begun.nanos()),
            place(sweeping.map(|sweep| &sweep.round)),
            sweeping.map(|sweep| sweep.reach.nanos()),
            sweeping.map_or(0, |sweep| signed(sweep.late_before))
        ])?;
    Ok(())
}

fn place(round: Option<&Round>) -> Option<&str> {
    Some(round?.place.as_ref()?.as_str())
}

/// Stores a source's state and the turn that has ended.
pub(super) fn update(
    connection: &Connection,
    books: &mut Books,
    update: &SourceUpdate,
) -> Result<(), Failure> {
    let source = books.source(connection, &update.source)?;
    let state = &update.state;
    connection
        .prepare_cached(
            "INSERT INTO checkpoints (source_id, last_sync, last_success, last_error, status)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (source_id) DO UPDATE SET last_sync = excluded.last_sync,
                 last_success = excluded.last_success, last_error = excluded.last_error,
                 status = excluded.status",
        )?
        .execute(params![
            source,
            state.last_sync.map(Timestamp::nanos),
            state.last_success.map(Timestamp::nanos),
            state.last_error,
            state.status.as_str()
        ])?;
    match &update.attempt {
        Some(attempt) => add_attempt(connection, source, attempt),
        None => Ok(()),
    }
}

fn add_attempt(connection: &Connection, source: i64, attempt: &Attempt) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO attempts (source_id, number, begun, ended, cause, requests, pages, read, new,
                 changed, dead, error, same, http_status, bookmark_from, bookmark_to)
             VALUES (?1, 1 + coalesce((SELECT max(number) FROM attempts WHERE source_id = ?1), 0),
                 ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            source,
            attempt.begun.nanos(),
            attempt.ended.nanos(),
            attempt.trigger.as_str(),
            attempt.requests,
            attempt.pages,
            signed(attempt.read),
            signed(attempt.new),
            signed(attempt.changed),
            signed(attempt.dead),
            attempt.error,
            signed(attempt.same),
            attempt.http_status,
            attempt.bookmark_from.map(Timestamp::nanos),
            attempt.bookmark_to.map(Timestamp::nanos)
        ])?;
    connection
        .prepare_cached(
            "DELETE FROM attempts WHERE source_id = ?1 AND number <=
                 (SELECT max(number) FROM attempts WHERE source_id = ?1) - ?2",
        )?
        .execute(params![source, ATTEMPTS_MAX])?;
    Ok(())
}

/// Stores whether a source is paused.
pub(super) fn set_paused(
    connection: &Connection,
    books: &mut Books,
    source: &SourceId,
    paused: bool,
) -> Result<(), Failure> {
    let source = books.source(connection, source)?;
    connection
        .prepare_cached(
            "INSERT INTO checkpoints (source_id, paused) VALUES (?1, ?2)
             ON CONFLICT (source_id) DO UPDATE SET paused = excluded.paused",
        )?
        .execute(params![source, paused])?;
    Ok(())
}

/// Sets or drops a value that was set at run time.
pub(super) fn set_setting(
    connection: &Connection,
    key: &str,
    value: Option<&str>,
) -> Result<(), Failure> {
    match value {
        Some(value) => connection
            .prepare_cached(
                "INSERT INTO settings (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute([key, value])?,
        None => connection
            .prepare_cached("DELETE FROM settings WHERE key = ?1")?
            .execute([key])?,
    };
    Ok(())
}
