//! The loop of a source against fakes, on a paused clock.

mod batches;
mod commands;
mod failures;
mod isolation;
mod kills;
mod overlaps;
mod paging;
mod retries;
mod rounds;
mod schedule;
mod sweeps;
mod unchanged;
mod warnings;
mod world;
