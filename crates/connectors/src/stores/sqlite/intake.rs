//! What sources that are not polled need: the answers to pushes, and how far files have been read.

use cresset_model::Timestamp;
use cresset_model::ports::{FILE_POSITIONS_MAX, FilePosition, PUSH_ANSWER_AGE_MAX, StoredPush};
use rusqlite::{Connection, OptionalExtension, params};

use super::books::{signed, unsigned};
use super::error::Failure;

/// Answers that have become too old deleted with each new one: more than one comes, so that they do not
/// pile up, and not so many that the commit waits for them.
const EXPIRED_ROWS_MAX: i64 = 100;

/// Stores the answer to a push and drops some that have become too old.
pub(super) fn set_push(
    connection: &Connection,
    source: i64,
    at: Timestamp,
    push: &StoredPush,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "DELETE FROM idempotency WHERE (source_id, key) IN
                 (SELECT source_id, key FROM idempotency WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![
            at.minus(PUSH_ANSWER_AGE_MAX).nanos(),
            EXPIRED_ROWS_MAX
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO idempotency (source_id, key, body_hash, answer, at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (source_id, key) DO UPDATE SET body_hash = excluded.body_hash,
                 answer = excluded.answer, at = excluded.at",
        )?
        .execute(params![
            source,
            push.key,
            push.body_hash,
            push.answer,
            at.nanos()
        ])?;
    Ok(())
}

/// The answer to an earlier push, unless it is older than that.
pub(super) fn stored_push(
    connection: &Connection,
    source: &str,
    key: &str,
    not_before: Timestamp,
) -> Result<Option<StoredPush>, Failure> {
    let stored = connection
        .prepare_cached(
            "SELECT key, body_hash, answer FROM idempotency
             WHERE source_id = (SELECT id FROM sources WHERE name = ?1) AND key = ?2 AND at >= ?3",
        )?
        .query_row(params![source, key, not_before.nanos()], |row| {
            Ok(StoredPush {
                key: row.get(0)?,
                body_hash: row.get(1)?,
                answer: row.get(2)?,
            })
        })
        .optional()?;
    Ok(stored)
}

/// Stores how far files have been read. Beyond the bound, those that were not stored for longest go.
pub(super) fn set_positions(
    connection: &Connection,
    source: i64,
    at: Timestamp,
    positions: &[FilePosition],
) -> Result<(), Failure> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO file_positions (source_id, fingerprint, offset, inode, last_hash, seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (source_id, fingerprint) DO UPDATE SET offset = excluded.offset,
             inode = excluded.inode, last_hash = excluded.last_hash, seen = excluded.seen",
    )?;
    for position in positions {
        insert.execute(params![
            source,
            position.fingerprint.to_be_bytes(),
            signed(position.offset),
            position.inode.to_be_bytes(),
            position.check.to_be_bytes(),
            at.nanos()
        ])?;
    }
    connection
        .prepare_cached(
            "DELETE FROM file_positions WHERE source_id = ?1 AND fingerprint IN
                 (SELECT fingerprint FROM file_positions WHERE source_id = ?1
                  ORDER BY seen DESC, fingerprint LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![source, signed(FILE_POSITIONS_MAX as u64)])?;
    Ok(())
}

/// How far files have been read, the latest stored first.
pub(super) fn positions(
    connection: &Connection,
    source: &str,
) -> Result<Vec<FilePosition>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, offset, inode, last_hash FROM file_positions
         WHERE source_id = (SELECT id FROM sources WHERE name = ?1)
         ORDER BY seen DESC, fingerprint",
    )?;
    let positions = statement.query_map([source], |row| {
        Ok(FilePosition {
            fingerprint: u128::from_be_bytes(row.get(0)?),
            offset: unsigned(row.get(1)?),
            inode: u64::from_be_bytes(row.get(2)?),
            check: u64::from_be_bytes(row.get(3)?),
        })
    })?;
    Ok(positions.collect::<Result<_, _>>()?)
}
