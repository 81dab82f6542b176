//! Batches written by hand.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cresset_model::batch::Reason;
use cresset_model::id::hash128;
use cresset_model::outcome::{AlertDraft, ListEntry, Match, Observation, Outcome, Rejected, Stage};
use cresset_model::ports::{Commit, FilePosition, Lane, StoredPush, Ticket};
use cresset_model::provenance::{Context, Marks};
use cresset_model::source::Checkpoint;
use cresset_model::text::{Span, Text};
use cresset_model::{AlertId, ContentHash, DeadLetterId, Severity, SourceId, Timestamp};

/// The instant at which the tests begin.
pub(crate) const T0: Timestamp = Timestamp::from_nanos(1_900_000_000_123_456_789);

/// So many seconds after [`T0`].
pub(crate) fn at(seconds: u64) -> Timestamp {
    T0.plus(Duration::from_secs(seconds))
}

/// The identity of the alert that [`Batch::alert`] makes.
pub(crate) fn record(source: &str, upstream_id: &str) -> AlertId {
    AlertId::derive(&SourceId::new(source), "waf", upstream_id)
}

/// The identity of the dead letter that [`Batch::reject`] makes.
pub(crate) fn letter(source: &str, raw: &str) -> DeadLetterId {
    let hash = blake3::hash(raw.as_bytes());
    DeadLetterId::derive(&SourceId::new(source), hash.as_bytes())
}

/// A batch under construction.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    source: SourceId,
    fetch: u64,
    at: Timestamp,
    bytes: Vec<u8>,
    arena: String,
    records: u32,
    passed: u32,
    filtered: u32,
    alerts: Vec<AlertDraft>,
    rejected: Vec<Rejected>,
    matches: Vec<Match>,
    out: Vec<u8>,
    enrich_misses: u32,
    checkpoint: Option<Checkpoint>,
    late_before: Option<Timestamp>,
    redriven: Vec<DeadLetterId>,
    positions: Vec<FilePosition>,
    push: Option<StoredPush>,
    ticket: Option<Ticket>,
}

impl Batch {
    pub(crate) fn new(source: &str, fetch: u64) -> Self {
        Self {
            source: SourceId::new(source),
            fetch,
            at: T0,
            bytes: Vec::new(),
            arena: String::new(),
            records: 0,
            passed: 0,
            filtered: 0,
            alerts: Vec::new(),
            rejected: Vec::new(),
            matches: Vec::new(),
            out: Vec::new(),
            enrich_misses: 0,
            checkpoint: None,
            late_before: None,
            redriven: Vec::new(),
            positions: Vec::new(),
            push: None,
            ticket: None,
        }
    }

