//! The whole configuration.

use cresset_model::health::WatchLimits;
use cresset_model::limits::RecordLimits;

use super::lists::ListConfig;
use super::log::LogConfig;
use super::outbox::OutboxConfig;
use super::pipeline::PipelineConfig;
use super::receivers::ReceiverConfig;
use super::retention::RetentionConfig;
use super::route::RouteConfig;
use super::server::ServerConfig;
use super::sinks::SinkConfig;
use super::store::StoreConfig;

/// A configuration without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// `store:`.
    pub(crate) store: StoreConfig,
    /// `server:`.
    pub(crate) server: ServerConfig,
    /// `retention:`.
    pub(crate) retention: RetentionConfig,
    /// `limits:`.
    pub(crate) limits: RecordLimits,
    /// `watchdogs:`.
    pub(crate) watchdogs: WatchLimits,
    /// `outbox:`.
    pub(crate) outbox: OutboxConfig,
    /// `log:`.
    pub(crate) log: LogConfig,
    /// `lists:`, in the order of the file.
    pub(crate) lists: Vec<ListConfig>,
    /// `pipelines:`, in the order of the file; at least one.
    pub(crate) pipelines: Vec<PipelineConfig>,
    /// `route:`, the root; `None`: nobody is told.
    pub(crate) route: Option<RouteConfig>,
    /// `receivers:`, in the order of the file; each that a route names is here.
    pub(crate) receivers: Vec<ReceiverConfig>,
}

impl Config {
    /// What only `cresset pipe` can do, a sentence for each: `cresset run` refuses these.
    pub(crate) fn for_pipe_only(&self) -> Vec<String> {
        let mut found = Vec::new();
        for PipelineConfig { name, sinks, .. } in &self.pipelines {
            if sinks.contains(&SinkConfig::Stdout) {
                found.push(format!(
                    "pipeline {name:?} writes to the standard output, which only `cresset pipe` \
                     does: give it another sink, such as file: {{ path: data/events }}"
                ));
            }
        }
        found
    }
}
