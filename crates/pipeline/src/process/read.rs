//! One record: decoded, normalized, or refused.

use cresset_detect::Event;
use cresset_model::batch::{RawRecord, Reason};
use cresset_model::outcome::{Observation, Rejected, Stage};
use cresset_model::provenance::Marks;
use cresset_model::text::{Span, Text};
use cresset_model::{DeadLetterId, Timestamp};

use super::{AlertRule, Draft, Pipeline, Prepared, Scratch, Seen, content};
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

/// A record that can be used.
struct Read<'a> {
    text: &'a str,
    event: Event,
    /// What it is as an alert, where every event becomes one.
    draft: Option<Draft>,
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
                let observed = Observation {
                    fetch: prepared.fetch,
                    place,
                };
                let splice = Splice::of(
                    &Record::of(read.text, &scratch.scan),
                    record.span.start,
                    self.names,
                    &mut prepared.stays,
                );
                prepared.events.push(Seen {
                    record: index,
                    observed,
                    raw: record.span,
                    event: read.event,
                    splice,
                });
                prepared.drafts.extend(read.draft);
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

    /// What the adapter makes of a record.
    fn read<'a>(
        &self,
        lies: Lies<'a>,
        arena: &mut String,
        scratch: &mut Scratch,
    ) -> Result<Read<'a>, (Stage, Fault)> {
        let text = self
            .decode(lies, scratch)
            .map_err(|fault| (Stage::Decode, fault))?;
        let refused = |fault| (Stage::Normalize, fault);
        let mut values = values(lies, text, arena, scratch);
        if self.spec.alerts != AlertRule::All {
            let event = self.spec.adapter.event(&mut values).map_err(refused)?;
            return Ok(Read {
                text,
                event,
                draft: None,
            });
        }
        let normalized = self.spec.adapter.normalize(&mut values).map_err(refused)?;
        Ok(Read {
            text,
            event: normalized.event,
            draft: Some(draft(&normalized, lies, text, scratch)),
        })
    }

    /// Checks a record, whose fields are in the scratch afterwards, and gives its text.
    fn decode<'a>(&self, lies: Lies<'a>, scratch: &mut Scratch) -> Result<&'a str, Fault> {
        // The slicer has seen to it already; records that come another way are held to it here.
        let limit = self.spec.limits.record_bytes_max;
        if lies.raw.len() > limit {
            scratch.scan.clear();
            return Err(too_large(lies.raw.len() as u64, limit));
        }
        let text = utf8(lies.raw)?;
        let kind = scan(text, &self.spec.limits, &mut scratch.scan)?;
        if kind != Kind::Object {
            let detail = format!("an object is expected, the record is {}", kind.named());
            return Err(Fault::new(Reason::NotAnObject, detail));
        }
        Ok(text)
    }

    /// What an event is as an alert. Where only some events become alerts, its record is read once more: that
    /// costs less than keeping this of all of them.
    ///
    /// # Panics
    /// Never in practice: the same bytes were read before with the same verdict.
    pub(super) fn draft(
        &self,
        (prepared, arena): (&Prepared, &mut String),
        index: usize,
        seen: &Seen,
        scratch: &mut Scratch,
    ) -> Draft {
        if let Some(draft) = prepared.drafts.get(index) {
            return *draft;
        }
        let lies = Lies {
            raw: seen.raw.of(&prepared.bytes),
            base: seen.raw.start,
            received: prepared.received,
        };
        let text = self.decode(lies, scratch).ok();
        let normalized = text.and_then(|text| {
            let mut values = values(lies, text, arena, scratch);
            Some((text, self.spec.adapter.normalize(&mut values).ok()?))
        });
        let (text, normalized) = normalized.expect("what was read once can be read again");
        draft(&normalized, lies, text, scratch)
    }

    /// The vendor's id of a refused record, from the fields that were read before the fault.
    fn upstream_id(&self, lies: Lies<'_>, arena: &mut String, scratch: &Scratch) -> Option<Text> {
        let text = utf8(lies.raw).ok()?;
        let mut values = values(lies, text, arena, scratch);
        self.spec.adapter.upstream_id(&mut values)
    }
}

fn draft(normalized: &Normalized, lies: Lies<'_>, text: &str, scratch: &mut Scratch) -> Draft {
    let mut marks = normalized.marks;
    if normalized.created_at > lies.received {
        marks.add(Marks::TIME_IN_FUTURE);
    }
    let Scratch {
        scan,
        order,
        canonical,
        ..
    } = scratch;
    Draft {
        upstream_id: normalized.upstream_id,
        source: normalized.source,
        description: normalized.description,
        created_at: normalized.created_at,
        marks,
        content: content::hash(&Record::of(text, scan), order, canonical),
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
