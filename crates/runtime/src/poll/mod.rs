//! Polls an upstream by time with a durable bookmark: the rule, the page, the turn and the loop.

mod course;
mod intake;
mod memory;
mod notice;
mod page;
mod rewind;
pub mod rule;
mod runner;
mod turn;
mod walk;

#[cfg(test)]
mod tests;

pub use page::Paging;
pub use rewind::Rewind;
pub use rule::{PollRule, SweepRule};
pub use runner::{Poll, PollCommand, PollConfig, PollPorts};
