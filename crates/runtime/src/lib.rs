//! Runners and loops: poll, redrive, retention, control, watchdogs. Knows the ports of `model` and the pure
//! pipeline, never a vendor, a store or a protocol.

mod chaos;
mod control;
#[cfg(test)]
mod fakes;
mod handover;
pub mod lines;
mod live_hub;
mod live_tables;
mod minute;
mod observer;
mod pace;
pub mod poll;
pub mod push;
mod redrive;
pub mod routing;
mod source_cell;
mod stages;
mod ticket;
pub mod watch;

pub use control::{ControlConfig, INTERVAL_MINUTES_MAX, INTERVAL_SETTING, RuntimeControl};
pub use live_hub::{LIVE_EVENTS_MAX, LiveHub};
pub use live_tables::LiveTables;
pub use source_cell::SourceCell;
pub use stages::{Rules, Stages, Workers};
