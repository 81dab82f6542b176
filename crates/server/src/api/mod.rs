//! The API of version 1: lists with cursors, one query language, problem documents.

pub(crate) mod alerts;
mod cursor;
pub(crate) mod dead_letters;
mod page;
mod params;
mod raw;
pub(crate) mod sources;
pub(crate) mod version;
