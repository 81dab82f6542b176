//! `/api/v1/alerts`.

mod filter;
mod item;
mod list;
mod provenance;
mod show;

pub(crate) use filter::filter_of;
pub(crate) use list::list;
pub(crate) use show::show;
