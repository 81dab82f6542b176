//! The parts of a running service that a reload replaces.

use std::sync::Arc;

use cresset_model::health::WatchLimits;
use cresset_model::ports::Clock;
use cresset_pipeline::router::Router;
use cresset_runtime::routing::ReceiverSet;
use cresset_runtime::{Rules, RuntimeControl, Stages};
use tokio::sync::watch;

use crate::config::PipelineConfig;
use crate::refresh::NextRefresh;

/// What a reload replaces.
pub(crate) struct Running {
    /// The intervals of the sources.
    pub(crate) control: Arc<RuntimeControl>,
    /// The pipelines.
    pub(crate) pipelines: Vec<RunningPipeline>,
    /// Who is told.
    pub(crate) receivers: Arc<ReceiverSet>,
    /// Who is told of what.
    pub(crate) router: watch::Sender<Option<Arc<Router>>>,
    /// When the watchdogs complain.
    pub(crate) limits: watch::Sender<WatchLimits>,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
}

/// A pipeline that runs.
pub(crate) struct RunningPipeline {
    /// Its name.
    pub(crate) name: String,
    /// What it does.
    pub(crate) stages: Stages,
    /// The files behind its tables.
    pub(crate) refresh: NextRefresh,
}

impl RunningPipeline {
    /// One that begins with these rules.
    pub(crate) fn new(pipeline: &PipelineConfig, rules: Rules) -> Self {
        Self {
            name: pipeline.name.clone(),
            stages: Stages::new(rules),
            refresh: NextRefresh::default(),
        }
    }
}
