//! The only clients: stores, sources, lookups.

pub mod api_client;
mod egress;
mod http;
pub mod lookups;
pub mod sources;
pub mod stores;
pub mod tls;
