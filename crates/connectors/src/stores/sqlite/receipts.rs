//! The receipts of the latest commits, for those whose answers were lost.

use cresset_model::ports::{RECEIPTS_KEPT, Receipt, Ticket, Upsert};
use cresset_model::source::Counters;
use rusqlite::{Connection, OptionalExtension, params};

use super::books::signed;
use super::error::Failure;

/// Stores a receipt in the place of the one that is [`RECEIPTS_KEPT`] tickets older.
pub(super) fn keep(
    connection: &Connection,
    source: i64,
    ticket: Ticket,
    receipt: &Receipt,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO receipts (source_id, slot, ticket, receipt) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source_id, slot) DO UPDATE SET ticket = excluded.ticket,
                 receipt = excluded.receipt",
        )?
        .execute(params![source, slot(ticket), name(ticket), write(receipt)])?;
    Ok(())
}

/// The receipt of a commit, if it was carried out. Its head is left to the caller.
pub(super) fn find(
    connection: &Connection,
    source: &str,
    ticket: Ticket,
) -> Result<Option<Receipt>, Failure> {
    let written: Option<String> = connection
        .prepare_cached(
            "SELECT receipt FROM receipts
             WHERE source_id = (SELECT id FROM sources WHERE name = ?1) AND slot = ?2 AND ticket = ?3",
        )?
        .query_row(params![source, slot(ticket), name(ticket)], |row| row.get(0))
        .optional()?;
    let unreadable = || Failure::Permanent("a stored receipt cannot be read".to_owned());
    written
        .map(|text| read(&text).ok_or_else(unreadable))
        .transpose()
}

fn slot(ticket: Ticket) -> i64 {
    signed(ticket.number % RECEIPTS_KEPT)
}

fn name(ticket: Ticket) -> [u8; 16] {
    (u128::from(ticket.run) << 64 | u128::from(ticket.number)).to_be_bytes()
}

/// The counts, and a letter for each alert.
fn write(receipt: &Receipt) -> String {
    let c = &receipt.counts;
    let counts = [
        c.read,
        c.redriven,
        c.new,
        c.changed,
        c.same,
        c.passed,
        c.filtered,
        c.dead,
        c.enrich_misses,
        c.late,
    ];
    let mut text = counts.map(|count| count.to_string()).join(" ");
    text.push(' ');
    text.extend(receipt.upserts.iter().map(|upsert| match upsert {
        Upsert::New => 'n',
        Upsert::Changed => 'c',
        Upsert::Same => 's',
        Upsert::Dead => 'd',
    }));
    text
}

fn read(text: &str) -> Option<Receipt> {
    let (counts, upserts) = text.rsplit_once(' ')?;
    let counts: Vec<u64> = counts
        .split(' ')
        .map(|count| count.parse().ok())
        .collect::<Option<_>>()?;
    // A receipt of a former version has no count of late rows.
    let (counts, late) = match counts[..] {
        [ref former @ .., late] if former.len() == 9 => (former, late),
        ref former => (former, 0),
    };
    let &[
        read,
        redriven,
        new,
        changed,
        same,
        passed,
        filtered,
        dead,
        enrich_misses,
    ] = counts
    else {
        return None;
    };
    let upsert = |letter| match letter {
        'n' => Some(Upsert::New),
        'c' => Some(Upsert::Changed),
        's' => Some(Upsert::Same),
        'd' => Some(Upsert::Dead),
        _ => None,
    };
    Some(Receipt {
        counts: Counters {
            read,
            redriven,
            new,
            changed,
            same,
            passed,
            filtered,
            dead,
            enrich_misses,
            late,
        },
        upserts: upserts.chars().map(upsert).collect::<Option<_>>()?,
        head: 0,
    })
}
