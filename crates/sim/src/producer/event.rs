//! An event and its one line of JSON.

use std::net::Ipv4Addr;

/// The kinds of event, each with its fixed description.
pub(super) const KINDS: [Kind; 5] = [
    Kind {
        event_type: "login_attempt",
        description: "User login attempt detected",
    },
    Kind {
        event_type: "port_scan",
        description: "Port scanning activity detected",
    },
    Kind {
        event_type: "malware_detected",
        description: "Malware signature detected",
    },
    Kind {
        event_type: "access_granted",
        description: "Access to resource granted",
    },
    Kind {
        event_type: "access_denied",
        description: "Access to resource denied",
    },
];
/// The severities, each as frequent as the others.
pub(super) const SEVERITIES: [&str; 3] = ["low", "medium", "high"];
/// Bytes of the longest event, its line feed included.
pub const EVENT_BYTES_MAX: usize = 196;

/// A kind of event.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) event_type: &'static str,
    pub(super) description: &'static str,
}

/// An event.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// `YYYY-MM-DDTHH:MM:SSZ`.
    pub(super) timestamp: &'a str,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) kind: &'static Kind,
    pub(super) severity: &'static str,
}

impl Event<'_> {
    /// Appends it and a line feed. No value needs an escape.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"timestamp":""#);
        out.extend_from_slice(self.timestamp.as_bytes());
        out.extend_from_slice(br#"","source_ip":""#);
        write_address(self.source, out);
        out.extend_from_slice(br#"","destination_ip":""#);
        write_address(self.destination, out);
        out.extend_from_slice(br#"","event_type":""#);
        out.extend_from_slice(self.kind.event_type.as_bytes());
        out.extend_from_slice(br#"","severity":""#);
        out.extend_from_slice(self.severity.as_bytes());
        out.extend_from_slice(br#"","description":""#);
        out.extend_from_slice(self.kind.description.as_bytes());
        out.extend_from_slice(b"\"}\n");
    }
}

fn write_address(address: Ipv4Addr, out: &mut Vec<u8>) {
    let [first, rest @ ..] = address.octets();
    write_octet(first, out);
    for octet in rest {
        out.push(b'.');
        write_octet(octet, out);
    }
}

fn write_octet(octet: u8, out: &mut Vec<u8>) {
    let digits = [octet / 100, octet / 10 % 10, octet % 10].map(|digit| b'0' + digit);
    let skipped = usize::from(octet < 100) + usize::from(octet < 10);
    out.extend_from_slice(&digits[skipped..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_octet_is_written_without_leading_zeros() {
        for octet in 0..=u8::MAX {
            let mut out = Vec::new();
            write_octet(octet, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), octet.to_string());
        }
    }

    #[test]
    fn the_longest_event_has_the_bytes_that_are_promised() {
        let longest = KINDS.iter().map(|kind| {
            let mut out = Vec::new();
            Event {
                timestamp: "2026-11-23T09:00:00Z",
                source: Ipv4Addr::new(100, 100, 100, 100),
                destination: Ipv4Addr::new(10, 100, 100, 100),
                kind,
                severity: "medium",
            }
            .write(&mut out);
            out.len()
        });
        assert_eq!(longest.max(), Some(EVENT_BYTES_MAX));
    }
}
