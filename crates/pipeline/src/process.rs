//! The stages put together: a batch of raw records to an outcome.

use std::net::IpAddr;

use bytes::Bytes;
pub use cresset_detect::Detector;
use cresset_detect::{Detection, Event};
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::city::PlacesScratch;
use cresset_model::ip;
use cresset_model::limits::RecordLimits;
use cresset_model::outcome::{Observation, Outcome, Rejected};
pub use cresset_model::ports::Answers;
use cresset_model::provenance::Marks;
use cresset_model::query::AddressField;
use cresset_model::tables::Tables;
use cresset_model::text::{Span, Text};
use cresset_model::{ContentHash, SourceId, Timestamp};

use crate::decode::scan::ScanScratch;
use crate::enrich;
pub use crate::instants::{Instants, Order, instants, order};
pub use crate::normalize::Adapter;
use crate::splice::{Names, Splice};

mod content;
mod context;
mod finish;
mod nested;
mod read;
#[cfg(test)]
mod tests;

/// What a pipeline does, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineSpec {
    /// Which vendor's records it reads.
    pub adapter: Adapter,
    /// Whose country is added to the alert, if any.
    pub geo_of: Option<AddressField>,
    /// Whose user is added to the alert, if any.
    pub user_of: Option<AddressField>,
    /// Whose place is spliced into the record, if any. The country of the alert comes from it too, unless
    /// [`PipelineSpec::geo_of`] says otherwise.
    pub city_of: Option<AddressField>,
    /// Whether a remote service is asked for that place; its answers go before the table in memory.
    pub remote_geo: bool,
    /// What makes an event an alert.
    pub detect: Vec<Detector>,
    /// Which events are alerts.
    pub alerts: AlertRule,
    /// Whether every event goes to event sinks.
    pub write: bool,
    /// The bounds of a record.
    pub limits: RecordLimits,
}

/// Which events are alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertRule {
    /// Every event, as from an alert API.
    #[default]
    All,
    /// Those on which a detection fired; the others are counted as passed.
    Detected,
    /// No event, where nobody keeps alerts: only lines are made.
    Nothing,
}

impl PipelineSpec {
    /// Reads the records of an adapter, makes every one an alert and adds nothing.
    pub fn new(adapter: Adapter) -> Self {
        Self {
            adapter,
            geo_of: None,
            user_of: None,
            city_of: None,
            remote_geo: false,
            detect: Vec::new(),
            alerts: AlertRule::All,
            write: false,
            limits: RecordLimits::default(),
        }
    }
}

/// The stateless core: any number of batches may be in it at once, in any order. Changes nothing but
/// the scratch, which affects speed and never the outcome.
#[derive(Debug, Clone)]
pub struct Pipeline {
    spec: PipelineSpec,
    detection: Detection,
    names: Names,
}

/// A worker's memory, kept from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    scan: ScanScratch,
    order: Vec<usize>,
    /// The fields of the record that is read, in the order of their keys, one after the other.
    canonical: Vec<u8>,
    threat: String,
    context: Option<context::CachedContext>,
    places: PlacesScratch,
    /// The events of the batch before: memory that is asked for anew each time comes as fresh pages.
    events: Vec<Seen>,
}

/// Bytes of a buffer that is kept for the next batch; a larger one is given back.
const KEPT_BYTES_MAX: usize = 4 << 20;

impl Scratch {
    fn keep(&mut self, mut events: Vec<Seen>) {
        events.clear();
        if events.capacity() * size_of::<Seen>() <= KEPT_BYTES_MAX {
            self.events = events;
        }
    }
}

/// A batch after decoding and normalizing, before enrichment and detection.
#[derive(Debug)]
pub struct Prepared {
    source: SourceId,
    sequence: u64,
    epoch: u64,
    received: Timestamp,
    fetch: u64,
    identity: BatchIdentity,
    read: u32,
    bytes: Bytes,
    arena: String,
    /// Members that stay in records which carry a name of ours.
    stays: Vec<Span>,
    events: Vec<Seen>,
    /// What each event is as an alert; none where few become alerts, and these are read once more.
    drafts: Vec<Draft>,
    rejected: Vec<Rejected>,
    remote_of: Option<AddressField>,
}

/// An event after normalizing.
#[derive(Debug)]
struct Seen {
    /// Index of its record in the batch.
    record: u32,
    observed: Observation,
    raw: Span,
    event: Event,
    splice: Splice,
}

impl Seen {
    fn address(&self, of: AddressField) -> Option<IpAddr> {
        let dst_ip = self.event.dst_ip.map(|observable| observable.address);
        enrich::address(self.event.src_ip.address, dst_ip, of)
    }
}

/// What an alert has beyond its event.
#[derive(Debug, Clone, Copy)]
struct Draft {
    upstream_id: Option<Text>,
    source: &'static str,
    description: Text,
    created_at: Timestamp,
    marks: Marks,
    content: ContentHash,
}

impl Prepared {
    /// The addresses that a remote geography is to be asked for: each once, in order, public ones only;
    /// none unless the pipeline asks one.
    pub fn lookups(&self) -> Vec<IpAddr> {
        let Some(of) = self.remote_of else {
            return Vec::new();
        };
        let mut addresses: Vec<IpAddr> = self
            .events
            .iter()
            .filter_map(|seen| seen.address(of))
            .filter(|address| ip::is_public(*address))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

impl Pipeline {
    /// Builds a pipeline.
    pub fn new(spec: PipelineSpec) -> Self {
        let detection = Detection::new(spec.detect.clone());
        let names = Names {
            city: spec.city_of.is_some(),
            threat: detection.has_threat(),
        };
        Self {
            spec,
            detection,
            names,
        }
    }

    /// What it does.
    pub fn spec(&self) -> &PipelineSpec {
        &self.spec
    }

    /// Decodes and normalizes. Every record becomes an event or a dead letter.
    ///
    /// # Panics
    /// Never in practice: batches are bounded at far fewer than 2^32 records.
    pub fn prepare(&self, batch: RawBatch, scratch: &mut Scratch) -> Prepared {
        let mut events = std::mem::take(&mut scratch.events);
        events.reserve(batch.records.len());
        let all = self.spec.alerts == AlertRule::All;
        scratch.scan.watch(self.names.list());
        let bytes = batch.bytes.clone();
        let mut prepared = Prepared {
            source: batch.source,
            sequence: batch.sequence,
            epoch: batch.epoch,
            received: batch.received,
            fetch: batch.fetch,
            identity: batch.identity,
            read: u32::try_from(batch.records.len()).expect("batches are bounded in records"),
            bytes: batch.bytes,
            arena: String::new(),
            stays: Vec::new(),
            events,
            drafts: Vec::with_capacity(if all { batch.records.len() } else { 0 }),
            rejected: Vec::new(),
            remote_of: self.spec.city_of.filter(|_| self.spec.remote_geo),
        };
        for (index, record) in (0..prepared.read).zip(batch.records) {
            let place = batch.first_place.saturating_add(index);
            self.record((&mut prepared, &bytes), record, (index, place), scratch);
        }
        prepared
    }

    /// Enriches, detects and writes the lines. `answers` belong to [`Prepared::lookups`]; no stage of today
    /// asks for the time.
    pub fn finish(
        &self,
        tables: &Tables,
        prepared: Prepared,
        answers: &Answers,
        _now: Timestamp,
        scratch: &mut Scratch,
    ) -> Outcome {
        scratch.scan.watch(self.names.list());
        let context = self.context(tables, scratch);
        self.decide((tables, answers), prepared, context, scratch)
    }
}
