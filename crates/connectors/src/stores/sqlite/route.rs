//! What the router reads, remembers and decides: its cursor over the change log, its groups, its intents.

use cresset_model::Timestamp;
use cresset_model::alert::{ChangeKind, Position, Seq};
use cresset_model::notification::{GroupRow, Intent, RoutedRow};
use cresset_model::ports::{RouterMemory, StepCommit};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::books::{Books, signed, unsigned};
use super::error::Failure;
use super::rows::{ALERT_COLUMNS, Rows, alert_columns};
use super::{deliver, read};

/// The router's row in `cursors`.
const CURSOR: &str = "router";
/// Rows in one answer to the router.
pub(super) const ROUTED_ROWS_MAX: usize = 1_000;
/// Bytes of records in one answer to the router; a single larger record still goes, alone.
pub(super) const ROUTED_BYTES_MAX: usize = 8 << 20;

/// Takes the lease under a new fence. The first router of a store begins with the oldest entry that is
/// left: an alert that came before it could be asked is told, rather than forgotten.
pub(super) fn lease(connection: &Connection, books: &Books) -> Result<RouterMemory, Failure> {
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT min(position) FROM change_log")?
        .query_row([], |row| row.get(0))?;
    let first = oldest.map_or(signed(books.numbers.position), |oldest| oldest - 1);
    let (cursor, fence): (i64, i64) = connection
        .prepare_cached(
            "INSERT INTO cursors (name, position, fence) VALUES (?1, ?2, 1)
             ON CONFLICT (name) DO UPDATE SET fence = fence + 1 RETURNING position, fence",
        )?
        .query_row(params![CURSOR, first], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut statement = connection.prepare_cached(
        "SELECT key, episode, ordinal, waiting, more, due, notified FROM groups ORDER BY key",
    )?;
    let mut rows = statement.query([])?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next()? {
        groups.push(group(row)?);
    }
    Ok(RouterMemory {
        fence: unsigned(fence),
        cursor: unsigned(cursor),
        groups,
    })
}

fn group(row: &Row<'_>) -> Result<GroupRow, Failure> {
    let instant = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row
            .get::<_, Option<i64>>(column)?
            .map(Timestamp::from_nanos))
    };
    let key: String = row.get(0)?;
    let waiting: String = row.get(3)?;
    let waiting = serde_json::from_str(&waiting).map_err(|error| {
        Failure::Permanent(format!("read what waits in the group `{key}`: {error}"))
    })?;
    Ok(GroupRow {
        key,
        episode: unsigned(row.get(1)?),
        ordinal: unsigned(row.get(2)?),
        waiting,
        more: unsigned(row.get(4)?),
        due: instant(5)?,
        notified: instant(6)?,
    })
}

/// How far the router has read, if there ever was one.
pub(super) fn cursor(connection: &Connection) -> Result<Option<Position>, Failure> {
    let position: Option<i64> = connection
        .prepare_cached("SELECT position FROM cursors WHERE name = ?1")?
        .query_row([CURSOR], |row| row.get(0))
        .optional()?;
    Ok(position.map(unsigned))
}

/// Carries out a step: groups, intents and cursor, or nothing of it.
pub(super) fn step(
    connection: &Connection,
    books: &mut Books,
    step: &StepCommit,
) -> Result<(), Failure> {
    move_cursor(connection, books, step)?;
    let mut drop_group = connection.prepare_cached("DELETE FROM groups WHERE key = ?1")?;
    for key in &step.ended {
        drop_group.execute([key])?;
    }
    for group in &step.groups {
        set_group(connection, group)?;
    }
    for intent in &step.intents {
        insert(connection, step.at, intent)?;
    }
    deliver::sweep(connection, step.at)
}

