//! The rows of the outbox on their way: leased in turn, settled, tried again, and in the end dropped.

use std::time::Duration;

use cresset_model::notification::{
    Delivery, DeliveryAttempt, DeliveryEnd, DeliveryState, Notification,
};
use cresset_model::ports::{DeliveryFilter, DeliveryPage, Leased, OutboxTally, Settlement, Total};
use cresset_model::{AlertId, NotificationId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::books::{Books, signed, unsigned};
use super::dead::bounded;
use super::error::Failure;
use super::route;

/// Leases in one answer.
pub(super) const LEASES_MAX: usize = 1_000;
/// Rows on one page.
pub(super) const DELIVERIES_PER_PAGE_MAX: usize = 1_000;
/// Rows that a count looks at; beyond it the total is a lower bound.
pub(super) const COUNTED_ROWS_MAX: i64 = 10_000;
/// Tries kept of each row; only somebody who retries by hand gets there.
pub(super) const TRIES_KEPT_MAX: i64 = 60;
/// How long a sent row is kept, so that people can see that it was.
pub(super) const SENT_AGE_MAX: Duration = Duration::from_hours(7 * 24);
/// How long a dead row is kept, so that people can retry it.
pub(super) const DEAD_AGE_MAX: Duration = Duration::from_hours(30 * 24);
/// Rows that one step of the router drops of either kind; it adds fewer.
const SWEPT_ROWS_MAX: i64 = 500;
/// The tally that says up to which instant sent rows may be gone.
pub(super) const SWEPT: &str = "outbox_swept";

/// An open row, as `o`, before which no open row of its group and receiver lies.
macro_rules! is_first {
    () => {
        "NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state IN ('pending', 'leased')
             AND p.receiver = o.receiver AND p.grp = o.grp
             AND (p.episode, p.ordinal) < (o.episode, o.ordinal))"
    };
}

/// Looks for rows whose turn and time it is, the oldest first; runs on a reader, so that the writer only
/// sees those it can give.
pub(super) fn plan(
    connection: &Connection,
    now: Timestamp,
    (limit, held): (usize, &[NotificationId]),
) -> Result<Vec<i64>, Failure> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT o.seq, o.id FROM outbox o INDEXED BY outbox_open
         WHERE o.state IN ('pending', 'leased')
             AND CASE o.state WHEN 'pending' THEN o.next_at ELSE o.leased_until END <= ?1 AND ",
        is_first!(),
        " ORDER BY o.seq LIMIT ?2"
    ))?;
    let limit = limit.min(LEASES_MAX);
    let rows_max = signed(limit.saturating_add(held.len()) as u64);
    let mut rows = statement.query(params![now.nanos(), rows_max])?;
    let mut seqs = Vec::new();
    while let Some(row) = rows.next()? {
        if seqs.len() < limit && !held.contains(&NotificationId::from_bytes(row.get(1)?)) {
            seqs.push(row.get(0)?);
        }
    }
    Ok(seqs)
}

/// Leases planned rows, leaving out those that another has leased or settled since.
pub(super) fn lease(
    connection: &Connection,
    seqs: &[i64],
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Leased>, Failure> {
    let mut statement = connection.prepare_cached(concat!(
        "UPDATE outbox AS o SET state = 'leased', leased_until = ?3, fence = fence + 1
         WHERE o.seq = ?1 AND o.state IN ('pending', 'leased')
             AND CASE o.state WHEN 'pending' THEN o.next_at ELSE o.leased_until END <= ?2 AND ",
        is_first!(),
        " RETURNING id, receiver, grp, ordinal, created_at, subject, body, tries, fence"
    ))?;
    let mut leased = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let taken = statement
            .query_row(params![seq, now.nanos(), until.nanos()], |row| {
                Ok(Leased {
                    notification: Notification {
                        id: NotificationId::from_bytes(row.get(0)?),
                        receiver: row.get(1)?,
                        group: row.get(2)?,
                        ordinal: unsigned(row.get(3)?),
                        created_at: Timestamp::from_nanos(row.get(4)?),
                        subject: row.get(5)?,
                        body: row.get(6)?,
                        attempt: row.get::<_, u32>(7)?.saturating_add(1),
                    },
                    fence: unsigned(row.get(8)?),
                })
            })
            .optional()?;
        leased.extend(taken);
    }
    Ok(leased)
}

