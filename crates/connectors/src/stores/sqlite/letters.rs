//! Dead letters as they are read: one, a page of them, groups of them.

use cresset_model::batch::Reason;
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterGroup};
use cresset_model::ports::{DeadLetterPage, PageRequest, Total};
use cresset_model::{DeadLetterId, SourceId, Timestamp};
use rusqlite::{Connection, params};

use super::books::{signed, unsigned};
use super::error::Failure;
use super::rows::{DEAD_LETTER_COLUMNS, Rows};

/// Dead letters on one page.
const DEAD_LETTERS_PER_PAGE_MAX: usize = 1_000;

/// As [`DeadLetterFilter::matches`] says it.
const WHERE: &str = "(?1 IS NULL OR source_id = (SELECT id FROM sources WHERE name = ?1))
     AND (?2 IS NULL OR reason = ?2) AND (?3 IS NULL OR (resolved_at IS NOT NULL) = ?3)
     AND (?4 IS NULL OR last_seen >= ?4) AND (?5 IS NULL OR first_seen < ?5)";

/// The parameters of [`WHERE`].
type Filter<'a> = (
    Option<&'a str>,
    Option<&'static str>,
    Option<bool>,
    Option<i64>,
    Option<i64>,
);

fn parameters(filter: &DeadLetterFilter) -> Filter<'_> {
    (
        filter.source.as_ref().map(SourceId::as_str),
        filter.reason.map(Reason::as_str),
        filter.resolved,
        filter.since.map(Timestamp::nanos),
        filter.until.map(Timestamp::nanos),
    )
}

/// One dead letter.
pub(super) fn dead_letter(
    connection: &Connection,
    id: DeadLetterId,
) -> Result<Option<DeadLetter>, Failure> {
    let reader = Rows::load(connection)?;
    let sql = format!("SELECT {DEAD_LETTER_COLUMNS} FROM dead_letters WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.to_bytes()])?;
    match rows.next()? {
        Some(row) => reader.dead_letter(row).map(Some),
        None => Ok(None),
    }
}

/// A page of dead letters, the newest first arrival first. They are bounded in number by their bytes, so
/// a walk over them is short and the total is exact.
pub(super) fn dead_letters(
    connection: &Connection,
    filter: &DeadLetterFilter,
    page: PageRequest,
) -> Result<DeadLetterPage, Failure> {
    let reader = Rows::load(connection)?;
    let (source, reason, resolved, since, until) = parameters(filter);
    let limit = page.limit.min(DEAD_LETTERS_PER_PAGE_MAX);
    let before = page.before.map_or(i64::MAX, signed);
    let sql = format!(
        "SELECT {DEAD_LETTER_COLUMNS} FROM dead_letters WHERE {WHERE} AND seq < ?6
         ORDER BY seq DESC LIMIT ?7"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let wanted = signed(limit as u64 + 1);
    let mut rows = statement.query(params![
        source, reason, resolved, since, until, before, wanted
    ])?;
    let mut answer = DeadLetterPage::default();
    while let Some(row) = rows.next()? {
        if answer.items.len() == limit {
            answer.next = answer.items.last().map(|last| last.seq);
            break;
        }
        answer.items.push(reader.dead_letter(row)?);
    }
    if page.total {
        let value: i64 = connection
            .prepare_cached(&format!("SELECT count(*) FROM dead_letters WHERE {WHERE}"))?
            .query_row(params![source, reason, resolved, since, until], |row| {
                row.get(0)
            })?;
        answer.total = Some(Total {
            value: unsigned(value),
            exact: true,
        });
    }
    Ok(answer)
}

/// Dead letters by reason and source, the largest group first. No raw bytes are read.
pub(super) fn groups(
    connection: &Connection,
    filter: &DeadLetterFilter,
) -> Result<Vec<DeadLetterGroup>, Failure> {
    let (source, reason, resolved, since, until) = parameters(filter);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT g.reason, s.name, g.letters, g.whole, g.records, g.first, g.last, d.detail, d.id
         FROM (SELECT reason, source_id, count(*) AS letters,
                 sum(octet_length(raw) = full_bytes) AS whole, sum(count) AS records,
                 min(first_seen) AS first, max(last_seen) AS last, max(seq) AS newest
             FROM dead_letters WHERE {WHERE} GROUP BY reason, source_id) g
         JOIN dead_letters d ON d.seq = g.newest JOIN sources s ON s.id = g.source_id
         ORDER BY g.letters DESC, g.reason, s.name"
    ))?;
    let mut rows = statement.query(params![source, reason, resolved, since, until])?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next()? {
        let (code, source): (String, String) = (row.get(0)?, row.get(1)?);
        groups.push(DeadLetterGroup {
            reason: Reason::from_code(&code).ok_or_else(|| {
                Failure::Permanent(format!("a dead letter has the unknown reason `{code}`"))
            })?,
            source_id: SourceId::new(&source),
            letters: unsigned(row.get(2)?),
            whole: unsigned(row.get(3)?),
            records: unsigned(row.get(4)?),
            first_seen: Timestamp::from_nanos(row.get(5)?),
            last_seen: Timestamp::from_nanos(row.get(6)?),
            example: row.get(7)?,
            example_id: DeadLetterId::from_bytes(row.get(8)?),
        });
    }
    Ok(groups)
}
