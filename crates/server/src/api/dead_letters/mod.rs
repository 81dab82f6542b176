//! `/api/v1/dead-letters`.

mod asked;
mod export;
mod item;
mod list;
mod reasons;
mod redrive;
mod selection;
mod show;

pub(crate) use export::export;
pub(crate) use list::list;
pub(crate) use reasons::reasons;
pub(crate) use redrive::{redrive_many, redrive_one};
pub(crate) use show::show;
