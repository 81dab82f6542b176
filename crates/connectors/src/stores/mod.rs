//! Stores: where alerts, dead letters, counters and checkpoints are kept.

#[cfg(test)]
mod contract;
pub mod live_index;
pub mod sqlite;
