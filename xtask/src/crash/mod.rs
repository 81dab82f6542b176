//! Kills the running service at random moments and judges what it kept: nothing lost, nothing doubled,
//! everything in its newest content; and who was told of it: every alert, in order, and again only under
//! its first key.

mod campaign;
mod deliveries;
mod dice;
mod http;
mod judge;
mod process;
mod pusher;
mod receiver;
mod service;

#[cfg(test)]
mod tests;

pub(crate) use campaign::{RUNS, build, run};
pub(crate) use http::get;
pub(crate) use process::{Process, free_port, wait_until};
