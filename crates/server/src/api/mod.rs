//! The API of version 1: lists with cursors, one query language, problem documents.

pub(crate) mod alerts;
pub(crate) mod config;
mod cursor;
pub(crate) mod dead_letters;
pub(crate) mod deliveries;
pub(crate) mod events;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod id_list;
mod page;
mod params;
pub(crate) mod query;
mod raw;
pub(crate) mod receivers;
pub(crate) mod sources;
pub(crate) mod stream;
pub(crate) mod version;
