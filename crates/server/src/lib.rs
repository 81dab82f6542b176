//! REST API and pages over the ports of the model. Knows no store, no upstream and no configuration
//! file: whatever it shows it asks through [`Services`].

mod access;
mod api;
mod ask;
mod docs;
mod files;
mod form;
mod glance;
mod guard;
mod json;
mod metrics;
mod probes;
mod problem;
mod reply;
mod router;
mod seed_a;
mod serve;
mod services;
#[cfg(test)]
mod tests;
mod traffic;
mod trigger;
mod ui;

pub use access::Access;
#[cfg(any(test, feature = "fuzzing"))]
pub use api::fuzz;
pub use router::router;
pub use serve::{Bounds, Connections, STOP_WITHIN, serve};
pub use services::{ServiceFacts, Services};
