//! Rows of the tables as values of the model.

use std::collections::HashMap;

use cresset_model::alert::{AlertRow, Change, ChangeKind, Revision, StoredMatch};
use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetter;
use cresset_model::outcome::Stage;
use cresset_model::provenance::Marks;
use cresset_model::query::Word;
use cresset_model::source::{Attempt, Trigger};
use cresset_model::{AlertId, DeadLetterId, Severity, SourceId, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::books::unsigned;
use super::error::Failure;

/// The columns that [`Rows::alert`] reads, of `alert_rows` as `r`.
macro_rules! alert_columns {
    () => {
        "r.seq, r.source_id, r.ingested_at, r.id, r.severity, r.created_at, r.updated_at, \
         r.revision, r.marks, r.source, r.upstream_id, r.src_ip, r.dst_ip, r.country, r.user, \
         r.description, r.title"
    };
}
pub(super) use alert_columns;

/// How many columns that are.
pub(super) const ALERT_COLUMNS: usize = 17;

/// The columns that [`Rows::dead_letter`] reads.
pub(super) const DEAD_LETTER_COLUMNS: &str = "seq, id, source_id, stage, reason, detail, upstream_id, count, first_seen, last_seen, \
     full_bytes, full_hash, raw, resolved_at, alert";

/// Reads rows; knows the names of the sources.
#[derive(Debug)]
pub(super) struct Rows {
    sources: HashMap<i64, SourceId>,
}

impl Rows {
    /// Reads the sources' names; there are as many as were ever configured.
    pub(super) fn load(connection: &Connection) -> Result<Self, Failure> {
        let mut statement = connection.prepare_cached("SELECT id, name FROM sources")?;
        let mut rows = statement.query([])?;
        let mut sources = HashMap::new();
        while let Some(row) = rows.next()? {
            let name = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            sources.insert(row.get(0)?, SourceId::new(name));
        }
        Ok(Self { sources })
    }

    /// The name behind a source's key.
    pub(super) fn source(&self, key: i64) -> Result<SourceId, Failure> {
        self.sources
            .get(&key)
            .cloned()
            .ok_or_else(|| Failure::Permanent(format!("the store has no source with key {key}")))
    }

    /// An alert, its columns beginning at `first`.
    pub(super) fn alert(&self, row: &Row<'_>, first: usize) -> Result<AlertRow, Failure> {
        let marks: i64 = row.get(first + 8)?;
        Ok(AlertRow {
            seq: unsigned(row.get(first)?),
            source_id: self.source(row.get(first + 1)?)?,
            ingested_at: Timestamp::from_nanos(row.get(first + 2)?),
            id: AlertId::from_bytes(row.get(first + 3)?),
            severity: Severity::from_code(row.get(first + 4)?),
            created_at: Timestamp::from_nanos(row.get(first + 5)?),
            updated_at: Timestamp::from_nanos(row.get(first + 6)?),
            revision: row.get(first + 7)?,
            marks: Marks(u32::try_from(marks).unwrap_or_default()),
            source: row.get(first + 9)?,
            upstream_id: row.get(first + 10)?,
            src_ip: address(row, first + 11)?,
            dst_ip: match row.get_ref(first + 12)? {
                ValueRef::Null => None,
                _ => Some(address(row, first + 12)?),
            },
            country: row.get(first + 13)?,
            user: row.get(first + 14)?,
            description: row.get(first + 15)?,
            title: row.get(first + 16)?,
        })
    }

    /// An entry of the change log: position, revision, kind, then the alert's columns or nulls.
    pub(super) fn change(&self, row: &Row<'_>) -> Result<Change, Failure> {
        let is_gone = row.get_ref(3)? == ValueRef::Null;
        Ok(Change {
            position: unsigned(row.get(0)?),
            revision: row.get(1)?,
            kind: match row.get::<_, i64>(2)? {
                0 => ChangeKind::New,
                _ => ChangeKind::Changed,
            },
            row: if is_gone {
                None
            } else {
                Some(self.alert(row, 3)?)
            },
        })
    }

    /// A dead letter.
    pub(super) fn dead_letter(&self, row: &Row<'_>) -> Result<DeadLetter, Failure> {
        let (stage, reason): (String, String) = (row.get(3)?, row.get(4)?);
        let hash: [u8; 32] = row.get(11)?;
        let unknown = |what, code: &str| {
            Failure::Permanent(format!("a dead letter has the unknown {what} `{code}`"))
        };
        Ok(DeadLetter {
            seq: unsigned(row.get(0)?),
            id: DeadLetterId::from_bytes(row.get(1)?),
            source_id: self.source(row.get(2)?)?,
            stage: Stage::from_word(&stage).ok_or_else(|| unknown("stage", &stage))?,
            reason: Reason::from_code(&reason).ok_or_else(|| unknown("reason", &reason))?,
            detail: row.get(5)?,
            upstream_id: row.get(6)?,
            count: unsigned(row.get(7)?),
            first_seen: Timestamp::from_nanos(row.get(8)?),
            last_seen: Timestamp::from_nanos(row.get(9)?),
            full_bytes: unsigned(row.get(10)?),
            full_hash: blake3::Hash::from_bytes(hash).to_hex().to_string(),
            raw: row.get(12)?,
            resolved_at: row.get::<_, Option<i64>>(13)?.map(Timestamp::from_nanos),
            alert: row.get::<_, Option<[u8; 16]>>(14)?.map(AlertId::from_bytes),
        })
    }
}

/// Whether the word may occur in the alert whose columns these are. One that may be a part of an address
/// always may: the columns need not be spelled as the alert shows them.
pub(super) fn may_have(row: &Row<'_>, word: &Word) -> Result<bool, Failure> {
    if word.may_be_in_address() {
        return Ok(true);
    }
    // Description, upstream id, source, user, title.
    for column in [15, 10, 9, 14, 16] {
        let text = row.get_ref(column)?.as_str_or_null();
        let text = text.map_err(rusqlite::Error::from)?;
        if text.is_some_and(|text| word.is_in(text)) {
            return Ok(true);
        }
    }
    Ok(word.may_be_in_id() && word.is_in(&AlertId::from_bytes(row.get(3)?).to_string()))
}

/// A former content: revision, instant of replacement, severity, description, raw.
pub(super) fn revision(row: &Row<'_>) -> rusqlite::Result<Revision> {
    Ok(Revision {
        revision: row.get(0)?,
        replaced_at: Timestamp::from_nanos(row.get(1)?),
        severity: Severity::from_code(row.get(2)?),
        description: row.get(3)?,
        raw: row.get(4)?,
    })
}

/// A detection: rule, field, value, list, entry, origin.
pub(super) fn stored_match(row: &Row<'_>) -> rusqlite::Result<StoredMatch> {
    Ok(StoredMatch {
        rule: row.get(0)?,
        field: row.get(1)?,
        value: row.get(2)?,
        list: row.get(3)?,
        entry: row.get(4)?,
        origin: row.get(5)?,
    })
}

/// A turn of a source: begun, ended, cause, requests, pages, read, new, changed, dead, error, same,
/// HTTP status, bookmark before and after.
pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let cause: String = row.get(2)?;
    Ok(Attempt {
        begun: Timestamp::from_nanos(row.get(0)?),
        ended: Timestamp::from_nanos(row.get(1)?),
        trigger: Trigger::from_word(&cause).unwrap_or(Trigger::Schedule),
        requests: row.get(3)?,
        pages: row.get(4)?,
        read: unsigned(row.get(5)?),
        new: unsigned(row.get(6)?),
        changed: unsigned(row.get(7)?),
        dead: unsigned(row.get(8)?),
        error: row.get(9)?,
        same: unsigned(row.get(10)?),
        http_status: row.get(11)?,
        bookmark_from: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_nanos),
        bookmark_to: row.get::<_, Option<i64>>(13)?.map(Timestamp::from_nanos),
    })
}

fn address(row: &Row<'_>, column: usize) -> Result<std::net::IpAddr, Failure> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    text.parse()
        .map_err(|_| Failure::Permanent(format!("the store holds `{text}` as an address")))
}
