//! One record: decoded, normalized, or refused.

use cresset_model::batch::{RawRecord, Reason};
use cresset_model::outcome::{AlertDraft, Observation, Rejected, Stage};
use cresset_model::provenance::Marks;
use cresset_model::text::{Span, Text};
use cresset_model::{AlertId, ContentHash, DeadLetterId, Timestamp};

use super::{AlertRule, Pipeline, Prepared, Scratch, Seen, content};
use crate::decode::Fault;
use crate::decode::scan::{Kind, Record, scan, too_large, utf8};
use crate::normalize::{Normalized, Values};
use crate::splice::Splice;

/// A record's bytes, and where they lie in its batch.
#[derive(Clone, Copy)]
struct Lies<'a> {
    raw: &'a [u8],
    base: u32,
    received: Timestamp,
}

/// Which record it is, and when it was seen.
#[derive(Clone, Copy)]
struct Placed {
    index: u32,
    span: Span,
    observed: Observation,
}

impl Pipeline {
    /// Adds a record, which lies in `bytes`, to the events or to the dead letters.
    pub(super) fn record(
        &self,
        (prepared, bytes): (&mut Prepared, &[u8]),
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
                raw: self.kept(record.span),
                full_bytes: fault.full_bytes,
                full_hash: fault.full_hash,
            });
            return;
        }
        let lies = Lies {
            raw: record.span.of(bytes),
            base: record.span.start,
            received: prepared.received,
        };
        let arena_before = prepared.arena.len();
        match self.read(lies, &mut prepared.arena, scratch) {
            Ok(read) => {
                let placed = Placed {
                    index,
                    span: record.span,
                    observed: Observation {
                        fetch: prepared.fetch,
                        place,
                    },
                };
                self.event(prepared, read, placed, scratch);
            }
            Err((stage, fault)) => {
                prepared.arena.truncate(arena_before);
                let full_hash = *blake3::hash(lies.raw).as_bytes();
                let upstream_id = self.upstream_id(lies, &mut prepared.arena, scratch);
                prepared.rejected.push(Rejected {
                    record: index,
                    id: DeadLetterId::derive(&prepared.source, &full_hash),
                    stage,
                    reason: fault.reason,
                    detail: fault.detail,
                    upstream_id,
                    raw: self.kept(record.span),
                    full_bytes: lies.raw.len() as u64,
                    full_hash,
                });
            }
        }
    }

    /// The part of a record that a dead letter keeps.
    fn kept(&self, span: Span) -> Span {
        let most = self.spec.limits.dead_letter_raw_bytes_max;
        let len = span.len.min(u32::try_from(most).unwrap_or(u32::MAX));
        Span { len, ..span }
    }

    /// What the adapter makes of a record, and its text.
    fn read<'a>(
        &self,
        lies: Lies<'a>,
        arena: &mut String,
        scratch: &mut Scratch,
    ) -> Result<(Normalized, &'a str), (Stage, Fault)> {
        let decode = |fault| (Stage::Decode, fault);
        // The slicer has seen to it already; records that come another way are held to it here.
        let limit = self.spec.limits.record_bytes_max;
        if lies.raw.len() > limit {
            scratch.scan.clear();
            return Err(decode(too_large(lies.raw.len() as u64, limit)));
        }
        let text = utf8(lies.raw).map_err(decode)?;
        let kind = scan(text, &self.spec.limits, &mut scratch.scan).map_err(decode)?;
        if kind != Kind::Object {
            let detail = format!("an object is expected, the record is {}", kind.named());
            return Err(decode(Fault::new(Reason::NotAnObject, detail)));
        }
        let mut values = values(lies, text, arena, scratch);
        let normalized = self.spec.adapter.normalize(&mut values);
        normalized
            .map(|normalized| (normalized, text))
            .map_err(|fault| (Stage::Normalize, fault))
    }

    /// The vendor's id of a refused record, from the fields that were read before the fault.
    fn upstream_id(&self, lies: Lies<'_>, arena: &mut String, scratch: &Scratch) -> Option<Text> {
        let text = utf8(lies.raw).ok()?;
        let mut values = values(lies, text, arena, scratch);
        self.spec.adapter.upstream_id(&mut values)
    }

    /// Adds the record that was read last to the events.
    fn event(
        &self,
        prepared: &mut Prepared,
        (normalized, text): (Normalized, &str),
        placed: Placed,
        scratch: &mut Scratch,
    ) {
        let record = Record::of(text, &scratch.scan);
        let canonical = match self.spec.alerts {
            AlertRule::Nothing => Span::default(),
            AlertRule::All | AlertRule::Detected => {
                content::write(&record, &mut scratch.order, &mut prepared.canonical)
            }
        };
        let splice = Splice::of(&record, placed.span.start, self.names, &mut prepared.stays);
        let upstream_id = normalized
            .upstream_id
            .unwrap_or_else(|| Text::store(&mut prepared.arena, ""));
        let mut marks = normalized.marks;
        if normalized.created_at > prepared.received {
            marks.add(Marks::TIME_IN_FUTURE);
        }
        let event = normalized.event;
        prepared.events.push(Seen {
            draft: AlertDraft {
                record: placed.index,
                id: AlertId(0),
                content: ContentHash(0),
                observed: placed.observed,
                upstream_id,
                source: normalized.source,
                severity: event.severity,
                title: None,
                description: normalized.description,
                src_ip: event.src_ip.address,
                dst_ip: event.dst_ip.map(|observable| observable.address),
                created_at: normalized.created_at,
                country: None,
                user: None,
                raw: placed.span,
                enriched: None,
                matches: (0, 0),
                marks,
            },
            has_upstream_id: normalized.upstream_id.is_some(),
            event,
            canonical,
            splice,
        });
    }
}

fn values<'a>(
    lies: Lies<'_>,
    text: &'a str,
    arena: &'a mut String,
    scratch: &'a Scratch,
) -> Values<'a> {
    Values {
        record: Record::of(text, &scratch.scan),
        base: lies.base,
        arena,
        received: lies.received,
        marks: Marks::default(),
    }
}