fn move_cursor(connection: &Connection, books: &Books, step: &StepCommit) -> Result<(), Failure> {
    let lease: Option<(i64, i64)> = connection
        .prepare_cached("SELECT position, fence FROM cursors WHERE name = ?1")?
        .query_row([CURSOR], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((position, fence)) = lease.map(|(at, fence)| (unsigned(at), unsigned(fence))) else {
        return Err(Failure::Permanent(
            "a step of the router came before its lease".to_owned(),
        ));
    };
    if fence != step.fence {
        return Err(Failure::Permanent(format!(
            "the router's lease was taken over: the step has fence {}, the lease has {fence}",
            step.fence
        )));
    }
    let head = books.numbers.position;
    if step.cursor < position || step.cursor > head {
        return Err(Failure::Permanent(format!(
            "the router's cursor cannot move to {}: it stands at {position}, and the change log ends \
             at {head}",
            step.cursor
        )));
    }
    connection
        .prepare_cached("UPDATE cursors SET position = ?2 WHERE name = ?1")?
        .execute(params![CURSOR, signed(step.cursor)])?;
    Ok(())
}

fn set_group(connection: &Connection, group: &GroupRow) -> Result<(), Failure> {
    let waiting = serde_json::to_string(&group.waiting)
        .map_err(|error| Failure::Permanent(format!("write what waits as JSON: {error}")))?;
    connection
        .prepare_cached(
            "INSERT INTO groups (key, episode, ordinal, waiting, more, due, notified)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (key) DO UPDATE SET episode = excluded.episode,
                 ordinal = excluded.ordinal, waiting = excluded.waiting, more = excluded.more,
                 due = excluded.due, notified = excluded.notified",
        )?
        .execute(params![
            group.key,
            signed(group.episode),
            signed(group.ordinal),
            waiting,
            signed(group.more),
            group.due.map(Timestamp::nanos),
            group.notified.map(Timestamp::nanos)
        ])?;
    Ok(())
}

/// An intent whose identity is there already changes nothing: its body was frozen the first time.
pub(super) fn insert(
    connection: &Connection,
    at: Timestamp,
    intent: &Intent,
) -> Result<(), Failure> {
    let seq: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO outbox (id, receiver, grp, episode, ordinal, state, created_at, next_at,
                 subject, body)
             VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?6, ?7, ?8)
             ON CONFLICT (id) DO NOTHING RETURNING seq",
        )?
        .query_row(
            params![
                intent.id.to_bytes(),
                intent.receiver,
                intent.group,
                signed(intent.episode),
                signed(intent.ordinal),
                at.nanos(),
                intent.subject,
                intent.body
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(seq) = seq else {
        return Ok(());
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox_alerts (outbox_seq, place, alert) VALUES (?1, ?2, ?3)",
    )?;
    for (place, alert) in (0_i64..).zip(&intent.alerts) {
        insert.execute(params![seq, place, alert.to_bytes()])?;
    }
    Ok(())
}

/// Rows of the change log after a position, with what a notification tells of them.
pub(super) fn routed(
    connection: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<RoutedRow>, Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT c.position, c.revision, c.kind, ",
        alert_columns!(),
        ", coalesce(b.enriched, b.raw) FROM change_log c
          LEFT JOIN alert_rows r ON r.seq = c.seq
          LEFT JOIN alert_bodies b ON b.seq = c.seq
          WHERE c.position > ?1 ORDER BY c.position LIMIT ?2"
    ))?;
    let limit = limit.min(ROUTED_ROWS_MAX);
    let mut rows = statement.query(params![signed(after), signed(limit as u64)])?;
    let (mut routed, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let change = reader.change(row)?;
        let record: Option<Vec<u8>> = row.get(3 + ALERT_COLUMNS)?;
        let record = record.unwrap_or_default();
        bytes += record.len();
        if bytes > ROUTED_BYTES_MAX && !routed.is_empty() {
            break;
        }
        let matches = match &change.row {
            Some(alert) => read::matches(connection, alert.seq)?,
            None => Vec::new(),
        };
        routed.push(RoutedRow {
            position: change.position,
            revision: change.revision,
            is_new: change.kind == ChangeKind::New,
            row: change.row,
            matches,
            record,
        });
    }
    Ok(routed)
}

/// Rows by their alerts' places, one for each, in their order. They are not asked for by position, so
/// none is given.
pub(super) fn routed_alerts(
    connection: &Connection,
    seqs: &[Seq],
) -> Result<Vec<RoutedRow>, Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        ", coalesce(b.enriched, b.raw) FROM alert_rows r
          JOIN alert_bodies b ON b.seq = r.seq WHERE r.seq = ?1"
    ))?;
    let mut routed = Vec::with_capacity(seqs.len().min(ROUTED_ROWS_MAX));
    for seq in seqs.iter().take(ROUTED_ROWS_MAX) {
        let mut rows = statement.query([signed(*seq)])?;
        let mut found = RoutedRow {
            position: 0,
            revision: 0,
            is_new: false,
            row: None,
            matches: Vec::new(),
            record: Vec::new(),
        };
        if let Some(row) = rows.next()? {
            let alert = reader.alert(row, 0)?;
            found.revision = alert.revision;
            found.is_new = alert.revision == 1;
            found.record = row.get(ALERT_COLUMNS)?;
            found.matches = read::matches(connection, *seq)?;
            found.row = Some(alert);
        }
        routed.push(found);
    }
    Ok(routed)
}
