//! `/api/v1/deliveries`: what was told to whom, and how far it has got.

mod item;
mod list;
mod retry;
mod show;

pub(crate) use list::list;
pub(crate) use retry::{retry_many, retry_one};
pub(crate) use show::show;

pub(super) use item::Told;