/// Gives back all leases but those on the rows held. The lock on the directory says that nobody else has any.
pub(super) fn release(connection: &Connection, held: &[NotificationId]) -> Result<u64, Failure> {
    // The first condition is that of the index, which has few rows.
    let mut leased = connection.prepare_cached(
        "SELECT seq, id FROM outbox INDEXED BY outbox_open
         WHERE state IN ('pending', 'leased') AND state = 'leased'",
    )?;
    let leased: Vec<(i64, NotificationId)> = leased
        .query_map([], |row| {
            Ok((row.get(0)?, NotificationId::from_bytes(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    let mut give_back = connection.prepare_cached(
        "UPDATE outbox SET state = 'pending', leased_until = NULL, fence = fence + 1 WHERE seq = ?1",
    )?;
    let mut rows = 0;
    for (seq, id) in leased {
        if !held.contains(&id) {
            rows += give_back.execute([seq])? as u64;
        }
    }
    Ok(rows)
}

/// Ends a lease. The same settlement may come again when its outcome was unknown; it changes nothing then.
pub(super) fn settle(connection: &Connection, settlement: &Settlement) -> Result<(), Failure> {
    let (id, attempt) = (settlement.id, &settlement.attempt);
    let found = connection
        .prepare_cached("SELECT seq, state, fence, tries FROM outbox WHERE id = ?1")?
        .query_row([id.to_bytes()], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                unsigned(row.get(2)?),
                row.get::<_, u32>(3)?,
            ))
        })
        .optional()?;
    let Some((seq, state, fence, tries)) = found else {
        return Err(Failure::Permanent(format!("there is no notification {id}")));
    };
    if fence != settlement.fence {
        return Err(Failure::Permanent(format!(
            "the lease of notification {id} was lost: it has fence {fence} now, not {}",
            settlement.fence
        )));
    }
    if state != DeliveryState::Leased.as_str() {
        // Only the settlement of this very lease can have ended it.
        return Ok(());
    }
    if attempt.number != tries.saturating_add(1) {
        return Err(Failure::Permanent(format!(
            "try {} of notification {id} cannot be settled: the next one is {}",
            attempt.number,
            tries.saturating_add(1)
        )));
    }
    add_attempt(connection, seq, attempt)?;
    end(connection, seq, settlement)?;
    for alarm in &settlement.alarms {
        route::insert(connection, attempt.ended, alarm)?;
    }
    Ok(())
}

fn end(connection: &Connection, seq: i64, settlement: &Settlement) -> Result<(), Failure> {
    let ended = settlement.attempt.ended.nanos();
    let (state, next_at, sent_at, settled_at) = match &settlement.end {
        DeliveryEnd::Sent => (DeliveryState::Sent, None, Some(ended), Some(ended)),
        DeliveryEnd::Again(at) => (DeliveryState::Pending, Some(at.nanos()), None, None),
        DeliveryEnd::Dead => (DeliveryState::Dead, None, None, Some(ended)),
    };
    connection
        .prepare_cached(
            "UPDATE outbox SET state = ?2, next_at = coalesce(?3, next_at), sent_at = ?4,
                 settled_at = ?5, leased_until = NULL, tries = tries + 1
             WHERE seq = ?1",
        )?
        .execute(params![seq, state.as_str(), next_at, sent_at, settled_at])?;
    Ok(())
}

fn add_attempt(
    connection: &Connection,
    seq: i64,
    attempt: &DeliveryAttempt,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO delivery_attempts (outbox_seq, number, begun, ended, error)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            seq,
            attempt.number,
            attempt.begun.nanos(),
            attempt.ended.nanos(),
            attempt.error.as_deref().map(bounded)
        ])?;
    connection
        .prepare_cached("DELETE FROM delivery_attempts WHERE outbox_seq = ?1 AND number <= ?2")?
        .execute(params![seq, i64::from(attempt.number) - TRIES_KEPT_MAX])?;
    Ok(())
}

