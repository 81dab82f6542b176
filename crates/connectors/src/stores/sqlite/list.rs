//! Pages of alerts: by the live index where it answers, otherwise by a walk from the newest arrival.

use cresset_model::alert::{AlertRow, Seq};
use cresset_model::ports::{AlertPage, PageRequest, Total};
use cresset_model::query::{Filter, Term, Test, Word};
use rusqlite::{Connection, Row, params};

use super::books::{signed, unsigned};
use super::error::Failure;
use super::feed::Feed;
use super::rows::{self, Rows, alert_columns};

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
    if filter.terms.iter().all(is_positive_word) && !filter.terms.is_empty() {
        // The index would name every row, one at a time.
        return walk(connection, filter, page).map(Some);
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

fn is_positive_word(term: &Term) -> bool {
    !term.negated && matches!(term.test, Test::Word(_))
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
    let words = filter.words();
    each(connection, page.before, |row| {
        if answer.items.len() == limit || tested == TESTED_ROWS_MAX {
            // A full page has a next one only if another row matches; one that was cut always has.
            is_cut = tested == TESTED_ROWS_MAX || row.passes(filter, &words)?.is_some();
            tested += 1;
            return Ok(!is_cut);
        }
        tested += 1;
        last = Some(row.seq()?);
        answer.items.extend(row.passes(filter, &words)?);
        Ok(true)
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
    let words = filter.words();
    each(connection, None, |row| {
        if tested == TESTED_ROWS_MAX {
            exact = false;
            return Ok(false);
        }
        tested += 1;
        value += u64::from(row.passes(filter, &words)?.is_some());
        Ok(true)
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
            return Ok(false);
        }
        tested += 1;
        look(&row.read()?);
        Ok(true)
    })?;
    Ok(all)
}

/// A row that has not been read out.
struct Stored<'a> {
    row: &'a Row<'a>,
    reader: &'a Rows,
}

impl Stored<'_> {
    fn seq(&self) -> Result<Seq, Failure> {
        Ok(unsigned(self.row.get(0)?))
    }

    fn read(&self) -> Result<AlertRow, Failure> {
        self.reader.alert(self.row, 0)
    }

    /// The row if it passes. Most that lack a word are told apart before anything is copied.
    fn passes(&self, filter: &Filter, words: &[Word]) -> Result<Option<AlertRow>, Failure> {
        for word in words {
            if !rows::may_have(self.row, word)? {
                return Ok(None);
            }
        }
        Ok(Some(self.read()?).filter(|row| filter.matches(row)))
    }
}

/// Hands over rows from the newest arrival on while `keep_on` says so.
fn each(
    connection: &Connection,
    before: Option<Seq>,
    mut keep_on: impl FnMut(Stored<'_>) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let reader = Rows::load(connection)?;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        alert_columns!(),
        " FROM alert_rows r WHERE r.seq < ?1 ORDER BY r.seq DESC"
    ))?;
    let mut rows = statement.query(params![before.map_or(i64::MAX, signed)])?;
    while let Some(row) = rows.next()? {
        let reader = &reader;
        if !keep_on(Stored { row, reader })? {
            break;
        }
    }
    Ok(())
}
