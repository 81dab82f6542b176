//! Additions from tables, one file each.

pub(crate) mod geo;
pub(crate) mod user;
