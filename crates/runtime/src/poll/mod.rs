//! Polls an upstream by time with a durable bookmark: the rule, the page, the turn and the loop.

mod intake;
mod page;
pub mod rule;
mod runner;
mod turn;

#[cfg(test)]
mod tests;

pub(crate) use intake::decide;
pub use rule::PollRule;
pub use runner::{Poll, PollConfig, PollPorts};
