//! What the store says of itself: cursors, what waits, the room of dead letters, the disk.

use std::path::Path;

use cresset_model::ports::{DeadLetterRoom, StoreVitals, Waiting};
use cresset_model::{SourceId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::books::unsigned;
use super::dead;
use super::error::Failure;

/// Receivers that are listed; the configuration allows fewer, yet the outbox may hold former ones.
const RECEIVERS_MAX: i64 = 1_000;

/// Reads all of it, as of one moment.
pub(super) fn read(
    connection: &Connection,
    directory: &Path,
    dead_letter_bytes_max: u64,
) -> Result<StoreVitals, Failure> {
    Ok(StoreVitals {
        head: head(connection)?,
        cursors: cursors(connection)?,
        waiting: waiting(connection)?,
        dead_letters: room(connection, dead_letter_bytes_max)?,
        free_bytes: free_bytes(directory),
    })
}

/// The last position given, if its row is gone too.
fn head(connection: &Connection) -> Result<u64, Failure> {
    let head: i64 = connection
        .prepare_cached(
            "SELECT max(coalesce((SELECT max(position) FROM change_log), 0),
                 coalesce((SELECT value FROM tallies WHERE name = 'position'), 0))",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(unsigned(head))
}

fn cursors(connection: &Connection) -> Result<Vec<(String, u64)>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT name, position FROM cursors ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The oldest row of each receiver is its first one: rows get their places in the order of decisions. The
/// index alone says which.
pub(super) fn waiting(connection: &Connection) -> Result<Vec<Waiting>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT w.receiver, w.waiting, o.created_at,
             (SELECT error FROM delivery_attempts a WHERE a.outbox_seq = o.seq
                 ORDER BY number DESC LIMIT 1)
         FROM (SELECT receiver, count(*) AS waiting, min(seq) AS oldest
             FROM outbox INDEXED BY outbox_open WHERE state IN ('pending', 'leased')
             GROUP BY receiver LIMIT ?1) w
         JOIN outbox o ON o.seq = w.oldest",
    )?;
    let rows = statement.query_map([RECEIVERS_MAX], |row| {
        Ok(Waiting {
            receiver: row.get(0)?,
            rows: unsigned(row.get(1)?),
            oldest: Timestamp::from_nanos(row.get(2)?),
            error: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn room(connection: &Connection, bytes_max: u64) -> Result<DeadLetterRoom, Failure> {
    let tally = |name: &str| -> Result<Option<i64>, Failure> {
        Ok(connection
            .prepare_cached("SELECT value FROM tallies WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    };
    let mut statement = connection.prepare_cached(
        "SELECT s.name, c.value FROM counters c JOIN sources s ON s.id = c.source_id
         WHERE c.name = 'dead_dropped' ORDER BY s.name",
    )?;
    let dropped = statement
        .query_map([], |row| {
            let source: String = row.get(0)?;
            Ok((SourceId::new(&source), unsigned(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(DeadLetterRoom {
        bytes: unsigned(tally("dead_bytes")?.unwrap_or(0)),
        bytes_max,
        dropped,
        dropped_at: tally(dead::DROPPED_AT)?.map(Timestamp::from_nanos),
    })
}

/// What is free on the disk of a directory for this user; `None` where it cannot be told.
pub(super) fn free_bytes(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}
