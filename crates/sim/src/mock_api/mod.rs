//! A flaky upstream: answers like the original service's mock, and can be told to misbehave in every way
//! that a client must survive. What it sent is written down, so that a judge can compare.

mod alert;
mod bulk;
mod chaos;
mod config;
mod documents;
mod guard;
mod malformed;
mod py_json;
mod server;
mod truth;
mod world;

#[cfg(test)]
mod tests;

pub use config::{MockConfig, MockConfigError, PAGE_SIZE, RateLimit};
pub use server::{MockError, serve};
pub use world::RECORDS_KEPT_MAX;
