//! Runs a plan over columns, a block of rows at a time: one tight loop for each check.

use std::ops::Range;

use cresset_model::query::AddressField;

use super::chunk::Chunk;
use super::codes::CodeSet;
use super::compile::{Addresses, Check, Plan, Times};
use super::row::SeverityByte;

/// Rows that are looked at together: small enough that a short page reads little, large enough that
/// choosing the loop costs nothing.
pub(super) const BLOCK_ROWS: usize = 1 << 10;

/// Says for each of the rows, at most [`BLOCK_ROWS`], whether it passes.
pub(super) fn select(plan: &Plan, chunk: &Chunk, rows: &Range<usize>, keep: &mut [bool]) {
    keep.fill(!plan.nothing);
    if plan.nothing {
        return;
    }
    for check in &plan.checks {
        match check {
            Check::Ingested(times) => ingested(times, chunk, rows, keep),
            Check::Severity(passing) => {
                for (keep, byte) in keep.iter_mut().zip(part(&chunk.severities, rows)) {
                    *keep &= passing[byte.severity_index()];
                }
            }
            Check::Source(set) => by_code(set, part(&chunk.sources, rows), keep),
            Check::Pipeline(set) => by_code(set, part(&chunk.pipelines, rows), keep),
            Check::Threat(set) => by_code(set, part(&chunk.threats, rows), keep),
            Check::Country(set) => by_code(set, part(&chunk.countries, rows), keep),
            Check::User(set) => by_code(set, part(&chunk.users, rows), keep),
            Check::Created(times) => {
                for (keep, at) in keep.iter_mut().zip(part(&chunk.created_at, rows)) {
                    *keep &= times.pass(*at);
                }
            }
            Check::Address(field, addresses) => {
                let (column, flag) = match field {
                    AddressField::SrcIp => (&chunk.src_ips, SeverityByte::SRC_IS_V6),
                    AddressField::DstIp => (&chunk.dst_ips, SeverityByte::DST_IS_V6),
                };
                let severities = part(&chunk.severities, rows);
                let is_v6 = severities.iter().map(|byte| byte.0 & flag != 0);
                by_address(addresses, part(column, rows), is_v6, keep);
            }
            Check::Updated(times) => updated(times, chunk, rows, keep),
        }
        if !keep.contains(&true) {
            return;
        }
    }
}

pub(super) fn part<'a, T>(column: &'a [T], rows: &Range<usize>) -> &'a [T] {
    column.get(rows.clone()).unwrap_or_default()
}

fn by_code<C: Copy + Into<u32>>(set: &CodeSet, codes: &[C], keep: &mut [bool]) {
    for (keep, code) in keep.iter_mut().zip(codes) {
        *keep &= set.contains((*code).into());
    }
}

fn by_address(
    addresses: &Addresses,
    column: &[u32],
    is_v6: impl Iterator<Item = bool>,
    keep: &mut [bool],
) {
    for ((keep, address), is_v6) in keep.iter_mut().zip(column).zip(is_v6) {
        *keep = *keep
            && if is_v6 {
                addresses.v6.contains(*address)
            } else {
                addresses.pass_v4(*address)
            };
    }
}

fn ingested(times: &Times, chunk: &Chunk, rows: &Range<usize>, keep: &mut [bool]) {
    for (run, at) in chunk.ingested(rows) {
        if !times.pass(at) {
            let run = run.start - rows.start..run.end - rows.start;
            keep.get_mut(run).unwrap_or_default().fill(false);
        }
    }
}

/// A row was last updated when it came, unless the chunk says otherwise.
fn updated(times: &Times, chunk: &Chunk, rows: &Range<usize>, keep: &mut [bool]) {
    let mut passes = [true; BLOCK_ROWS];
    ingested(times, chunk, rows, &mut passes);
    for (row, at) in chunk.updated(rows) {
        if let Some(passes) = passes.get_mut(row - rows.start) {
            *passes = times.pass(at);
        }
    }
    for (keep, passes) in keep.iter_mut().zip(passes) {
        *keep &= passes;
    }
}