/// When the first row is due whose turn it is; a lease that nobody ends is due when it expires.
pub(super) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let due: Option<i64> = connection
        .prepare_cached(concat!(
            "SELECT min(CASE o.state WHEN 'pending' THEN o.next_at ELSE o.leased_until END)
             FROM outbox o INDEXED BY outbox_open
             WHERE o.state IN ('pending', 'leased') AND ",
            is_first!()
        ))?
        .query_row([], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_nanos))
}

/// Makes rows due that are dead or wait for their time. Their tries go on counting.
pub(super) fn retry(
    connection: &Connection,
    ids: &[NotificationId],
    now: Timestamp,
) -> Result<u64, Failure> {
    let mut statement = connection.prepare_cached(
        "UPDATE outbox SET state = 'pending', next_at = ?2, settled_at = NULL
         WHERE id = ?1 AND state IN ('pending', 'dead')",
    )?;
    let mut rows = 0;
    for id in ids {
        rows += statement.execute(params![id.to_bytes(), now.nanos()])? as u64;
    }
    Ok(rows)
}

/// Drops rows that were settled long ago, some with each step of the router: what adds rows also takes
/// them away, and the store needs no clock of its own.
pub(super) fn sweep(connection: &Connection, now: Timestamp) -> Result<(), Failure> {
    for (state, age) in [
        (DeliveryState::Sent, SENT_AGE_MAX),
        (DeliveryState::Dead, DEAD_AGE_MAX),
    ] {
        let before = now.minus(age);
        let mut statement = connection.prepare_cached(
            "SELECT seq FROM outbox WHERE state = ?1 AND settled_at < ?2
             ORDER BY settled_at LIMIT ?3",
        )?;
        let seqs: Vec<i64> = statement
            .query_map(
                params![state.as_str(), before.nanos(), SWEPT_ROWS_MAX],
                |row| row.get(0),
            )?
            .collect::<Result<_, _>>()?;
        for seq in &seqs {
            for sql in [
                "DELETE FROM outbox WHERE seq = ?1",
                "DELETE FROM outbox_alerts WHERE outbox_seq = ?1",
                "DELETE FROM delivery_attempts WHERE outbox_seq = ?1",
            ] {
                connection.prepare_cached(sql)?.execute([seq])?;
            }
        }
        if !seqs.is_empty() && state == DeliveryState::Sent {
            Books::save(connection, SWEPT, unsigned(before.nanos()))?;
        }
    }
    Ok(())
}

const COLUMNS: &str = "o.seq, o.id, o.receiver, o.grp, o.episode, o.ordinal, o.state, o.subject, \
     o.body, o.created_at, o.next_at, o.sent_at";

const FILTER: &str = "(?1 IS NULL OR o.receiver = ?1
         OR (o.receiver > ?1 || '/' AND o.receiver < ?1 || '0'))
     AND (?2 IS NULL OR o.state = ?2)
     AND (?3 IS NULL OR o.seq IN (SELECT outbox_seq FROM outbox_alerts WHERE alert = ?3))";

