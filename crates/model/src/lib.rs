//! The words that every crate shares: times, identities, records, events, alerts, outcomes,
//! queries and ports. Plain values; no I/O, no clock, no async runtime, no vendor.

pub mod alert;
pub mod batch;
pub mod city;
pub mod config;
pub mod country;
pub mod dead_letter;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod health;
pub mod id;
pub mod indicator;
pub mod ip;
pub mod limits;
pub mod notification;
pub mod outcome;
pub mod place;
pub mod ports;
pub mod provenance;
pub mod query;
pub mod secret;
pub mod severity;
pub mod source;
pub mod tables;
pub mod text;
pub mod time;

pub use id::{AlertId, ContentHash, DeadLetterId, NotificationId, SourceId};
pub use severity::Severity;
pub use time::Timestamp;
