//! An alert that an upstream tells, and its written forms.

use std::net::Ipv4Addr;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ip;

use crate::rng::Rng;

const STANDARD: [&str; 5] = ["firewall", "ngfw", "ips", "vpn_gateway", "router_acl"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// Every source that both formats know.
pub(super) const SOURCES: [&str; 10] = [
    "firewall",
    "ngfw",
    "ips",
    "vpn_gateway",
    "router_acl",
    "waf",
    "swg",
    "nac",
    "api_gateway",
    "load_balancer",
];

/// An alert as it must be in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The upstream's id.
    pub id: String,
    /// The kind of device, which decides the format.
    pub source: &'static str,
    /// `low` to `critical`, or `unknown`.
    pub severity: &'static str,
    /// The text.
    pub description: String,
    /// Where it came from.
    pub src_ip: String,
    /// What it went to.
    pub dst_ip: String,
    /// When it arose.
    pub created_at: Timestamp,
}

impl Alert {
    pub(super) fn new(id: String, created_at: Timestamp, rng: &mut Rng) -> Self {
        let (source, level) = (*rng.pick(&SOURCES), *rng.pick(&SEVERITIES));
        let [a, b] = [rng.byte(0, 255), rng.byte(1, 254)];
        Self {
            description: format!("Seen {id} at {source}"),
            id,
            source,
            severity: level,
            src_ip: Ipv4Addr::new(192, 168, a, b).to_string(),
            dst_ip: public_address(rng),
            created_at,
        }
    }

    /// The same from another kind of device.
    #[must_use]
    pub(super) fn of_source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// The same with another severity.
    #[must_use]
    pub(super) fn of_severity(mut self, severity: &'static str) -> Self {
        self.severity = severity;
        self
    }

    /// The same with another text.
    #[must_use]
    pub(super) fn saying(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// The next higher severity, or the highest.
    pub(super) fn raised(&self) -> &'static str {
        let at = SEVERITIES.iter().position(|known| *known == self.severity);
        let next = at.map_or(0, |at| (at + 1).min(SEVERITIES.len() - 1));
        SEVERITIES[next]
    }

    /// The fields of its format, each with its value as JSON.
    pub(super) fn form(&self) -> Form {
        let is_standard = STANDARD.contains(&self.source);
        let names = if is_standard {
            [
                "id",
                "severity",
                "description",
                "src_ip",
                "dst_ip",
                "created_at",
            ]
        } else {
            [
                "alertId",
                "criticality",
                "summary",
                "sourceAddress",
                "destinationAddress",
                "timestamp",
            ]
        };
        let level = SEVERITIES.iter().position(|known| *known == self.severity);
        let severity = if is_standard {
            text(self.severity)
        } else {
            level.map_or(0, |level| level + 1).to_string()
        };
        let [id, severity_name, description, src_ip, dst_ip, created_at] = names;
        Form(vec![
            (id.to_owned(), text(&self.id)),
            ("source".to_owned(), text(self.source)),
            (severity_name.to_owned(), severity),
            (description.to_owned(), text(&self.description)),
            (src_ip.to_owned(), text(&self.src_ip)),
            (dst_ip.to_owned(), text(&self.dst_ip)),
            (created_at.to_owned(), text(&self.created_at.to_exact())),
        ])
    }

    /// The alert as it is usually sent.
    pub(super) fn json(&self) -> String {
        self.form().json()
    }
}

/// A text as a JSON string.
pub(super) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A record under construction: keys, and values as JSON.
#[derive(Debug, Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The same with another value, or with one key more. `value` is JSON, or what is meant to be none.
    #[must_use]
    pub(super) fn with(mut self, key: &str, value: &str) -> Self {
        let known = self.0.iter_mut().find(|(known, _)| known == key);
        match known {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
        self
    }

    /// The same without a key.
    #[must_use]
    pub(super) fn without(mut self, key: &str) -> Self {
        self.0.retain(|(known, _)| known != key);
        self
    }

    /// The same under another name for a key.
    #[must_use]
    pub(super) fn renamed(mut self, key: &str, name: &str) -> Self {
        for (known, _) in &mut self.0 {
            if known == key {
                name.clone_into(known);
            }
        }
        self
    }

    /// The same with its last key first.
    #[must_use]
    pub(super) fn turned(mut self) -> Self {
        self.0.rotate_right(1);
        self
    }

    /// The record as JSON; keys are written as they are.
    pub(super) fn json(&self) -> String {
        self.joined(",", ":")
    }

    /// The same value with blanks wherever JSON allows them.
    pub(super) fn spacious(&self) -> String {
        self.joined(" ,\r\n\t", " :\t")
    }

    fn joined(&self, comma: &str, colon: &str) -> String {
        let pairs = self.0.iter();
        let pairs: Vec<String> = pairs
            .map(|(key, value)| format!("\"{key}\"{colon}{value}"))
            .collect();
        format!("{{{}}}", pairs.join(comma))
    }

    /// The record with the bytes `instead` wherever `mark` stands.
    pub(super) fn bytes(&self, mark: &str, instead: &[u8]) -> Bytes {
        let json = self.json();
        let mut bytes = Vec::with_capacity(json.len());
        let mut parts = json.split(mark);
        bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
        for part in parts {
            bytes.extend_from_slice(instead);
            bytes.extend_from_slice(part.as_bytes());
        }
        Bytes::from(bytes)
    }
}

fn public_address(rng: &mut Rng) -> String {
    loop {
        let [a, b, c, d] = [50, 0, 0, 1].map(|low| rng.byte(low, 150));
        let address = Ipv4Addr::new(a, b, c, d);
        if ip::is_public(address.into()) {
            return address.to_string();
        }
    }
}
