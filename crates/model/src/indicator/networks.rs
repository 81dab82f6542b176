//! Networks as ranges, the longest prefix first in its range.

use std::net::IpAddr;

use super::numbers::Jumps;
use crate::ip::Network;

/// The prefix of a range that no network holds.
const NONE: u8 = u8::MAX;

/// Networks of both families. Networks nest or lie apart, so that `n` of them make at most `2n` ranges.
#[derive(Debug, Clone, Default)]
pub(super) struct Networks {
    v4_starts: Vec<u32>,
    v4_prefixes: Vec<u8>,
    v4_jumps: Jumps,
    v6_starts: Vec<u128>,
    v6_prefixes: Vec<u8>,
    count: usize,
}

impl Networks {
    pub(super) fn new(networks: Vec<Network>) -> Self {
        let (v4, v6): (Vec<_>, Vec<_>) = networks.into_iter().partition(|n| n.base.is_ipv4());
        let (v4_ranges, v4_count) = ranges(&v4, 32);
        let (v6_ranges, v6_count) = ranges(&v6, 128);
        let narrow = |(start, _): &(u128, u8)| u32::try_from(*start).unwrap_or(u32::MAX);
        let v4_starts: Vec<u32> = v4_ranges.iter().map(narrow).collect();
        Self {
            v4_jumps: Jumps::of(&v4_starts),
            v4_starts,
            v4_prefixes: v4_ranges.iter().map(|(_, prefix)| *prefix).collect(),
            v6_starts: v6_ranges.iter().map(|(start, _)| *start).collect(),
            v6_prefixes: v6_ranges.iter().map(|(_, prefix)| *prefix).collect(),
            count: v4_count + v6_count,
        }
    }

    /// The network with the longest prefix that holds the address.
    pub(super) fn longest(&self, address: IpAddr) -> Option<Network> {
        let (after, prefixes) = match address {
            IpAddr::V4(v4) => {
                let number = u32::from(v4);
                let (below, near) = self.v4_jumps.narrow(&self.v4_starts, number);
                let after = below + near.partition_point(|start| *start <= number);
                (after, &self.v4_prefixes)
            }
            IpAddr::V6(v6) => {
                let number = u128::from(v6);
                let after = self.v6_starts.partition_point(|start| *start <= number);
                (after, &self.v6_prefixes)
            }
        };
        let prefix = *prefixes.get(after.checked_sub(1)?)?;
        (prefix != NONE).then(|| Network::of(address, prefix))
    }

    /// Number of distinct networks.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

/// The starts of ranges with the longest prefix that holds each, and the number of distinct networks.
fn ranges(networks: &[Network], width: u32) -> (Vec<(u128, u8)>, usize) {
    let number = |network: &Network| match network.base {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    };
    // The outer network comes before those within it.
    let mut sorted: Vec<(u128, u8)> = networks
        .iter()
        .map(|network| (number(network), network.prefix))
        .collect();
    sorted.sort_unstable();
    sorted.dedup();
    let last_of = |(start, prefix): (u128, u8)| {
        let hosts = width - u32::from(prefix);
        start | 1_u128.checked_shl(hosts).map_or(u128::MAX, |size| size - 1)
    };
    let mut out: Vec<(u128, u8)> = Vec::with_capacity(2 * sorted.len());
    let mut open: Vec<(u128, u8)> = Vec::new();
    let count = sorted.len();
    for network in sorted {
        close(&mut open, &mut out, last_of, Some(network.0));
        begin(&mut out, network.0, network.1);
        open.push(network);
    }
    close(&mut open, &mut out, last_of, None);
    let end = 1_u128.checked_shl(width).unwrap_or(0);
    // A range that would begin after the last address of the family holds none.
    if end != 0 && out.last().is_some_and(|(start, _)| *start >= end) {
        out.pop();
    }
    (out, count)
}

/// Ends the networks that do not reach as far as `next`; what follows each belongs to the one around it.
fn close(
    open: &mut Vec<(u128, u8)>,
    out: &mut Vec<(u128, u8)>,
    last_of: impl Fn((u128, u8)) -> u128,
    next: Option<u128>,
) {
    while let Some(inner) = open.last().copied() {
        let last = last_of(inner);
        if next.is_some_and(|next| next <= last) {
            return;
        }
        open.pop();
        if let Some(after) = last.checked_add(1) {
            begin(out, after, open.last().map_or(NONE, |(_, prefix)| *prefix));
        }
    }
}

/// Begins a range; one that began at the same address was empty and gives way.
fn begin(out: &mut Vec<(u128, u8)>, start: u128, prefix: u8) {
    match out.last_mut() {
        Some(last) if last.0 == start => last.1 = prefix,
        _ => out.push((start, prefix)),
    }
}
