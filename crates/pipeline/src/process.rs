//! The stages put together: a batch of raw records to an outcome.

use std::sync::Arc;

use bytes::Bytes;
use cresset_model::batch::{RawBatch, RawRecord, Reason};
use cresset_model::id::first128;
use cresset_model::limits::{DEAD_LETTER_RAW_BYTES_MAX, RecordLimits};
use cresset_model::outcome::{AlertDraft, Observation, Outcome, Rejected, Stage};
use cresset_model::provenance::{Context, Marks, TableInfo};
use cresset_model::query::AddressField;
use cresset_model::tables::Tables;
use cresset_model::text::{Span, Text};
use cresset_model::{AlertId, ContentHash, DeadLetterId, SourceId, Timestamp};

use crate::decode::Fault;
use crate::decode::scan::{Kind, Record, ScanScratch, scan, too_large, utf8};
use crate::enrich::{geo, user};
pub use crate::instants::{Instants, instants};
pub use crate::normalize::Adapter;
use crate::normalize::{Normalized, Values};

#[cfg(test)]
mod tests;

/// What a pipeline does, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipelineSpec {
    /// Which vendor's records it reads.
    pub adapter: Adapter,
    /// Whose country is added, if any.
    pub geo_of: Option<AddressField>,
    /// Whose user is added, if any.
    pub user_of: Option<AddressField>,
    /// The bounds of a record.
    pub limits: RecordLimits,
}

/// The stateless core: any number of batches may be in it at once, in any order. Changes nothing but
/// the scratch, which affects speed and never the outcome.
#[derive(Debug, Clone)]
pub struct Pipeline {
    spec: PipelineSpec,
}

/// A worker's memory, kept from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    scan: ScanScratch,
    order: Vec<usize>,
    hashed: Vec<u8>,
    context: Option<CachedContext>,
}

#[derive(Debug)]
struct CachedContext {
    adapter: Adapter,
    geo: Option<TableInfo>,
    user: Option<TableInfo>,
    context: Arc<Context>,
}

/// A batch after decoding and normalizing, before enrichment.
#[derive(Debug)]
pub struct Prepared {
    source: SourceId,
    sequence: u64,
    epoch: u64,
    received: Timestamp,
    fetch: u64,
    read: u32,
    bytes: Bytes,
    arena: String,
    alerts: Vec<AlertDraft>,
    rejected: Vec<Rejected>,
}

/// The answers of remote look-ups that [`Prepared`] asked for. None of today's enrichments is remote, so
/// there are no questions and no answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers;

impl Pipeline {
    /// Builds a pipeline.
    pub fn new(spec: PipelineSpec) -> Self {
        Self { spec }
    }

    /// What it does.
    pub fn spec(&self) -> &PipelineSpec {
        &self.spec
    }

    /// Decodes and normalizes. Every record becomes an alert without enrichment or a dead letter.
    ///
    /// # Panics
    /// Never in practice: batches are bounded at far fewer than 2^32 records.
    pub fn prepare(&self, batch: RawBatch, scratch: &mut Scratch) -> Prepared {
        let mut prepared = Prepared {
            source: batch.source,
            sequence: batch.sequence,
            epoch: batch.epoch,
            received: batch.received,
            fetch: batch.fetch,
            read: u32::try_from(batch.records.len()).expect("batches are bounded in records"),
            bytes: batch.bytes,
            arena: String::new(),
            alerts: Vec::with_capacity(batch.records.len()),
            rejected: Vec::new(),
        };
        for (index, record) in (0..prepared.read).zip(batch.records) {
            let place = batch.first_place.saturating_add(index);
            self.record(&mut prepared, record, (index, place), scratch);
        }
        prepared
    }

