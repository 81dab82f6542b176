//! Stores: where alerts, dead letters, counters and checkpoints are kept.

pub mod live_index;
pub mod sqlite;
