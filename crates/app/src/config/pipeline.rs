//! `pipelines:`, each a source, an adapter and its enrichments.

use cresset_model::SourceId;

use super::enrich::EnrichConfig;
use super::http_poll::HttpPollConfig;

/// One entry of `pipelines:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PipelineConfig {
    /// The key under `pipelines:`.
    pub(crate) name: String,
    /// The identity that its alerts are derived from; by default the name.
    pub(crate) id: SourceId,
    /// Where records come from.
    pub(crate) source: SourceConfig,
    /// Which format the records have.
    pub(crate) adapter: Adapter,
    /// What is added to each event, in this order; each kind at most once.
    pub(crate) enrich: Vec<EnrichConfig>,
    /// Which events are alerts.
    pub(crate) alerts: Alerts,
}

/// `source:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceConfig {
    /// An HTTP API asked at an interval.
    HttpPoll(Box<HttpPollConfig>),
}

/// `adapter:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// The two formats of the original service, chosen by the value of `source`.
    SeedA,
}

/// `alerts:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Alerts {
    /// Every event is an alert.
    #[default]
    All,
}
