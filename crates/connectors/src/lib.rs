//! The only clients: stores, sources, lookups.

pub mod api_client;
mod egress;
mod http;
pub mod lookups;
pub mod notifiers;
#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;
mod send_failure;
pub mod sinks;
pub mod sources;
pub mod stores;
pub mod tls;
