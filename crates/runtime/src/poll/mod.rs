//! Polls an upstream by time with a durable bookmark: the rule, the page, the turn and the loop.

mod intake;
mod page;
mod rewind;
pub mod rule;
mod runner;
mod turn;

#[cfg(test)]
mod tests;

pub use rewind::Rewind;
pub use rule::PollRule;
pub use runner::{Poll, PollCommand, PollConfig, PollPorts};
