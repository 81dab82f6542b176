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
pub(crate) use enrich::{EnrichConfig, GeoDatabase, UserDirectory};
pub(crate) use environment::{Environment, Ports};
pub(crate) use http_poll::{HttpPollConfig, SinceFormat};
pub(crate) use load::load;
pub(crate) use pipeline::{Adapter, PipelineConfig, SourceConfig};
pub(crate) use root::Config;
pub(crate) use secret::resolve_secret;
pub(crate) use store::{SqliteConfig, StoreConfig};
