//! Rows of stored alerts, invented.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use cresset_model::alert::AlertRow;
use cresset_model::provenance::Marks;
use cresset_model::{AlertId, Severity, SourceId};

use crate::events::{SEED, now};
use crate::numbers::Numbers;

const COUNTRIES: [&str; 8] = ["US", "CN", "DE", "FR", "BR", "IN", "JP", "GB"];
const SOURCES: [&str; 5] = ["firewall", "waf", "ips", "nac", "vpn_gateway"];

/// So many rows, one second after the other, the last one now.
pub(crate) fn rows(count: u32) -> Vec<AlertRow> {
    let mut numbers = Numbers::of(SEED);
    let source_id = SourceId::new("bench");
    (0..count)
        .map(|index| {
            let at = now().minus(Duration::from_secs(u64::from(count - index)));
            let upstream_id = format!("alert-{index}");
            let source = SOURCES[numbers.below(5) as usize];
            AlertRow {
                seq: u64::from(index) + 1,
                id: AlertId::derive(&source_id, source, &upstream_id),
                source_id: source_id.clone(),
                source: source.to_owned(),
                upstream_id,
                severity: Severity::ALL[numbers.below(6) as usize],
                title: None,
                description: format!("Event {index} of {source}"),
                src_ip: address(&mut numbers),
                dst_ip: Some(address(&mut numbers)),
                created_at: at,
                ingested_at: at,
                updated_at: at,
                country: Some(COUNTRIES[numbers.below(8) as usize].to_owned()),
                user: Some(format!("user-{}", numbers.below(100))),
                revision: 1,
                marks: Marks::default(),
            }
        })
        .collect()
}

fn address(numbers: &mut Numbers) -> IpAddr {
    Ipv4Addr::from(numbers.below(u32::MAX)).into()
}
