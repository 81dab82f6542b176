mod bodies;
mod keys;
mod limits;
mod reloads;
mod sinks;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cresset_model::SourceId;
use cresset_model::limits::RecordLimits;
use cresset_model::ports::{Encoding, Intake, PushBody, PushError, PushReceipt};
use cresset_model::source::Counters;
use cresset_pipeline::process::{Adapter, AlertRule, Detector, Pipeline, PipelineSpec};

use super::*;
use crate::fakes::{Journal, MemorySink, MemoryStore, TestClock};
use crate::{ControlConfig, LiveTables, Rules, RuntimeControl, SourceCell, Stages};

/// A source of events that takes pushes, over fakes.
struct Door {
    journal: Arc<Journal>,
    store: Arc<MemoryStore>,
    sink: Arc<MemorySink>,
    cell: Arc<SourceCell>,
    stages: Stages,
    intake: Arc<PushIntake>,
}

/// The smallest batches that tests get along with.
const BATCH_RECORDS: usize = 3;

impl Door {
    /// One whose events go to the store alone.
    fn new() -> Self {
        Self::with(false, None)
    }

    /// One whose records lie in an object.
    fn with_records_at(path: &str) -> Self {
        Self::with(false, Some(path))
    }

    /// One whose events go to a sink too.
    fn with_sink() -> Self {
        Self::with(true, None)
    }

    fn with(has_sink: bool, records: Option<&str>) -> Self {
        let limits = RecordLimits {
            batch_records_max: BATCH_RECORDS,
            ..RecordLimits::default()
        };
        let spec = PipelineSpec {
            detect: vec![Detector::Threat {
                severity: vec![cresset_model::Severity::High],
                list: None,
            }],
            alerts: AlertRule::Detected,
            write: has_sink,
            limits,
            ..PipelineSpec::new(Adapter::Nullify)
        };
        let stages = Stages::new(Rules {
            pipeline: Arc::new(Pipeline::new(spec)),
            tables: Arc::new(LiveTables::default()),
            lookup: None,
            retention: None,
        });
        Self::built(stages, has_sink, records)
    }

    /// One with these stages.
    fn over(stages: Stages) -> Self {
        Self::built(stages, false, None)
    }

    /// One that unpacks so far.
    fn unpacking(unpack: UnpackLimits) -> Self {
        let stages = Self::new().stages;
        Self::bounded(stages, (false, None), unpack)
    }

    fn built(stages: Stages, has_sink: bool, records: Option<&str>) -> Self {
        Self::bounded(stages, (has_sink, records), UnpackLimits::default())
    }

    fn bounded(
        stages: Stages,
        (has_sink, records): (bool, Option<&str>),
        unpack: UnpackLimits,
    ) -> Self {
        let journal = Arc::new(Journal::new());
        let store = Arc::new(MemoryStore::new(Arc::clone(&journal)));
        let sink = Arc::new(MemorySink::new(Arc::clone(&journal)));
        let cell = Arc::new(SourceCell::new(
            SourceId::new("events"),
            "push",
            String::new(),
        ));
        let fresh = AtomicU64::new(1);
        let mut intake = PushIntake::new(PushPorts {
            store: Arc::clone(&store) as _,
            clock: Arc::new(TestClock::new()),
            fresh_key: Arc::new(move || u128::from(fresh.fetch_add(1, Ordering::Relaxed))),
        });
        intake.add(PushSource {
            cell: Arc::clone(&cell),
            stages: stages.clone(),
            sinks: if has_sink {
                vec![Arc::clone(&sink) as _]
            } else {
                Vec::new()
            },
            records_path: records.map(str::to_owned),
            unpack,
        });
        Self {
            journal,
            store,
            sink,
            cell,
            stages,
            intake: Arc::new(intake),
        }
    }

    async fn push(&self, body: impl Into<Bytes>) -> Result<PushReceipt, PushError> {
        self.intake.push(plain(body)).await
    }

    async fn push_with(&self, key: &str, body: impl Into<Bytes>) -> Result<PushReceipt, PushError> {
        let push = PushBody {
            key: Some(key.to_owned()),
            ..plain(body)
        };
        self.intake.push(push).await
    }

    async fn packed(
        &self,
        encoding: Encoding,
        body: impl Into<Bytes>,
    ) -> Result<PushReceipt, PushError> {
        let push = PushBody {
            encoding,
            ..plain(body)
        };
        self.intake.push(push).await
    }

    /// A control that knows the source.
    fn control(&self) -> RuntimeControl {
        let mut control = RuntimeControl::new(ControlConfig {
            store: Arc::clone(&self.store) as _,
            query: Arc::clone(&self.store) as _,
            clock: Arc::new(TestClock::new()),
        });
        let sinks = vec![Arc::clone(&self.sink) as _];
        control.add_unpolled(Arc::clone(&self.cell), self.stages.clone(), sinks);
        control
    }

    fn books(&self) -> Counters {
        self.store.stored(self.cell.id()).counters
    }
}

fn plain(body: impl Into<Bytes>) -> PushBody {
    PushBody {
        source: SourceId::new("events"),
        body: body.into(),
        encoding: Encoding::Identity,
        key: None,
    }
}

/// An event of a severity, with a description that tells it from others.
fn event(severity: &str, description: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-23T10:00:00Z\",\"source_ip\":\"203.0.113.7\",\
         \"destination_ip\":\"10.0.0.1\",\"event_type\":\"port_scan\",\
         \"severity\":\"{severity}\",\"description\":\"{description}\"}}"
    )
}

/// So many events, of which every third is an alert.
fn events(count: usize) -> Vec<String> {
    let severity = |index: usize| {
        if index.is_multiple_of(3) {
            "high"
        } else {
            "low"
        }
    };
    (0..count)
        .map(|index| event(severity(index), &index.to_string()))
        .collect()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(body, level)
}
