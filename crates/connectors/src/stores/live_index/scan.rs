//! Runs a plan over columns, a block of rows at a time: one tight loop for each check.

use std::ops::Range;

use cresset_model::query::AddressField;

use super::chunk::Chunk;
use super::codes::CodeSet;
use super::compile::{Addresses, Check, Plan, Times};
use super::picked::{BLOCK_ROWS, Picked};
use super::row::SeverityByte;

/// Keeps of the picked rows of a block those that pass.
pub(super) fn select(plan: &Plan, chunk: &Chunk, rows: &Range<usize>, picked: &mut Picked) {
    if plan.nothing {
        picked.clear();
    }
    for check in &plan.checks {
        if picked.is_empty() {
            return;
        }
        match check {
            Check::Ingested(times) => match times.of_all(chunk.ingested_span()) {
                Some(true) => {}
                Some(false) => picked.clear(),
                None => ingested(times, chunk, rows, picked),
            },
            Check::Severity(passing) => {
                let severities = part(&chunk.severities, rows);
                picked.retain(|row| {
                    let byte = severities.get(row);
                    byte.is_some_and(|byte| passing[byte.severity_index()])
                });
            }
            Check::Source(set) => by_code(set, part(&chunk.sources, rows), picked),
            Check::Pipeline(set) => by_code(set, part(&chunk.pipelines, rows), picked),
            Check::Threat(set) => by_code(set, part(&chunk.threats, rows), picked),
            Check::Country(set) => by_code(set, part(&chunk.countries, rows), picked),
            Check::User(set) => by_code(set, part(&chunk.users, rows), picked),
            Check::Created(times) => match times.of_all(chunk.created_span()) {
                Some(true) => {}
                Some(false) => picked.clear(),
                None => {
                    let instants = part(&chunk.created_at, rows);
                    picked.retain(|row| instants.get(row).is_some_and(|at| times.pass(*at)));
                }
            },
            Check::Address(field, addresses) => {
                by_address(*field, addresses, (chunk, rows), picked);
            }
            Check::Updated(times) => updated(times, chunk, rows, picked),
        }
    }
}

pub(super) fn part<'a, T>(column: &'a [T], rows: &Range<usize>) -> &'a [T] {
    column.get(rows.clone()).unwrap_or_default()
}

fn by_code<C: Copy + Into<u32>>(set: &CodeSet, codes: &[C], picked: &mut Picked) {
    picked.retain(|row| {
        codes
            .get(row)
            .is_some_and(|code| set.contains((*code).into()))
    });
}

fn by_address(
    field: AddressField,
    addresses: &Addresses,
    (chunk, rows): (&Chunk, &Range<usize>),
    picked: &mut Picked,
) {
    let (column, flag) = match field {
        AddressField::SrcIp => (&chunk.src_ips, SeverityByte::SRC_IS_V6),
        AddressField::DstIp => (&chunk.dst_ips, SeverityByte::DST_IS_V6),
    };
    let column = part(column, rows);
    let severities = part(&chunk.severities, rows);
    let at = |row: usize| column.get(row).copied().zip(severities.get(row).copied());
    if let Some((base, mask)) = addresses.only_network() {
        // Most rows fall here, by one comparison.
        picked.retain(|row| {
            at(row).is_some_and(|(address, byte)| address & mask == base || byte.0 & flag != 0)
        });
    }
    picked.retain(|row| {
        at(row).is_some_and(|(address, byte)| {
            if byte.0 & flag != 0 {
                addresses.v6.contains(address)
            } else {
                addresses.pass_v4(address)
            }
        })
    });
}

/// Says of each row of a block whether its time of arrival passes.
fn arrivals(times: &Times, chunk: &Chunk, rows: &Range<usize>) -> [bool; BLOCK_ROWS] {
    let mut passes = [false; BLOCK_ROWS];
    for (run, at) in chunk.ingested(rows) {
        if times.pass(at) {
            let run = run.start - rows.start..run.end - rows.start;
            passes.get_mut(run).unwrap_or_default().fill(true);
        }
    }
    passes
}

fn ingested(times: &Times, chunk: &Chunk, rows: &Range<usize>, picked: &mut Picked) {
    let passes = arrivals(times, chunk, rows);
    picked.retain(|row| passes[row % BLOCK_ROWS]);
}

/// A row was last updated when it came, unless the chunk says otherwise.
fn updated(times: &Times, chunk: &Chunk, rows: &Range<usize>, picked: &mut Picked) {
    let mut passes = arrivals(times, chunk, rows);
    for (row, at) in chunk.updated(rows) {
        if let Some(passes) = passes.get_mut(row - rows.start) {
            *passes = times.pass(at);
        }
    }
    picked.retain(|row| passes[row % BLOCK_ROWS]);
}
