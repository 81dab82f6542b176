//! Dead letters: one row for each poison record, however often it comes, and a bound on their bytes.

use cresset_model::batch::Reason;
use cresset_model::outcome::{AlertDraft, Outcome, Rejected, Stage};
use cresset_model::{AlertId, DeadLetterId, SourceId};
use rusqlite::{Connection, OptionalExtension, params};

use super::books::{Books, signed, unsigned};
use super::error::Failure;
use super::state;

/// What a dead letter is counted as, beyond its raw bytes: its other columns and its place in the index.
pub(super) const ROW_BYTES: u64 = 1 << 10;
/// Bytes kept of a detail and of a vendor's id.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 10;

/// A dead letter on its way into the store.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) id: DeadLetterId,
    pub(super) stage: Stage,
    pub(super) reason: Reason,
    pub(super) detail: &'a str,
    pub(super) upstream_id: Option<&'a str>,
    pub(super) raw: &'a [u8],
    pub(super) full_bytes: u64,
    pub(super) full_hash: [u8; 32],
}

impl<'a> Letter<'a> {
    /// A record that the pipeline refused.
    pub(super) fn rejected(outcome: &'a Outcome, rejected: &'a Rejected) -> Self {
        Self {
            id: rejected.id,
            stage: rejected.stage,
            reason: rejected.reason,
            detail: &rejected.detail,
            upstream_id: rejected.upstream_id.map(|text| outcome.text(text)),
            raw: outcome.raw(rejected.raw),
            full_bytes: rejected.full_bytes,
            full_hash: rejected.full_hash,
        }
    }

    /// An alert that the engine refused.
    pub(super) fn refused(
        source: &SourceId,
        outcome: &'a Outcome,
        draft: &AlertDraft,
        detail: &'a str,
    ) -> Self {
        let raw = outcome.raw(draft.raw);
        let full_hash = *blake3::hash(raw).as_bytes();
        Self {
            id: DeadLetterId::derive(source, &full_hash),
            stage: Stage::Store,
            reason: Reason::StoreRefused,
            detail,
            upstream_id: Some(outcome.text(draft.upstream_id)),
            raw,
            full_bytes: raw.len() as u64,
            full_hash,
        }
    }
}

/// Stores a dead letter, or counts it once more. One that was resolved stays resolved.
pub(super) fn record(
    connection: &Connection,
    books: &mut Books,
    source: i64,
    at: i64,
    letter: &Letter<'_>,
) -> Result<(), Failure> {
    let detail = bounded(letter.detail);
    let known = connection
        .prepare_cached(
            "UPDATE dead_letters SET count = count + 1, last_seen = max(last_seen, ?2),
                 stage = ?3, reason = ?4, detail = ?5
             WHERE id = ?1",
        )?
        .execute(params![
            letter.id.to_bytes(),
            at,
            letter.stage.as_str(),
            letter.reason.as_str(),
            detail
        ])?;
    if known > 0 {
        return Ok(());
    }
    let raw = letter
        .raw
        .get(..books.dead_letter_raw_bytes_max)
        .unwrap_or(letter.raw);
    books.numbers.dead_seq += 1;
    books.numbers.dead_open += 1;
    books.numbers.dead_bytes += raw.len() as u64 + ROW_BYTES;
    connection
        .prepare_cached(
            "INSERT INTO dead_letters (seq, id, source_id, count, first_seen, last_seen, full_bytes,
                 full_hash, stage, reason, upstream_id, detail, raw)
             VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            signed(books.numbers.dead_seq),
            letter.id.to_bytes(),
            source,
            at,
            signed(letter.full_bytes),
            letter.full_hash,
            letter.stage.as_str(),
            letter.reason.as_str(),
            letter.upstream_id.map(bounded),
            detail,
            raw
        ])?;
    Ok(())
}

/// Marks a dead letter as resolved, by an alert if it became one. One that is gone or resolved already stays as it is.
pub(super) fn resolve(
    connection: &Connection,
    books: &mut Books,
    at: i64,
    (letter, alert): (DeadLetterId, Option<AlertId>),
) -> Result<(), Failure> {
    let resolved = connection
        .prepare_cached(
            "UPDATE dead_letters SET resolved_at = ?2, alert = ?3
             WHERE id = ?1 AND resolved_at IS NULL",
        )?
        .execute(params![letter.to_bytes(), at, alert.map(AlertId::to_bytes)])?;
    let open = books.numbers.dead_open;
    books.numbers.dead_open = open.saturating_sub(resolved as u64);
    Ok(())
}

/// The tally that says when dead letters were dropped last.
pub(super) const DROPPED_AT: &str = "dead_dropped_at";

/// Drops the oldest dead letters until the rest fits, and counts what went in its source's books.
pub(super) fn enforce_bytes(
    connection: &Connection,
    books: &mut Books,
    at: i64,
) -> Result<(), Failure> {
    let mut dropped = 0_u64;
    while books.numbers.dead_bytes > books.dead_letter_bytes_max {
        let oldest = connection
            .prepare_cached(
                "DELETE FROM dead_letters WHERE seq = (SELECT min(seq) FROM dead_letters)
                 RETURNING source_id, count, octet_length(raw), resolved_at IS NULL",
            )?
            .query_row([], |row| {
                let (source, count): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok((source, count, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
            })
            .optional()?;
        let Some((source, count, raw_bytes, was_open)) = oldest else {
            books.numbers.dead_bytes = 0;
            break;
        };
        let bytes = unsigned(raw_bytes) + ROW_BYTES;
        books.numbers.dead_bytes = books.numbers.dead_bytes.saturating_sub(bytes);
        let open = books.numbers.dead_open;
        books.numbers.dead_open = open.saturating_sub(u64::from(was_open));
        state::count(connection, source, "dead_dropped", unsigned(count))?;
        dropped += 1;
    }
    if dropped > 0 {
        Books::save(connection, DROPPED_AT, unsigned(at))?;
        tracing::warn!(
            dead_letters.dropped = dropped,
            dead_letters.bytes_max = books.dead_letter_bytes_max,
            "oldest dead letters dropped to keep store.sqlite.dead_letter_budget"
        );
    }
    Ok(())
}

/// Stores the sums over dead letters if they have changed.
pub(super) fn save(
    connection: &Connection,
    books: &Books,
    before: (u64, u64, u64),
) -> Result<(), Failure> {
    let now = sums(books);
    if now == before {
        return Ok(());
    }
    Books::save(connection, "dead_seq", now.0)?;
    Books::save(connection, "dead_bytes", now.1)?;
    Books::save(connection, "dead_open", now.2)
}

/// The sums that [`save`] stores.
pub(super) fn sums(books: &Books) -> (u64, u64, u64) {
    let numbers = &books.numbers;
    (numbers.dead_seq, numbers.dead_bytes, numbers.dead_open)
}

/// The longest beginning within the bound that ends at a character.
pub(super) fn bounded(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
