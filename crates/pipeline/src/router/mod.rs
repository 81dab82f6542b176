//! Routing: which receiver is told of which alert, when, and in which words. A step over committed
//! rows; it changes nothing but through [`State::apply`], after its commit.

mod body;
mod group;
mod label;
mod matcher;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod tree;

pub use body::{RECORD_BYTES_MAX, RECORDS_BYTES_MAX};
pub use group::{GROUPS_MAX, IDLE_MAX};
pub use label::Label;
pub use matcher::{MATCHER_VALUE_BYTES_MAX, Matcher, MatcherError, Operator};
pub use state::{State, Step};
pub use step::FLUSHES_MAX;
pub use tree::{
    GROUP_INTERVAL_DEFAULT, GROUP_WAIT_DEFAULT, Grouping, RouteError, RouteTree, Router,
    RouterLimits,
};
