//! Kills the running service at random moments and judges what it kept: nothing lost, nothing doubled,
//! everything in its newest content.

mod campaign;
mod dice;
mod http;
mod judge;
mod process;
mod service;

#[cfg(test)]
mod tests;

pub(crate) use campaign::{RUNS, build, run};
