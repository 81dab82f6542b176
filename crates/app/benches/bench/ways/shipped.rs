//! The way that is shipped: the slicer and the pure core, as `cresset pipe` calls them.

use std::sync::Arc;

use cresset_model::Severity;
use cresset_model::SourceId;
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::limits::RecordLimits;
use cresset_model::ports::Answers;
use cresset_model::query::AddressField;
use cresset_model::tables::Tables;
use cresset_pipeline::decode::{LineSlicer, SlicedLines};
use cresset_pipeline::process::{Adapter, AlertRule, Detector, Pipeline, PipelineSpec, Scratch};

use super::{Out, Way};
use crate::events::now;

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 20;

/// The core with its tables.
pub(crate) struct Shipped {
    pipeline: Pipeline,
    tables: Tables,
    scratch: Scratch,
    source: SourceId,
}

impl Shipped {
    /// With these tables; without a list only the severity makes a threat. `cresset pipe` makes no alerts, the
    /// service does.
    pub(crate) fn new(tables: Tables, alerts: AlertRule) -> Self {
        let spec = PipelineSpec {
            city_of: Some(AddressField::SrcIp),
            detect: vec![Detector::Threat {
                severity: vec![Severity::High],
                list: (!tables.indicators.is_empty()).then_some(0),
            }],
            alerts,
            write: true,
            ..PipelineSpec::new(Adapter::Nullify)
        };
        Self {
            pipeline: Pipeline::new(spec),
            tables,
            scratch: Scratch::default(),
            source: SourceId::new("bench"),
        }
    }

    fn batch(&mut self, lines: SlicedLines, out: Out<'_>) -> anyhow::Result<()> {
        let batch = RawBatch {
            source: self.source.clone(),
            sequence: 0,
            received: now(),
            epoch: 0,
            fetch: 0,
            first_place: 0,
            identity: BatchIdentity::Offset {
                key: 0,
                base: lines.base,
            },
            bytes: lines.bytes,
            records: lines.records,
        };
        let prepared = self.pipeline.prepare(batch, &mut self.scratch);
        let answers = Answers::default();
        let outcome =
            self.pipeline
                .finish(&self.tables, prepared, &answers, now(), &mut self.scratch);
        anyhow::ensure!(outcome.rejected.is_empty(), "a record was refused");
        out(&outcome.out);
        Ok(())
    }
}

impl Way for Shipped {
    fn run(&mut self, lines: &[u8], out: Out<'_>) -> anyhow::Result<()> {
        let mut slicer = LineSlicer::new(RecordLimits::default(), 0);
        for mut rest in lines.chunks(READ_BYTES) {
            while !rest.is_empty() {
                let taken = slicer.feed(rest);
                rest = rest.get(taken..).unwrap_or_default();
                while let Some(full) = slicer.take_full() {
                    self.batch(full, out)?;
                }
            }
        }
        slicer.finish();
        while let Some(last) = slicer.take_rest() {
            self.batch(last, out)?;
        }
        Ok(())
    }
}

/// A list as a table.
pub(crate) fn tables_with(
    city: &Arc<cresset_model::city::CityTable>,
    list: Option<cresset_model::indicator::IndicatorList>,
) -> Tables {
    Tables {
        city: Some(Arc::clone(city)),
        indicators: list.map(Arc::new).into_iter().collect(),
        ..Tables::default()
    }
}