    /// Enriches. `answers` belong to the questions of `prepared`; no stage of today asks for the time.
    pub fn finish(
        &self,
        tables: &Tables,
        prepared: Prepared,
        _answers: &Answers,
        _now: Timestamp,
        scratch: &mut Scratch,
    ) -> Outcome {
        let Prepared {
            mut arena,
            mut alerts,
            ..
        } = prepared;
        if let (Some(table), Some(of)) = (&tables.geo, self.spec.geo_of) {
            for alert in &mut alerts {
                geo::add_country(table, of, alert);
            }
        }
        if let (Some(table), Some(of)) = (&tables.users, self.spec.user_of) {
            for alert in &mut alerts {
                user::add_user(table, of, alert, &mut arena);
            }
        }
        Outcome {
            source: prepared.source,
            sequence: prepared.sequence,
            epoch: prepared.epoch,
            received: prepared.received,
            fetch: prepared.fetch,
            read: prepared.read,
            passed: 0,
            filtered: 0,
            bytes: prepared.bytes,
            arena,
            context: self.context(tables, scratch),
            alerts,
            rejected: prepared.rejected,
        }
    }

    fn record(
        &self,
        prepared: &mut Prepared,
        record: RawRecord,
        (index, place): (u32, u32),
        scratch: &mut Scratch,
    ) {
        if let Some(fault) = record.fault {
            prepared.rejected.push(Rejected {
                record: index,
                id: DeadLetterId::derive(&prepared.source, &fault.full_hash),
                stage: Stage::Decode,
                reason: fault.reason,
                detail: fault.detail,
                upstream_id: None,
                raw: kept(record.span),
                full_bytes: fault.full_bytes,
                full_hash: fault.full_hash,
            });
            return;
        }
        let raw = record.span.of(&prepared.bytes);
        let arena_before = prepared.arena.len();
        match self.read(raw, record.span.start, &mut prepared.arena, scratch) {
            Ok(normalized) => {
                let observed = Observation {
                    fetch: prepared.fetch,
                    place,
                };
                let alert = draft(prepared, normalized, (index, record.span), observed);
                let content = content_hash(raw, scratch);
                prepared.alerts.push(AlertDraft { content, ..alert });
            }
            Err((stage, fault)) => {
                prepared.arena.truncate(arena_before);
                let full_hash = *blake3::hash(raw).as_bytes();
                let full_bytes = raw.len() as u64;
                let upstream_id =
                    self.upstream_id(raw, record.span.start, &mut prepared.arena, scratch);
                prepared.rejected.push(Rejected {
                    record: index,
                    id: DeadLetterId::derive(&prepared.source, &full_hash),
                    stage,
                    reason: fault.reason,
                    detail: fault.detail,
                    upstream_id,
                    raw: kept(record.span),
                    full_bytes,
                    full_hash,
                });
            }
        }
    }

    fn read(
        &self,
        raw: &[u8],
        base: u32,
        arena: &mut String,
        scratch: &mut Scratch,
    ) -> Result<Normalized, (Stage, Fault)> {
        let decode = |fault| (Stage::Decode, fault);
        // The slicer has seen to it already; records that come another way are held to it here.
        let limit = self.spec.limits.record_bytes_max;
        if raw.len() > limit {
            scratch.scan.clear();
            return Err(decode(too_large(raw.len() as u64, limit)));
        }
        let text = utf8(raw).map_err(decode)?;
        let kind = scan(text, &self.spec.limits, &mut scratch.scan).map_err(decode)?;
        if kind != Kind::Object {
            let detail = format!("an object is expected, the record is {}", kind.named());
            return Err(decode(Fault::new(Reason::NotAnObject, detail)));
        }
        let mut values = Values {
            record: Record::of(text, &scratch.scan),
            base,
            arena,
            marks: Marks::default(),
        };
        let normalized = self.spec.adapter.normalize(&mut values);
        normalized.map_err(|fault| (Stage::Normalize, fault))
    }

