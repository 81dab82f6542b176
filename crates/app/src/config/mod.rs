//! The configuration: one YAML file, read into plain values, every fault of it named at once.

mod adapter;
mod auth;
mod demo;
mod detect;
mod enrich;
mod environment;
mod faults;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod geo_http;
mod http_poll;
mod limits;
mod lists;
mod load;
mod log;
mod matcher;
mod names;
mod outbox;
mod paging;
mod pipeline;
mod receivers;
mod reload;
mod retention;
mod root;
mod route;
mod secret;
mod server;
mod sinks;
mod smtp;
mod source;
mod store;
mod substitute;
mod url;
mod watchdogs;
mod webhook;
mod yaml;

pub(crate) use adapter::{Adapter, Alerts};
pub(crate) use auth::AuthConfig;
pub(crate) use detect::DetectConfig;
pub(crate) use enrich::{EnrichConfig, GeoDatabase, UserDirectory};
pub(crate) use environment::{Environment, Ports};
pub(crate) use geo_http::GeoHttpConfig;
pub(crate) use http_poll::{HttpPollConfig, SinceFormat};
pub(crate) use lists::{ListConfig, ListContent};
pub(crate) use load::load;
pub(crate) use log::{LINE_BYTES_MAX, LogConfig};
pub(crate) use paging::PagingConfig;
pub(crate) use pipeline::PipelineConfig;
pub(crate) use receivers::NotifierConfig;
pub(crate) use root::Config;
pub(crate) use route::{Grouping, RouteConfig};
pub(crate) use secret::resolve_secret;
pub(crate) use sinks::SinkConfig;
pub(crate) use smtp::{SmtpConfig, SmtpSecurity};
pub(crate) use source::{FileSourceConfig, FileStart, GenerateConfig, PushConfig, SourceConfig};
pub(crate) use store::{SqliteConfig, StoreConfig};
pub(crate) use webhook::{HeaderValue, WebhookConfig};

#[cfg(test)]
mod tests;
