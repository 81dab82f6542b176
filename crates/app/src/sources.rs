//! Starts the sources of a configuration.

use std::sync::Arc;

use anyhow::Context as _;
use cresset_connectors::sinks::{FileSink, FileSinkConfig};
use cresset_connectors::sources::file::{FileSource, FileSourceConfig, FileStart};
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::ports::{Clock, EventSink, Intake, Store};
use cresset_runtime::{
    ControlConfig, INTERVAL_MINUTES_MAX, INTERVAL_SETTING, RuntimeControl, SourceCell, Stages,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use crate::config::{
    self, Compress, Config, Environment, HttpPollConfig, PipelineConfig, SinkConfig, SourceConfig,
};
use crate::generate;
use crate::wiring::{self, PollParts};

/// What sources are started with.
pub(crate) struct Sources<'a> {
    /// The configuration.
    pub(crate) config: &'a Config,
    /// The environment.
    pub(crate) environment: &'a Environment,
    /// The store.
    pub(crate) store: &'a Arc<SqliteStore>,
    /// The same, waking the router.
    pub(crate) waking: Arc<dyn Store>,
    /// The wall clock.
    pub(crate) clock: &'a Arc<dyn Clock>,
}

/// The started sources.
pub(crate) struct Started {
    /// Commands them.
    pub(crate) control: RuntimeControl,
    /// Takes what is pushed.
    pub(crate) intake: Arc<dyn Intake>,
}
