//! `/api/v1/dead-letters`.

mod item;
mod list;
mod redrive;
mod selection;
mod show;

pub(crate) use list::list;
pub(crate) use redrive::{redrive_many, redrive_one};
pub(crate) use show::show;
