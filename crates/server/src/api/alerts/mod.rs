//! `/api/v1/alerts`.

mod ask;
mod csv;
mod export;
mod facets;
mod filter;
mod histogram;
mod item;
mod list;
mod provenance;
mod related;
mod show;

pub(crate) use export::export;
pub(crate) use facets::facets;
pub(crate) use filter::filter_of;
pub(crate) use histogram::histogram;
pub(crate) use list::list;
pub(crate) use related::related;
pub(crate) use show::show;
