//! Alerts as the store gives them back.

use std::net::IpAddr;

use crate::provenance::{Context, Marks};
use crate::{AlertId, Severity, SourceId, Timestamp};

/// Place of an alert in the order of arrival; never given twice.
pub type Seq = u64;
/// Position in the change log; grows with every new or changed row.
pub type Position = u64;

/// An alert without its bodies: what lists show and filters test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Place in the order of arrival.
    pub seq: Seq,
    /// Identity.
    pub id: AlertId,
    /// The configured source it came from.
    pub source_id: SourceId,
    /// The vendor's own kind of source.
    pub source: String,
    /// The vendor's id.
    pub upstream_id: String,
    /// How bad it claims to be.
    pub severity: Severity,
    /// What a detection of ours says about it, such as `High severity detected`; `None` for an alert that
    /// came as one.
    pub title: Option<String>,
    /// What it says.
    pub description: String,
    /// The address that acted.
    pub src_ip: IpAddr,
    /// The address acted upon, if the record names one.
    pub dst_ip: Option<IpAddr>,
    /// When the vendor says it happened.
    pub created_at: Timestamp,
    /// When it was first stored.
    pub ingested_at: Timestamp,
    /// When its content last changed.
    pub updated_at: Timestamp,
    /// Country code of `dst_ip`.
    pub country: Option<String>,
    /// User behind `src_ip`.
    pub user: Option<String>,
    /// Grows by one with each change of content, from 1.
    pub revision: u32,
    /// What happened on the way.
    pub marks: Marks,
}

/// An alert with everything that explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertDetail {
    /// The row.
    pub row: AlertRow,
    /// The record as received.
    pub raw: Vec<u8>,
    /// The record with its additions spliced in, where the pipeline writes one.
    pub enriched: Option<Vec<u8>>,
    /// What fired, with its evidence.
    pub matches: Vec<StoredMatch>,
    /// Which tables and adapter made it.
    pub context: Context,
    /// Former contents, the newest first; bounded.
    pub revisions: Vec<Revision>,
}

/// A detection that fired on an alert, as stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StoredMatch {
    /// The rule: `threat.severity`, `threat.list` or `indicators`.
    pub rule: String,
    /// The field that matched.
    pub field: String,
    /// The value that matched, as the record has it.
    pub value: String,
    /// The list, for a list's match.
    pub list: Option<String>,
    /// The entry of the list that matched, such as `203.0.113.0/24`.
    pub entry: Option<String>,
    /// Where the entry comes from, such as the file of the list.
    pub origin: Option<String>,
}

/// A former content of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub revision: u32,
    /// When it was replaced.
    pub replaced_at: Timestamp,
    /// Its severity.
    pub severity: Severity,
    /// Its description.
    pub description: String,
    /// Its record as received.
    pub raw: Vec<u8>,
}

/// What a change-log entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The alert is new.
    New,
    /// Its content changed.
    Changed,
}

/// One entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its position.
    pub position: Position,
    /// The alert's revision at that position.
    pub revision: u32,
    /// New or changed.
    pub kind: ChangeKind,
    /// The alert as it is now; `None` if retention has taken it.
    pub row: Option<AlertRow>,
}
