//! The configuration: one YAML file, read into plain values, every fault of it named at once.

mod auth;
mod enrich;
mod environment;
mod faults;
mod http_poll;
mod limits;
mod load;
mod pipeline;
mod retention;
mod root;
mod secret;
mod server;
mod store;
mod substitute;
mod url;
mod yaml;

pub(crate) use auth::AuthConfig;
pub(crate) use enrich::{
    AddressField, EnrichConfig, GeoConfig, GeoDatabase, UserConfig, UserDirectory,
};
pub(crate) use environment::{Environment, EnvironmentFault, Ports};
pub(crate) use faults::ConfigFaults;
pub(crate) use http_poll::{HttpPollConfig, SinceConfig, SinceFormat, Timeouts};
pub(crate) use load::{load, parse};
pub(crate) use pipeline::{Adapter, Alerts, PipelineConfig, SourceConfig};
pub(crate) use retention::RetentionConfig;
pub(crate) use root::{Config, DEMO_PIPELINE};
pub(crate) use secret::{SecretFault, resolve_secret};
pub(crate) use server::ServerConfig;
pub(crate) use store::{SqliteConfig, StoreConfig};
pub(crate) use url::{HostPort, HttpUrl};
