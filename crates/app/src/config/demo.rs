//! The configurations of the demos.

use std::net::Ipv4Addr;
use std::path::Path;

use cresset_model::city::CityField;
use cresset_model::health::WatchLimits;
use cresset_model::ip::Network;
use cresset_model::limits::RecordLimits;
use cresset_model::notification::RETRY_WAITS;
use cresset_model::query::AddressField;
use cresset_model::{Severity, SourceId};

use super::adapter::{Adapter, Alerts};
use super::detect::{DetectConfig, ThreatConfig};
use super::enrich::{EnrichConfig, GeoConfig, GeoDatabase};
use super::enrich::{UserConfig, UserDirectory};
use super::environment::Ports;
use super::http_poll::{ChaosConfig, HttpPollConfig};
use super::lists::{ListConfig, ListContent};
use super::log::LogConfig;
use super::outbox::OutboxConfig;
use super::pipeline::PipelineConfig;
use super::receivers::{NotifierConfig, ReceiverConfig};
use super::retention::RetentionConfig;
use super::root::Config;
use super::route::RouteConfig;
use super::server::{ServerConfig, loopback};
use super::sinks::{FileSinkConfig, SinkConfig};
use super::source::{GenerateConfig, SourceConfig};
use super::store::{SqliteConfig, StoreConfig};
use super::url::HttpUrl;

/// The name of the pipeline that `cresset demo` runs.
const DEMO_PIPELINE: &str = "upstream-alerts";
/// The name of the pipeline that `cresset demo --nullify` runs.
const NULLIFY_PIPELINE: &str = "nullify";
/// How many events it makes in a second.
const NULLIFY_EVENTS_PER_SECOND: u32 = 2;
/// The name of its list.
const NULLIFY_LIST: &str = "malicious-ips";
/// The name of its receiver.
const NULLIFY_RECEIVER: &str = "log";
/// The addresses that the generated events' bad actors have; all for documentation.
const MALICIOUS_ADDRESSES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(198, 51, 100, 2),
    Ipv4Addr::new(203, 0, 113, 3),
];

impl Config {
    /// What `cresset demo` runs: the mock on the loopback address as upstream, the built-in geography
    /// and the invented users, a store in `data_dir`.
    pub(crate) fn demo(ports: Ports, data_dir: &Path) -> Self {
        let upstream = format!("http://{}/alerts", loopback(ports.mock));
        let url = HttpUrl::parse(&upstream).expect("a loopback address and a path are a valid URL");
        let allow_private = Some(url.host_port().clone());
        let chaos = format!("http://{}/config", loopback(ports.mock));
        let chaos = HttpUrl::parse(&chaos).expect("a loopback address and a path are a valid URL");
        let poll = HttpPollConfig {
            chaos: Some(ChaosConfig {
                url: chaos,
                allow_private: allow_private.clone(),
            }),
            allow_private,
            ..HttpPollConfig::new(url)
        };
        let enrich = vec![
            EnrichConfig::Geo(GeoConfig {
                of: AddressField::DstIp,
                database: GeoDatabase::Builtin,
                fields: None,
            }),
            EnrichConfig::User(UserConfig {
                of: AddressField::SrcIp,
                table: UserDirectory::Demo,
            }),
        ];
        Self {
            store: store(data_dir),
            server: server(ports),
            retention: RetentionConfig::default(),
            limits: RecordLimits::default(),
            watchdogs: WatchLimits::default(),
            outbox: OutboxConfig::default(),
            log: LogConfig::default(),
            lists: Vec::new(),
            pipelines: vec![PipelineConfig {
                name: DEMO_PIPELINE.to_owned(),
                id: SourceId::new(DEMO_PIPELINE),
                source: SourceConfig::HttpPoll(Box::new(poll)),
                adapter: Adapter::SeedA,
                enrich,
                detect: Vec::new(),
                alerts: Alerts::All,
                sinks: Vec::new(),
            }],
            route: None,
            receivers: Vec::new(),
        }
    }

    /// What `cresset demo --nullify` runs: generated events, the built-in geography, the threat test, a
    /// file of enriched events and a store in `data_dir`, and the console that is told of each threat.
    pub(crate) fn demo_nullify(ports: Ports, data_dir: &Path) -> Self {
        let pipeline = PipelineConfig {
            name: NULLIFY_PIPELINE.to_owned(),
            id: SourceId::new(NULLIFY_PIPELINE),
            source: SourceConfig::Generate(GenerateConfig {
                events_per_second: NULLIFY_EVENTS_PER_SECOND,
                ..GenerateConfig::default()
            }),
            adapter: Adapter::Nullify,
            enrich: vec![EnrichConfig::Geo(GeoConfig {
                of: AddressField::SrcIp,
                database: GeoDatabase::Builtin,
                fields: Some(CityField::ALL.to_vec()),
            })],
            detect: vec![DetectConfig::Threat(ThreatConfig {
                severity: vec![Severity::High],
                list: Some(NULLIFY_LIST.to_owned()),
            })],
            alerts: Adapter::Nullify.alerts(),
            sinks: vec![SinkConfig::File(FileSinkConfig::new(
                data_dir.join("events"),
            ))],
        };
        let addresses = MALICIOUS_ADDRESSES.map(|address| Network {
            base: address.into(),
            prefix: 32,
        });
        Self {
            store: store(data_dir),
            server: server(ports),
            retention: RetentionConfig::default(),
            limits: RecordLimits::default(),
            watchdogs: WatchLimits::default(),
            outbox: OutboxConfig::default(),
            log: LogConfig::default(),
            lists: vec![ListConfig {
                name: NULLIFY_LIST.to_owned(),
                content: ListContent::Addresses(addresses.to_vec()),
            }],
            pipelines: vec![pipeline],
            route: Some(RouteConfig::to(NULLIFY_RECEIVER)),
            receivers: vec![ReceiverConfig {
                name: NULLIFY_RECEIVER.to_owned(),
                notifiers: vec![NotifierConfig::Console],
                retry_waits: RETRY_WAITS.to_vec(),
            }],
        }
    }
}

fn store(data_dir: &Path) -> StoreConfig {
    StoreConfig::Sqlite(SqliteConfig {
        path: data_dir.join("cresset.db"),
        ..SqliteConfig::default()
    })
}

fn server(ports: Ports) -> ServerConfig {
    ServerConfig {
        listen: loopback(ports.api),
        also_listen: vec![loopback(ports.dashboard)],
        ..ServerConfig::default()
    }
}

#[cfg(test)]
mod tests;
