//! Kills or stops the running service at random moments and judges what it kept: nothing lost, nothing doubled,
//! everything in its newest content; and who was told of it: every alert, in order, and again only under
//! its first key.

mod campaign;
mod deliveries;
pub(crate) mod dice;
pub(crate) mod http;
pub(crate) mod judge;
pub(crate) mod process;
mod pusher;
mod receiver;
mod second;
pub(crate) mod service;

#[cfg(test)]
mod tests;

pub(crate) use campaign::{KILLS_IN_TESTS, Signal, TERMS_IN_TESTS, build, run};
pub(crate) use http::get;
pub(crate) use process::{Process, free_port, wait_until};