    pub(crate) fn ticket(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    pub(crate) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// An alert whose content is its description; severity and addresses follow from the id.
    pub(crate) fn alert(mut self, upstream_id: &str, description: &str) -> Self {
        let start = self.bytes.len();
        let raw = format!(r#"{{"id":"{upstream_id}","description":"{description}"}}"#);
        self.bytes.extend_from_slice(raw.as_bytes());
        let number = upstream_id.bytes().map(u32::from).sum::<u32>();
        let text = |arena: &mut String, text: &str| Text::store(arena, text);
        let draft = AlertDraft {
            record: self.records,
            id: record(self.source.as_str(), upstream_id),
            content: ContentHash(hash128(&[description.as_bytes()])),
            observed: Observation {
                fetch: self.fetch,
                place: self.records,
            },
            upstream_id: text(&mut self.arena, upstream_id),
            title: None,
            source: "waf",
            severity: Severity::from_code((number % 6) as u8),
            description: text(&mut self.arena, description),
            src_ip: private_address(number),
            dst_ip: "::ffff:1.2.3.4".parse().ok(),
            created_at: self.at.minus(Duration::from_secs(1)),
            country: number.is_multiple_of(2).then_some(*b"CH"),
            user: number
                .is_multiple_of(3)
                .then(|| Text::store(&mut self.arena, "ada")),
            raw: Span::between(start, self.bytes.len()),
            enriched: None,
            matches: (0, 0),
            marks: Marks::GEO_FOUND,
        };
        self.alerts.push(draft);
        self.records += 1;
        self
    }

    /// Sets when the last alert was created.
    pub(crate) fn created(mut self, at: Timestamp) -> Self {
        if let Some(draft) = self.alerts.last_mut() {
            draft.created_at = at;
        }
        self
    }

    /// Makes the last alert one that detections raised: with a title, an enriched record, one match of a
    /// rule and one of a list, and without an address acted upon.
    pub(crate) fn detected(mut self, title: &'static str, value: &str) -> Self {
        let (first, start) = (self.matches.len(), self.out.len());
        let text = Text::store(&mut self.arena, value);
        self.out
            .extend_from_slice(format!(r#"{{"threat_info":"{title}"}}"#).as_bytes());
        let span = Span::between(start, self.out.len());
        self.out.push(b'\n');
        self.matches.push(Match {
            rule: Arc::from("threat.severity"),
            field: "severity",
            value: text,
            entry: None,
        });
        self.matches.push(Match {
            rule: Arc::from("threat.list"),
            field: "source_ip",
            value: text,
            entry: Some(ListEntry {
                list: Arc::from("bad"),
                entry: Text::store(&mut self.arena, "203.0.113.0/24"),
                origin: Arc::from("bad.txt"),
            }),
        });
        let alert = self.alerts.last_mut().expect("an alert comes first");
        alert.title = Some(title);
        alert.enriched = Some(span);
        alert.dst_ip = None;
        alert.matches = (u32::try_from(first).expect("a small batch"), 2);
        self
    }

    pub(crate) fn misses(mut self, misses: u32) -> Self {
        self.enrich_misses = misses;
        self
    }

    pub(crate) fn position(mut self, fingerprint: u128, offset: u64) -> Self {
        self.positions.push(FilePosition {
            fingerprint,
            offset,
            inode: offset + 1,
            check: !offset,
        });
        self
    }

    pub(crate) fn push(mut self, push: StoredPush) -> Self {
        self.push = Some(push);
        self
    }

    /// A record that the pipeline refused.
    pub(crate) fn reject(self, raw: &str) -> Self {
        self.reject_as(raw, Reason::MissingField)
    }

    pub(crate) fn reject_as(mut self, raw: &str, reason: Reason) -> Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(raw.as_bytes());
        self.rejected.push(Rejected {
            record: self.records,
            id: letter(self.source.as_str(), raw),
            stage: Stage::Normalize,
            reason,
            detail: format!("{reason}: `id` is absent"),
            upstream_id: None,
            raw: Span::between(start, self.bytes.len()),
            full_bytes: raw.len() as u64,
            full_hash: *blake3::hash(raw.as_bytes()).as_bytes(),
        });
        self.records += 1;
        self
    }

    pub(crate) fn pass(mut self, passed: u32, filtered: u32) -> Self {
        self.passed += passed;
        self.filtered += filtered;
        self.records += passed + filtered;
        self
    }

    pub(crate) fn checkpoint(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    pub(crate) fn late_before(mut self, before: Timestamp) -> Self {
        self.late_before = Some(before);
        self
    }

    pub(crate) fn redrive(mut self, letters: &[DeadLetterId]) -> Self {
        self.redriven = letters.to_vec();
        self
    }

    pub(crate) fn commit(self) -> Commit {
        let outcome = Outcome {
            source: self.source.clone(),
            sequence: self.fetch,
            epoch: 1,
            received: self.at,
            fetch: self.fetch,
            read: self.records,
            passed: self.passed,
            filtered: self.filtered,
            bytes: Bytes::from(self.bytes),
            arena: self.arena,
            context: Arc::new(context()),
            alerts: self.alerts,
            rejected: self.rejected,
            matches: self.matches,
            out: Bytes::from(self.out),
            events: Vec::new(),
            enrich_misses: self.enrich_misses,
        };
        Commit {
            source: self.source,
            lane: Lane::Poll,
            at: self.at,
            outcome: Some(outcome),
            checkpoint: self.checkpoint,
            late_before: self.late_before,
            redriven: self.redriven,
            positions: self.positions,
            push: self.push,
            ticket: self.ticket,
        }
    }
}

/// An address of its own for each number below 65,536.
pub(crate) fn private_address(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from((10 << 24) | number).into()
}

/// What the batches were made with.
pub(crate) fn context() -> Context {
    Context {
        adapter: "test/1".to_owned(),
        ..Context::default()
    }
}
