//! Puts dead letters through the current pipeline again, by the same commit as fresh records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use cresset_model::batch::{BatchIdentity, RawBatch, RawRecord};
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter};
use cresset_model::outcome::Outcome;
use cresset_model::ports::{
    Clock, Commit, Lane, PageRequest, PortError, Query, RedriveItem, RedriveSelection, Upsert,
};
use cresset_model::text::Span;
use cresset_model::{SourceId, batch::Reason};
use cresset_pipeline::process::Scratch;

use crate::handover::Handover;
use crate::source_cell::SourceCell;
use crate::stages::Stages;

/// Dead letters put through in one commit: of 64 KiB each, 4 MiB at the most.
const REDRIVE_BATCH: usize = 64;
/// The most dead letters of one request.
const REDRIVE_MAX: usize = 10_000;
/// Bytes of records of one request.
const REDRIVE_BYTES_MAX: usize = 64 << 20;

/// The dead letters of a selection.
pub(crate) struct Selected {
    /// Those to try, oldest first.
    pub(crate) by_source: BTreeMap<SourceId, Vec<DeadLetter>>,
    /// Those that cannot be tried.
    pub(crate) skipped: Vec<RedriveItem>,
    /// Bytes of those to try.
    bytes: usize,
}

/// Reads the selected dead letters.
pub(crate) async fn select(
    query: &dyn Query,
    selection: RedriveSelection,
) -> Result<Selected, PortError> {
    let mut selected = Selected {
        by_source: BTreeMap::new(),
        skipped: Vec::new(),
        bytes: 0,
    };
    match selection {
        RedriveSelection::Ids(ids) => {
            let mut named = BTreeSet::new();
            for (index, id) in ids.into_iter().enumerate() {
                if index >= REDRIVE_MAX {
                    let why = format!("one redrive takes at most {REDRIVE_MAX} dead letters");
                    selected.skipped.push(RedriveItem::Skipped { id, why });
                    continue;
                }
                if !named.insert(id) {
                    let why = "it was named before".to_owned();
                    selected.skipped.push(RedriveItem::Skipped { id, why });
                } else if let Some(letter) = query.dead_letter(id).await? {
                    selected.take(letter);
                } else {
                    let why = "there is no such dead letter".to_owned();
                    selected.skipped.push(RedriveItem::Skipped { id, why });
                }
            }
        }
        RedriveSelection::Matching { filter, limit } => {
            for letter in oldest(query, filter, limit.min(REDRIVE_MAX)).await? {
                selected.take(letter);
            }
        }
    }
    Ok(selected)
}

impl Selected {
    fn take(&mut self, letter: DeadLetter) {
        let why = if letter.resolved_at.is_some() {
            "it is resolved already".to_owned()
        } else if !letter.is_whole() {
            let (kept, full) = (letter.raw.len(), letter.full_bytes);
            format!("only {kept} of its {full} bytes were kept")
        } else if self.bytes + letter.raw.len() > REDRIVE_BYTES_MAX {
            format!("one redrive takes at most {REDRIVE_BYTES_MAX} bytes: ask for it again")
        } else {
            self.bytes += letter.raw.len();
            self.by_source
                .entry(letter.source_id.clone())
                .or_default()
                .push(letter);
            return;
        };
        self.skipped
            .push(RedriveItem::Skipped { id: letter.id, why });
    }
}

/// Pages come newest first; a redrive begins with the oldest.
async fn oldest(
    query: &dyn Query,
    filter: DeadLetterFilter,
    limit: usize,
) -> Result<Vec<DeadLetter>, PortError> {
    let filter = DeadLetterFilter {
        resolved: filter.resolved.or(Some(false)),
        ..filter
    };
    let mut letters: Vec<DeadLetter> = Vec::new();
    let mut bytes = 0;
    let mut before = None;
    loop {
        let page = PageRequest {
            before,
            limit: REDRIVE_BATCH,
            total: false,
        };
        let found = query.dead_letters(filter.clone(), page).await?;
        bytes += found
            .items
            .iter()
            .map(|letter| letter.raw.len())
            .sum::<usize>();
        letters.extend(found.items);
        before = found.next;
        // Only the oldest are wanted: what lies before them is let go.
        let mut surplus = letters.len().saturating_sub(limit);
        bytes -= letters
            .iter()
            .take(surplus)
            .map(|letter| letter.raw.len())
            .sum::<usize>();
        while bytes > REDRIVE_BYTES_MAX
            && let Some(letter) = letters.get(surplus)
        {
            bytes -= letter.raw.len();
            surplus += 1;
        }
        letters.drain(..surplus);
        if before.is_none() {
            break;
        }
    }
    letters.reverse();
    letters.truncate(limit);
    Ok(letters)
}

