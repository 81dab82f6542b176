//! Enrichment, detection and the lines of a batch: one pass over its events.

use std::sync::Arc;

use bytes::Bytes;
use cresset_detect::Findings;
use cresset_model::AlertId;
use cresset_model::batch::BatchIdentity;
use cresset_model::outcome::{AlertDraft, Match, OutEvent, Outcome};
use cresset_model::ports::Answers;
use cresset_model::provenance::Context;
use cresset_model::query::AddressField;
use cresset_model::tables::{Place, Tables};
use cresset_model::text::{Span, Text};

use super::{AlertRule, Draft, Pipeline, Prepared, Scratch, Seen};
use crate::enrich::{self, city, geo, user};
use crate::splice::write_threat;

/// Bytes that a line takes beyond those received, about: room that need not be found while writing.
const ADDED_BYTES_HINT: usize = 160;

/// What the events of a batch leave behind.
struct Decided {
    arena: String,
    alerts: Vec<AlertDraft>,
    matches: Vec<Match>,
    out: Vec<u8>,
    events: Vec<OutEvent>,
    passed: u32,
    enrich_misses: u32,
}

impl Pipeline {
    /// Decides every event of a batch.
    pub(super) fn decide(
        &self,
        (tables, answers): (&Tables, &Answers),
        mut prepared: Prepared,
        context: Arc<Context>,
        scratch: &mut Scratch,
    ) -> Outcome {
        let count = prepared.events.len();
        let events = std::mem::take(&mut prepared.events);
        let all = self.spec.alerts == AlertRule::All;
        let room = |needed: bool, bytes: usize| if needed { bytes } else { 0 };
        let lines_bytes = prepared.bytes.len() + count * ADDED_BYTES_HINT;
        let mut decided = Decided {
            arena: std::mem::take(&mut prepared.arena),
            alerts: Vec::with_capacity(room(all, count)),
            matches: Vec::new(),
            out: Vec::with_capacity(room(self.spec.write, lines_bytes)),
            events: Vec::with_capacity(room(self.spec.write, count)),
            passed: 0,
            enrich_misses: 0,
        };
        let places = self.places((tables, answers), &events, scratch);
        for (index, seen) in events.iter().enumerate() {
            let found = places.get(index).copied().flatten();
            self.one(
                (tables, found),
                (&prepared, index, seen),
                &mut decided,
                scratch,
            );
        }
        scratch.keep(events);
        Outcome {
            source: prepared.source,
            sequence: prepared.sequence,
            epoch: prepared.epoch,
            received: prepared.received,
            fetch: prepared.fetch,
            read: prepared.read,
            passed: decided.passed,
            filtered: 0,
            bytes: prepared.bytes,
            arena: decided.arena,
            context,
            alerts: decided.alerts,
            rejected: prepared.rejected,
            matches: decided.matches,
            out: Bytes::from(decided.out),
            events: decided.events,
            enrich_misses: decided.enrich_misses,
        }
    }

