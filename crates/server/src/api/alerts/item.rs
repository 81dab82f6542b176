//! An alert in an answer.

use cresset_model::alert::AlertRow;
use cresset_model::{AlertId, Severity, SourceId, Timestamp, ip};
use serde::Serialize;

/// What lists show of an alert.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    id: AlertId,
    pipeline: SourceId,
    source: String,
    upstream_id: String,
    severity: Severity,
    title: Option<String>,
    description: String,
    src_ip: String,
    dst_ip: Option<String>,
    created_at: Timestamp,
    ingested_at: Timestamp,
    updated_at: Timestamp,
    country: Option<String>,
    user: Option<String>,
    revision: u32,
}

impl From<AlertRow> for Item {
    fn from(row: AlertRow) -> Self {
        Self {
            id: row.id,
            pipeline: row.source_id,
            source: row.source,
            upstream_id: row.upstream_id,
            severity: row.severity,
            title: row.title,
            description: row.description,
            src_ip: ip::to_string(row.src_ip),
            dst_ip: row.dst_ip.map(ip::to_string),
            created_at: row.created_at,
            ingested_at: row.ingested_at,
            updated_at: row.updated_at,
            country: row.country,
            user: row.user,
            revision: row.revision,
        }
    }
}
