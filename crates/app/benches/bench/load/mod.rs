//! The store and the service under load, each row with its goal.

mod client;
pub(crate) mod commit;
mod judged;
pub(crate) mod push;
pub(crate) mod reads;
pub(crate) mod ready;
pub(crate) mod retain;
pub(crate) mod stored;
pub(crate) mod sync;
