//! Records of the original's two formats, from the bytes of an answer to the rows of a batch.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::ensure;
use bytes::Bytes;
use cresset_connectors::lookups;
use cresset_model::SourceId;
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::limits::RecordLimits;
use cresset_model::ports::Answers;
use cresset_model::query::AddressField;
use cresset_model::tables::{Tables, UserTable};
use cresset_pipeline::decode::{ArraySlicer, Sliced};
use cresset_pipeline::process::{Adapter, Pipeline, PipelineSpec, Scratch};

use crate::cpu;
use crate::events::now;
use crate::report::Report;
use crate::upstream;

/// Turns of each format.
const TURNS: usize = 7;
/// Records of a turn.
const RECORDS: usize = 200_000;
/// Bytes that come at once.
const READ_BYTES: usize = 64 << 10;

/// One of the formats.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    /// With `severity`, `src_ip` and `created_at`.
    Standard,
    /// With `criticality`, `sourceAddress` and `timestamp`.
    Legacy,
}

/// The core as the service runs it on such a source: the country of the target, the user of the sender.
pub(crate) struct SeedA {
    pipeline: Pipeline,
    tables: Tables,
    scratch: Scratch,
}

impl SeedA {
    /// With the tables of the demo.
    pub(crate) fn new() -> Self {
        Self {
            pipeline: Pipeline::new(PipelineSpec {
                geo_of: Some(AddressField::DstIp),
                user_of: Some(AddressField::SrcIp),
                ..PipelineSpec::new(Adapter::SeedA)
            }),
            tables: Tables {
                geo: Some(Arc::new(lookups::builtin("dst_ip"))),
                users: Some(Arc::new(UserTable::demo())),
                ..Tables::default()
            },
            scratch: Scratch::default(),
        }
    }

    /// Makes rows of an answer; all of its records must become some.
    pub(crate) fn run(&mut self, answer: &[u8], records: usize) -> anyhow::Result<()> {
        let mut slicer = ArraySlicer::new(RecordLimits::default(), None);
        let mut rows = 0;
        for mut rest in answer.chunks(READ_BYTES) {
            while !rest.is_empty() {
                let taken = slicer.feed(rest)?;
                rest = rest.get(taken..).unwrap_or_default();
                while let Some(sliced) = slicer.take_full() {
                    rows += self.batch(sliced);
                }
            }
        }
        slicer.finish()?;
        while let Some(sliced) = slicer.take_rest() {
            rows += self.batch(sliced);
        }
        ensure!(rows == records, "{rows} rows of {records} records");
        Ok(())
    }

    fn batch(&mut self, sliced: Sliced) -> usize {
        let batch = RawBatch {
            source: SourceId::new("bench"),
            sequence: 0,
            received: now(),
            epoch: 0,
            fetch: 1,
            first_place: 0,
            identity: BatchIdentity::Vendor,
            bytes: sliced.bytes,
            records: sliced.records,
        };
        let prepared = self.pipeline.prepare(batch, &mut self.scratch);
        let answers = Answers::default();
        let outcome =
            self.pipeline
                .finish(&self.tables, prepared, &answers, now(), &mut self.scratch);
        let rows = outcome.alerts.len();
        black_box(outcome);
        rows
    }
}

/// Rows of both formats a second, in turns.
pub(crate) fn seed_a(report: &mut Report) -> anyhow::Result<()> {
    let answers = [Format::Standard, Format::Legacy].map(|format| answer(format, RECORDS));
    let mut seed_a = SeedA::new();
    let mut rates: [Vec<f64>; 2] = Default::default();
    for _ in 0..TURNS {
        for (answer, rates) in answers.iter().zip(&mut rates) {
            let seconds = cpu::spent(|| seed_a.run(answer, RECORDS))?;
            rates.push(RECORDS as f64 / seconds);
        }
    }
    for (name, rates) in ["standard", "legacy"].iter().zip(&rates) {
        let work = format!("seed A, {name}, bytes to row (goal 600,000)");
        report.turns(&work, "records/CPU s", rates);
    }
    Ok(())
}

/// An answer of so many records of one format, about 262 bytes each.
pub(crate) fn answer(format: Format, records: usize) -> Bytes {
    let parity = match format {
        Format::Standard => 0,
        Format::Legacy => 1,
    };
    let count = records as u64 * 2;
    let alerts: Vec<String> = (0..count)
        .filter(|index| index % 2 == parity)
        .map(|index| upstream::alert(index, count, 1_769_860_800))
        .collect();
    format!("[{}]", alerts.join(",")).into()
}
