//! Watchdogs: look at the running parts, judge them by their limits, and say what is wrong and what to do.

#[cfg(test)]
mod fixture;
mod judge;
mod memory;
mod reloads;
mod watchdogs;

pub use reloads::WatchedReload;
pub use watchdogs::{WatchPorts, Watchdogs};
