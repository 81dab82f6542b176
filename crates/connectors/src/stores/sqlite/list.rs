//! Pages of alerts: by the live index where it answers, otherwise by a walk from the newest arrival.

use cresset_model::alert::{AlertRow, Seq};
use cresset_model::ports::{AlertPage, PageRequest, Total};
use cresset_model::query::Filter;
use rusqlite::{Connection, params};

use super::books::signed;
use super::error::Failure;
use super::rows::{Rows, alert_columns};

/// Alerts on one page.
pub(super) const ALERTS_PER_PAGE_MAX: usize = 10_000;
/// Rows that one query tests. A page that is not full by then goes on at its `next`, and a count that
/// is not done is a lower bound.
pub(super) const TESTED_ROWS_MAX: usize = 200_000;

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

/// A page by the live index; `None` if it does not answer.
pub(super) fn by_index(
    _connection: &Connection,
    _feed: &super::feed::Feed,
    _filter: &Filter,
    _page: PageRequest,
) -> Result<Option<AlertPage>, Failure> {
    Ok(None)
}
