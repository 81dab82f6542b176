//! Pages of alerts: by the live index where it answers, otherwise by a walk from the newest arrival.

use cresset_model::alert::{AlertRow, Seq};
use cresset_model::ports::{AlertPage, PageRequest, Total};
use cresset_model::query::Filter;
use rusqlite::{Connection, params};

use super::books::signed;
use super::error::Failure;
use super::feed::Feed;
use super::rows::{Rows, alert_columns};

/// Alerts on one page.
pub(super) const ALERTS_PER_PAGE_MAX: usize = 10_000;
/// Rows that one query tests. A page that is not full by then goes on at its `next`, and a count that
/// is not done is a lower bound.
pub(super) const TESTED_ROWS_MAX: usize = 50_000;

/// Candidates asked for at once when the index cannot decide the filter alone.
const CANDIDATES_MIN: usize = 256;

/// A page by the live index; `None` if it does not answer. Rows are tested again: one may have changed
/// since the index was asked, or the index may only know candidates.
pub(super) fn by_index(
    connection: &Connection,
    feed: &Feed,
    filter: &Filter,
    page: PageRequest,
) -> Result<Option<AlertPage>, Failure> {
    let limit = page.limit.min(ALERTS_PER_PAGE_MAX);
    let mut answer = AlertPage::default();
    if limit == 0 {
        return Ok(Some(answer));
    }
    let (mut before, mut tested, mut wanted) = (page.before, 0, limit + 1);
    let Some(mut candidates) = feed.page(filter, before, wanted) else {
        return Ok(None);
    };
    let reader = Rows::load(connection)?;
    loop {
        for seq in &candidates.seqs {
            before = Some(*seq);
            tested += 1;
            let row = by_seq(connection, &reader, *seq)?;
            let Some(row) = row.filter(|row| filter.matches(row)) else {
                continue;
            };
            if answer.items.len() == limit {
                answer.next = answer.items.last().map(|item| item.seq);
                return Ok(Some(answer));
            }
            answer.items.push(row);
        }
        if candidates.exhausted || candidates.seqs.is_empty() {
            return Ok(Some(answer));
        }
        if tested >= TESTED_ROWS_MAX {
            answer.next = before;
            return Ok(Some(answer));
        }
        wanted =
            (limit + 1 - answer.items.len()).max(if candidates.exact { 1 } else { CANDIDATES_MIN });
        candidates = match feed.page(filter, before, wanted) {
            Some(candidates) => candidates,
            None => return Ok(None),
        };
    }
}

fn by_seq(connection: &Connection, reader: &Rows, seq: Seq) -> Result<Option<AlertRow>, Failure> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        " FROM alert_rows r WHERE r.seq = ?1"
    ))?;
    let mut rows = statement.query([signed(seq)])?;
    match rows.next()? {
        Some(row) => reader.alert(row, 0).map(Some),
        None => Ok(None),
    }
}

/// A page by a walk from the newest arrival.
pub(super) fn walk(
    connection: &Connection,
    filter: &Filter,
    page: PageRequest,
) -> Result<AlertPage, Failure> {
    let limit = page.limit.min(ALERTS_PER_PAGE_MAX);
    let mut answer = AlertPage::default();
    let (mut tested, mut last) = (0, None);
    let mut is_cut = false;
    each(connection, page.before, |row| {
        if answer.items.len() == limit || tested == TESTED_ROWS_MAX {
            // A full page has a next one only if another row matches; one that was cut always has.
            is_cut = tested == TESTED_ROWS_MAX || filter.matches(&row);
            tested += 1;
            return !is_cut;
        }
        tested += 1;
        last = Some(row.seq);
        if filter.matches(&row) {
            answer.items.push(row);
        }
        true
    })?;
    if is_cut && limit > 0 {
        answer.next = if answer.items.len() == limit {
            answer.items.last().map(|item| item.seq)
        } else {
            last
        };
    }
    Ok(answer)
}

/// How many alerts match, by a walk.
pub(super) fn count(connection: &Connection, filter: &Filter) -> Result<Total, Failure> {
    let (mut tested, mut value, mut exact) = (0, 0, true);
    each(connection, None, |row| {
        if tested == TESTED_ROWS_MAX {
            exact = false;
            return false;
        }
        tested += 1;
        value += u64::from(filter.matches(&row));
        true
    })?;
    Ok(Total { value, exact })
}

/// Hands the newest rows to `look`, as many as one query tests; says whether those were all.
pub(super) fn newest(
    connection: &Connection,
    mut look: impl FnMut(&AlertRow),
) -> Result<bool, Failure> {
    let (mut tested, mut all) = (0, true);
    each(connection, None, |row| {
        if tested == TESTED_ROWS_MAX {
            all = false;
            return false;
        }
        tested += 1;
        look(&row);
        true
    })?;
    Ok(all)
}

/// Hands over rows from the newest arrival on while `keep_on` says so.
fn each(
    connection: &Connection,
    before: Option<Seq>,
    mut keep_on: impl FnMut(AlertRow) -> bool,
) -> Result<(), Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        " FROM alert_rows r WHERE r.seq < ?1 ORDER BY r.seq DESC"
    ))?;
    let mut rows = statement.query(params![before.map_or(i64::MAX, signed)])?;
    while let Some(row) = rows.next()? {
        if !keep_on(reader.alert(row, 0)?) {
            break;
        }
    }
    Ok(())
}
