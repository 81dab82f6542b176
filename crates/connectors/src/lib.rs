//! The only clients: stores, sources, lookups.

pub mod stores;
mod egress;
mod http;
pub mod api_client;
pub mod lookups;
pub mod notifiers;
mod send_failure;
pub mod sources;
pub mod tls;
