//! A dead letter in an answer.

use cresset_model::dead_letter::DeadLetter;
use cresset_model::{AlertId, DeadLetterId, SourceId, Timestamp};
use serde::Serialize;

use crate::api::raw::Raw;

/// What lists show of a dead letter; the bytes are shown one at a time.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    id: DeadLetterId,
    source: SourceId,
    stage: &'static str,
    reason: &'static str,
    detail: String,
    upstream_id: Option<String>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    full_bytes: u64,
    full_hash: String,
    whole: bool,
    resolved_at: Option<Timestamp>,
    alert_id: Option<AlertId>,
}

/// A dead letter with its bytes.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    #[serde(flatten)]
    item: Item,
    raw: Raw,
}

impl From<DeadLetter> for Item {
    fn from(letter: DeadLetter) -> Self {
        Self {
            whole: letter.is_whole(),
            id: letter.id,
            source: letter.source_id,
            stage: letter.stage.as_str(),
            reason: letter.reason.as_str(),
            detail: letter.detail,
            upstream_id: letter.upstream_id,
            count: letter.count,
            first_seen: letter.first_seen,
            last_seen: letter.last_seen,
            full_bytes: letter.full_bytes,
            full_hash: letter.full_hash,
            resolved_at: letter.resolved_at,
            alert_id: letter.alert,
        }
    }
}

impl From<DeadLetter> for Detail {
    fn from(letter: DeadLetter) -> Self {
        Self {
            raw: Raw::of(&letter.raw),
            item: Item::from(letter),
        }
    }
}
