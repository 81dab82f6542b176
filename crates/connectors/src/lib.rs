//! The only clients: stores, sources, lookups.

pub mod api_client;
mod egress;
mod http;
pub mod lookups;
pub mod notifiers;
mod send_failure;
pub mod sinks;
pub mod sources;
pub mod stores;
pub mod tls;
