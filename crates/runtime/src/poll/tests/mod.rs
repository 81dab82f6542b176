//! The loop of a source against fakes, on a paused clock.

mod batches;
mod commands;
mod isolation;
mod kills;
mod overlaps;
mod retries;
mod rounds;
mod schedule;
