//! Records and answers as an upstream of the original service writes them.

use bytes::Bytes;
use cresset_model::{AlertId, SourceId, Timestamp};

/// An alert in the standard format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: u64,
    /// Grows when the vendor says something new of the same alert.
    pub(crate) version: u32,
    pub(crate) created: Timestamp,
}

impl Record {
    pub(crate) fn new(id: u64, created: Timestamp) -> Self {
        Self {
            id,
            version: 0,
            created,
        }
    }

    pub(crate) fn json(self) -> String {
        let Self {
            id,
            version,
            created,
        } = self;
        format!(
            "{{\"id\":\"a{id}\",\"source\":\"firewall\",\"severity\":\"high\",\"description\":\"version {version}\",\
             \"src_ip\":\"192.168.0.1\",\"dst_ip\":\"8.8.8.8\",\"created_at\":\"{created}\"}}"
        )
    }

    /// The identity it gets from a source.
    pub(crate) fn alert_id(self, source: &SourceId) -> AlertId {
        AlertId::derive(source, "firewall", &format!("a{}", self.id))
    }
}

/// A record that no pipeline takes, each number with bytes of its own.
pub(crate) fn broken(number: u64) -> String {
    format!("{{\"id\":\"b{number}\",\"source\":\"firewall\"}}")
}

/// An answer of these records.
pub(crate) fn array<T: AsRef<str>>(records: &[T]) -> Bytes {
    let records: Vec<&str> = records.iter().map(AsRef::as_ref).collect();
    Bytes::from(format!("[{}]", records.join(",")))
}

/// The same answer, cut off in the middle of the record after the first `whole` ones.
pub(crate) fn cut<T: AsRef<str>>(records: &[T], whole: usize) -> Bytes {
    let before: usize = records
        .iter()
        .take(whole)
        .map(|record| record.as_ref().len() + 1)
        .sum();
    array(records).slice(..1 + before + 20)
}
