//! A hostile upstream: scenarios over real HTTP, each of which knows what must be in the store in the end.
//!
//! A scenario is data: hostile answers, one for each request, then a book that is told page by page. Its
//! server writes bytes and not messages, so that it can be wrong in every way.

mod alert;
mod book;
mod cast;
mod crowd;
mod judge;
mod play;
mod request;
mod scenario;
mod scenarios;
mod server;
mod stage;
mod trap;
mod wire;

#[cfg(test)]
mod tests;

pub use alert::Alert;
pub use book::Unusable;
pub use judge::{AlertJudge, LetterJudge};
pub use scenario::{SCENARIOS, Scenario, UnknownScenario, find};
pub use server::serve;
pub use stage::{Nasty, Seen, Truth};
