//! The whole configuration.

use std::path::Path;

use cresset_model::SourceId;
use cresset_model::limits::RecordLimits;
use cresset_model::query::AddressField;

use super::enrich::{EnrichConfig, GeoConfig, GeoDatabase};
use super::enrich::{UserConfig, UserDirectory};
use super::environment::Ports;
use super::http_poll::HttpPollConfig;
use super::pipeline::{Adapter, Alerts, PipelineConfig, SourceConfig};
use super::retention::RetentionConfig;
use super::server::{ServerConfig, loopback};
use super::store::{SqliteConfig, StoreConfig};
use super::url::HttpUrl;

/// The name of the pipeline that `cresset demo` runs.
const DEMO_PIPELINE: &str = "upstream-alerts";

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
    /// `pipelines:`, in the order of the file; at least one.
    pub(crate) pipelines: Vec<PipelineConfig>,
}

impl Config {
    /// What `cresset demo` runs: the mock on the loopback address as upstream, the built-in geography
    /// and the invented users, a store in `data_dir`.
    pub(crate) fn demo(ports: Ports, data_dir: &Path) -> Self {
        let upstream = format!("http://{}/alerts", loopback(ports.mock));
        let url = HttpUrl::parse(&upstream).expect("a loopback address and a path are a valid URL");
        let allow_private = Some(url.host_port().clone());
        let poll = HttpPollConfig {
            allow_private,
            ..HttpPollConfig::new(url)
        };
        let enrich = vec![
            EnrichConfig::Geo(GeoConfig {
                of: AddressField::DstIp,
                database: GeoDatabase::Builtin,
            }),
            EnrichConfig::User(UserConfig {
                of: AddressField::SrcIp,
                table: UserDirectory::Demo,
            }),
        ];
        Self {
            store: StoreConfig::Sqlite(SqliteConfig {
                path: data_dir.join("cresset.db"),
                ..SqliteConfig::default()
            }),
            server: ServerConfig {
                listen: loopback(ports.api),
                also_listen: vec![loopback(ports.dashboard)],
                ..ServerConfig::default()
            },
            retention: RetentionConfig::default(),
            limits: RecordLimits::default(),
            pipelines: vec![PipelineConfig {
                name: DEMO_PIPELINE.to_owned(),
                id: SourceId::new(DEMO_PIPELINE),
                source: SourceConfig::HttpPoll(Box::new(poll)),
                adapter: Adapter::SeedA,
                enrich,
                alerts: Alerts::All,
            }],
        }
    }
}