    /// The vendor's id of a refused record, from the fields that were read before the fault.
    fn upstream_id(
        &self,
        raw: &[u8],
        base: u32,
        arena: &mut String,
        scratch: &Scratch,
    ) -> Option<Text> {
        let text = utf8(raw).ok()?;
        self.spec.adapter.upstream_id(&mut Values {
            record: Record::of(text, &scratch.scan),
            base,
            arena,
            marks: Marks::default(),
        })
    }

    /// Which tables and adapter made the batch; the same value as before while they are the same.
    fn context(&self, tables: &Tables, scratch: &mut Scratch) -> Arc<Context> {
        let adapter = self.spec.adapter;
        let geo = tables.geo.as_ref().filter(|_| self.spec.geo_of.is_some());
        let geo = geo.map(|table| &table.info);
        let user = tables
            .users
            .as_ref()
            .filter(|_| self.spec.user_of.is_some());
        let user = user.map(|table| &table.info);
        if let Some(cached) = &scratch.context
            && cached.adapter == adapter
            && cached.geo.as_ref() == geo
            && cached.user.as_ref() == user
        {
            return Arc::clone(&cached.context);
        }
        let of = |field: Option<AddressField>, info: Option<&TableInfo>| {
            Some(TableInfo {
                of: field?.as_str().to_owned(),
                ..info?.clone()
            })
        };
        let context = Arc::new(Context {
            adapter: adapter.version().to_owned(),
            geo: of(self.spec.geo_of, geo),
            user: of(self.spec.user_of, user),
            formats: adapter.formats(),
        });
        scratch.context = Some(CachedContext {
            adapter,
            geo: geo.cloned(),
            user: user.cloned(),
            context: Arc::clone(&context),
        });
        context
    }
}

/// The alert without its content hash and its enrichments.
fn draft(
    prepared: &Prepared,
    normalized: Normalized,
    (record, raw): (u32, Span),
    observed: Observation,
) -> AlertDraft {
    let upstream_id = normalized
        .upstream_id
        .resolve(&prepared.bytes, &prepared.arena);
    let mut marks = normalized.marks;
    if normalized.created_at > prepared.received {
        marks.add(Marks::TIME_IN_FUTURE);
    }
    AlertDraft {
        record,
        id: AlertId::derive(&prepared.source, normalized.source, upstream_id),
        content: ContentHash(0),
        observed,
        upstream_id: normalized.upstream_id,
        source: normalized.source,
        severity: normalized.severity,
        description: normalized.description,
        src_ip: normalized.src_ip,
        dst_ip: normalized.dst_ip,
        created_at: normalized.created_at,
        country: None,
        user: None,
        raw,
        marks,
    }
}

/// What the record that was read last says: a hash over its fields in the order of their keys, so that
/// the order they came in and the blanks between them do not matter.
fn content_hash(raw: &[u8], scratch: &mut Scratch) -> ContentHash {
    let Scratch {
        scan,
        order,
        hashed,
        ..
    } = scratch;
    let record = Record::of(utf8(raw).unwrap_or_default(), scan);
    let fields = record.fields;
    let key = |index: usize| fields.get(index).map_or(&[][..], |field| record.key(field));
    order.clear();
    order.extend(0..fields.len());
    order.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
    hashed.clear();
    for field in order.iter().filter_map(|index| fields.get(*index)) {
        // A string's quotes are not part of its span: the kind keeps "1" and 1 apart.
        hashed.push(u8::from(field.kind == Kind::String));
        for part in [record.key(field), record.raw(field).as_bytes()] {
            hashed.extend_from_slice(&(part.len() as u64).to_le_bytes());
            hashed.extend_from_slice(part);
        }
    }
    ContentHash(first128(&blake3::hash(hashed)))
}

/// The part of a record that a dead letter keeps.
fn kept(span: Span) -> Span {
    let len = span
        .len
        .min(u32::try_from(DEAD_LETTER_RAW_BYTES_MAX).unwrap_or(u32::MAX));
    Span { len, ..span }
}