/// A page, the newest decision first.
pub(super) fn deliveries(
    connection: &Connection,
    filter: &DeliveryFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<DeliveryPage, Failure> {
    let receiver = filter.receiver.as_deref();
    let state = filter.state.map(DeliveryState::as_str);
    let alert = filter.alert.map(AlertId::to_bytes);
    let limit = limit.min(DELIVERIES_PER_PAGE_MAX);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o WHERE {FILTER} AND o.seq < ?4
         ORDER BY o.seq DESC LIMIT ?5"
    ))?;
    let before = before.map_or(i64::MAX, signed);
    let wanted = signed(limit as u64 + 1);
    let mut rows = statement.query(params![receiver, state, alert, before, wanted])?;
    let mut page = DeliveryPage::default();
    while let Some(row) = rows.next()? {
        if page.items.len() == limit {
            page.next = page.items.last().map(|last| last.seq);
            break;
        }
        page.items.push(whole(connection, row)?);
    }
    let counted: i64 = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE {FILTER} LIMIT ?4)"
        ))?
        .query_row(
            params![receiver, state, alert, COUNTED_ROWS_MAX + 1],
            |row| row.get(0),
        )?;
    page.total = Some(Total {
        value: unsigned(counted.min(COUNTED_ROWS_MAX)),
        exact: counted <= COUNTED_ROWS_MAX,
    });
    Ok(page)
}

/// Counts by state; what was sent, only since an instant.
pub(super) fn tally(connection: &Connection, since: Timestamp) -> Result<OutboxTally, Failure> {
    let count = |sql: &str, since: i64| -> Result<u64, Failure> {
        let mut statement = connection.prepare_cached(sql)?;
        Ok(unsigned(statement.query_row([since], |row| row.get(0))?))
    };
    // Each is answered by an index alone.
    let open = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'leased') AND state = ";
    let settled = "SELECT count(*) FROM outbox WHERE settled_at >= ?1 AND state = ";
    Ok(OutboxTally {
        pending: count(&format!("{open}'pending' AND ?1 IS NOT NULL"), 0)?,
        leased: count(&format!("{open}'leased' AND ?1 IS NOT NULL"), 0)?,
        dead: count(&format!("{settled}'dead'"), i64::MIN)?,
        sent_since: count(&format!("{settled}'sent'"), since.nanos())?,
    })
}

/// One row.
pub(super) fn delivery(
    connection: &Connection,
    id: NotificationId,
) -> Result<Option<Delivery>, Failure> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox o WHERE o.id = ?1"))?;
    let mut rows = statement.query([id.to_bytes()])?;
    match rows.next()? {
        Some(row) => whole(connection, row).map(Some),
        None => Ok(None),
    }
}

fn whole(connection: &Connection, row: &Row<'_>) -> Result<Delivery, Failure> {
    let seq: i64 = row.get(0)?;
    let word: String = row.get(6)?;
    let state = DeliveryState::from_word(&word).ok_or_else(|| {
        Failure::Permanent(format!("a notification has the unknown state `{word}`"))
    })?;
    let mut alerts = connection
        .prepare_cached("SELECT alert FROM outbox_alerts WHERE outbox_seq = ?1 ORDER BY place")?;
    let alerts = alerts
        .query_map([seq], |row| Ok(AlertId::from_bytes(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    let mut attempts = connection.prepare_cached(
        "SELECT number, begun, ended, error FROM delivery_attempts
         WHERE outbox_seq = ?1 ORDER BY number",
    )?;
    let attempts = attempts
        .query_map([seq], |row| {
            Ok(DeliveryAttempt {
                number: row.get(0)?,
                begun: Timestamp::from_nanos(row.get(1)?),
                ended: Timestamp::from_nanos(row.get(2)?),
                error: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let next_at = Timestamp::from_nanos(row.get(10)?);
    Ok(Delivery {
        seq: unsigned(seq),
        id: NotificationId::from_bytes(row.get(1)?),
        receiver: row.get(2)?,
        group: row.get(3)?,
        episode: unsigned(row.get(4)?),
        ordinal: unsigned(row.get(5)?),
        state,
        subject: row.get(7)?,
        body: row.get(8)?,
        alerts,
        created_at: Timestamp::from_nanos(row.get(9)?),
        next_at: (state == DeliveryState::Pending).then_some(next_at),
        sent_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_nanos),
        attempts,
    })
}
