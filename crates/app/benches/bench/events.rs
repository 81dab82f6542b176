//! Events of the producer, invented from a seed and brought to the sizes that are measured.

use std::sync::Arc;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use cresset_sim::producer::{Producer, ProducerConfig};

use crate::numbers::Numbers;

/// The seed of everything that is invented.
pub(crate) const SEED: u64 = 7;
/// Addresses that talk, in the bench that is like real traffic.
const TALKERS: u32 = 20_000;

/// Who sends the events, one in ten aside.
#[derive(Clone, Copy)]
pub(crate) enum Senders {
    /// 20,000 addresses, few of which send much and most of which send little.
    Talkers,
    /// Any public address: the worst for caches.
    Uniform,
}

/// How long a record is, about.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    /// 250 bytes: the event and two fields of a sensor.
    Short,
    /// 1.8 KB: the same and what was seen on the wire, nested.
    Long,
}

/// The instant that dates all events.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// The instant of everything that is invented.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(1_769_860_800).unwrap_or_default()
}

/// So many lines.
pub(crate) fn lines(count: usize, senders: Senders, size: Size) -> Vec<u8> {
    let config = ProducerConfig {
        seed: Some(SEED),
        talkers: match senders {
            Senders::Talkers => Some(TALKERS),
            Senders::Uniform => None,
        },
    };
    let mut producer = Producer::new(config, Arc::new(Fixed));
    let mut numbers = Numbers::of(SEED);
    let mut out = Vec::new();
    for _ in 0..count {
        producer.write_many(1, &mut out);
        // Before the closing brace and the line feed there is room for more.
        out.truncate(out.len().saturating_sub(2));
        let sensor = numbers.below(64);
        let flow = 1_000_000_000_000 + (numbers.next() >> 24);
        out.extend_from_slice(
            format!(r#","sensor":"sensor-{sensor:02}.edge.example.net","flow_id":{flow}"#)
                .as_bytes(),
        );
        if matches!(size, Size::Long) {
            out.extend_from_slice(wire(&mut numbers).as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }
    out
}

/// What a sensor saw on the wire, some 1,550 bytes.
fn wire(numbers: &mut Numbers) -> String {
    let mut number = |end| numbers.below(end);
    let headers: Vec<String> = (0..8)
        .map(|index| {
            let value = number(1_000_000_000);
            format!(r#"{{"name":"x-header-{index}","value":"value {value} of a header, \"quoted\"","bytes":{value}}}"#)
        })
        .collect();
    let packets: Vec<String> = (0..24).map(|_| (number(1_400) + 64).to_string()).collect();
    format!(
        r#","flow":{{"packets":{},"bytes":{},"start":"2026-01-31T11:59:5{}Z","state":"established","sizes":[{}],"alerted":false,"ratio":0.{}7}},"http":{{"method":"GET","host":"host-{}.example.org","url":"/a/path/of/some/length/{}/index.html","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","status":200,"headers":[{}],"cookie":null}},"tls":{{"version":"TLS 1.3","sni":"host-{}.example.org","ja3":"{:032x}","valid":true}}"#,
        number(90_000) + 1,
        number(9_000_000),
        number(10),
        packets.join(","),
        number(1_000) + 100,
        number(5_000),
        number(1_000_000),
        headers.join(","),
        number(5_000),
        u128::from(number(u32::MAX)),
    )
}

/// So many addresses for a list, the producer's bad ones among them, one a line.
pub(crate) fn indicators(count: usize) -> String {
    let mut numbers = Numbers::of(SEED + 1);
    let mut out = String::new();
    let bad = cresset_sim::producer::MALICIOUS;
    let others = std::iter::repeat_with(|| std::net::Ipv4Addr::from(numbers.below(u32::MAX)));
    for address in bad.into_iter().chain(others).take(count) {
        out.push_str(&address.to_string());
        out.push('\n');
    }
    out
}
