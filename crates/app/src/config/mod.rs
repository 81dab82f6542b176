//! The configuration: one YAML file, read into plain values, every fault of it named at once.

mod auth;
mod enrich;
mod environment;
mod http_poll;
mod pipeline;
mod retention;
mod root;
mod server;
mod store;
mod url;

pub(crate) use auth::AuthConfig;
pub(crate) use enrich::{
    AddressField, EnrichConfig, GeoConfig, GeoDatabase, UserConfig, UserDirectory,
};
pub(crate) use environment::{Environment, EnvironmentFault, Ports};
pub(crate) use http_poll::{HttpPollConfig, SinceConfig, SinceFormat, Timeouts};
pub(crate) use pipeline::{Adapter, Alerts, PipelineConfig, SourceConfig};
pub(crate) use retention::RetentionConfig;
pub(crate) use root::{Config, DEMO_PIPELINE};
pub(crate) use server::ServerConfig;
pub(crate) use store::{SqliteConfig, StoreConfig};
pub(crate) use url::{HostPort, HttpUrl};