/// What is said of dead letters whose source is not configured.
pub(crate) fn without_source(letters: &[DeadLetter]) -> Vec<RedriveItem> {
    let skip = |letter: &DeadLetter| RedriveItem::Skipped {
        id: letter.id,
        why: format!("its source `{}` is not configured", letter.source_id),
    };
    letters.iter().map(skip).collect()
}

/// What dead letters go through again: the way of their source.
pub(crate) struct RedrivePorts {
    pub(crate) stages: Stages,
    pub(crate) handover: Handover,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Decides the dead letters of one source again and, unless it is a dry run, commits.
pub(crate) async fn run(
    ports: &RedrivePorts,
    cell: &SourceCell,
    letters: Vec<DeadLetter>,
    dry_run: bool,
) -> Result<Vec<RedriveItem>, PortError> {
    let mut items = Vec::with_capacity(letters.len());
    for letters in letters.chunks(REDRIVE_BATCH) {
        let outcome = decide(ports, cell, letters).await?;
        let mut decided = say(&outcome, letters);
        if !dry_run {
            let request = Commit {
                source: cell.id().clone(),
                lane: Lane::Push,
                at: ports.clock.now(),
                redriven: letters.iter().map(|letter| letter.id).collect(),
                outcome: Some(outcome),
                checkpoint: None,
                late_before: None,
                positions: Vec::new(),
                push: None,
                ticket: None,
            };
            let alerts: Vec<u32> = request
                .outcome
                .iter()
                .flat_map(|o| o.alerts.iter().map(|a| a.record))
                .collect();
            let receipt = ports.handover.commit(request).await;
            let receipt = receipt.inspect_err(|_| cell.doubt())?;
            cell.count(&receipt.counts);
            for (record, upsert) in alerts.iter().zip(&receipt.upserts) {
                if let (Upsert::Dead, Some(item)) = (upsert, decided.get_mut(*record as usize)) {
                    refuse_by_store(item);
                }
            }
        }
        items.extend(decided);
    }
    Ok(items)
}

fn refuse_by_store(item: &mut RedriveItem) {
    if let RedriveItem::Alert { id, .. } = item {
        let detail = "the store refuses the row".to_owned();
        *item = RedriveItem::Refused {
            id: *id,
            reason: Reason::StoreRefused,
            detail,
        };
    }
}

async fn decide(
    ports: &RedrivePorts,
    cell: &SourceCell,
    letters: &[DeadLetter],
) -> Result<Outcome, PortError> {
    let mut bytes = Vec::new();
    let mut records = Vec::with_capacity(letters.len());
    for letter in letters {
        let start = bytes.len();
        bytes.extend_from_slice(&letter.raw);
        records.push(RawRecord {
            span: Span::between(start, bytes.len()),
            fault: None,
        });
    }
    let now = ports.clock.now();
    let batch = RawBatch {
        source: cell.id().clone(),
        sequence: 0,
        received: now,
        epoch: 0,
        // The oldest observation: what came since is newer and stays.
        fetch: 0,
        first_place: 0,
        // Where a record without an id once lay is not known any more: its content stands for it.
        identity: BatchIdentity::Vendor,
        bytes: Bytes::from(bytes),
        records,
    };
    let decided = ports.stages.decide(batch, Scratch::default()).await?;
    let (outcome, _) = ports.stages.settle(decided).await?;
    Ok(outcome)
}

/// One item for each dead letter, in their order.
fn say(outcome: &Outcome, letters: &[DeadLetter]) -> Vec<RedriveItem> {
    let mut items: Vec<RedriveItem> = letters
        .iter()
        .map(|letter| RedriveItem::Passed { id: letter.id })
        .collect();
    for alert in &outcome.alerts {
        let index = alert.record as usize;
        if let (Some(item), Some(letter)) = (items.get_mut(index), letters.get(index)) {
            *item = RedriveItem::Alert {
                id: letter.id,
                alert: alert.id,
            };
        }
    }
    for rejected in &outcome.rejected {
        let index = rejected.record as usize;
        if let (Some(item), Some(letter)) = (items.get_mut(index), letters.get(index)) {
            let (reason, detail) = (rejected.reason, rejected.detail.clone());
            *item = RedriveItem::Refused {
                id: letter.id,
                reason,
                detail,
            };
        }
    }
    items
}

#[cfg(test)]
mod tests;