    fn one(
        &self,
        (tables, found): (&Tables, Option<Place<'_>>),
        (prepared, index, seen): (&Prepared, usize, &Seen),
        decided: &mut Decided,
        scratch: &mut Scratch,
    ) {
        // A miss is counted only where there is a geography that could have known.
        let asked = self.city_asked(tables);
        decided.enrich_misses += u32::from(asked.is_some() && found.is_none());
        let first = decided.matches.len();
        let verdict = self.detection.run(
            &seen.event,
            &tables.indicators,
            &mut Findings {
                matches: &mut decided.matches,
                arena: &mut decided.arena,
            },
        );
        let fired = decided.matches.len() - first;
        let is_alert = match self.spec.alerts {
            AlertRule::All => true,
            AlertRule::Detected => fired > 0,
            AlertRule::Nothing => false,
        };
        let mut enriched = None;
        if self.spec.write || (is_alert && self.names.any()) {
            write_threat(verdict.threat, &mut scratch.threat);
            let members = found.map_or("", |place| place.members);
            let (bytes, stays) = (&prepared.bytes, &prepared.stays);
            let additions = [members, &scratch.threat];
            let line = seen.splice.write(bytes, stays, additions, &mut decided.out);
            enriched = self.names.any().then_some(line);
            if self.spec.write {
                let record = seen.record;
                decided.events.push(OutEvent { record, line });
            }
        }
        if !is_alert {
            decided.passed += 1;
            return;
        }
        let arena = &mut decided.arena;
        let draft = self.draft((prepared, arena), index, seen, scratch);
        let mut alert = alert(prepared, seen, draft, arena);
        alert.title = verdict.title;
        alert.enriched = enriched;
        let span = Span::between(first, first + fired);
        alert.matches = (span.start, span.len);
        self.enrich((tables, found), &mut alert, &mut decided.arena);
        decided.alerts.push(alert);
    }

    /// Adds country and user.
    fn enrich(
        &self,
        (tables, found): (&Tables, Option<Place<'_>>),
        alert: &mut AlertDraft,
        arena: &mut String,
    ) {
        if let (Some(table), Some(of)) = (&tables.geo, self.spec.geo_of) {
            geo::add_country(table, of, alert);
        } else if let Some(of) = self.city_asked(tables)
            && let Some(address) = enrich::address(alert.src_ip, alert.dst_ip, of)
        {
            city::add_country(alert, address, found);
        }
        if let (Some(table), Some(of)) = (&tables.users, self.spec.user_of) {
            user::add_user(table, of, alert, arena);
        }
    }

    /// Where each event's address lies; nothing where no geography is asked.
    fn places<'a>(
        &self,
        known: (&'a Tables, &'a Answers),
        events: &[Seen],
        scratch: &mut Scratch,
    ) -> Vec<Option<Place<'a>>> {
        let Some(of) = self.city_asked(known.0) else {
            return Vec::new();
        };
        let addresses = events.iter().map(|seen| seen.address(of));
        city::places(known, addresses, &mut scratch.places)
    }

    /// Whose place is added, if there is a geography that could know it.
    fn city_asked(&self, tables: &Tables) -> Option<AddressField> {
        let could_know = tables.city.is_some() || self.spec.remote_geo;
        self.spec.city_of.filter(|_| could_know)
    }
}

/// The alert that an event is, without what detections and tables say.
fn alert(prepared: &Prepared, seen: &Seen, draft: Draft, arena: &mut String) -> AlertDraft {
    let event = &seen.event;
    let upstream_id = draft.upstream_id.unwrap_or_else(|| Text::store(arena, ""));
    let mut alert = AlertDraft {
        record: seen.record,
        id: AlertId(0),
        content: draft.content,
        observed: seen.observed,
        upstream_id,
        source: draft.source,
        severity: event.severity,
        title: None,
        description: draft.description,
        src_ip: event.src_ip.address,
        dst_ip: event.dst_ip.map(|observable| observable.address),
        created_at: draft.created_at,
        country: None,
        user: None,
        raw: seen.raw,
        enriched: None,
        matches: (0, 0),
        marks: draft.marks,
    };
    alert.id = identity(prepared, &alert, draft.upstream_id.is_some(), arena);
    alert
}

/// The identity of an alert: from the vendor's id, else from where the event lies, else from what it says.
fn identity(
    prepared: &Prepared,
    alert: &AlertDraft,
    has_upstream_id: bool,
    arena: &str,
) -> AlertId {
    let source = &prepared.source;
    if has_upstream_id {
        let upstream_id = alert.upstream_id.resolve(&prepared.bytes, arena);
        return AlertId::derive(source, alert.source, upstream_id);
    }
    match prepared.identity {
        BatchIdentity::Vendor => AlertId::of_event(source, alert.content.0, 0),
        BatchIdentity::Offset { key, base } => {
            let offset = base.saturating_add(u64::from(alert.raw.start));
            AlertId::of_event(source, key, offset)
        }
        BatchIdentity::Index { key, base } => {
            let index = base.saturating_add(u64::from(alert.record));
            AlertId::of_event(source, key, index)
        }
    }
}
