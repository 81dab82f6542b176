//! Additions from tables, one file each.

pub(crate) mod geo;
pub(crate) mod user;

mod address;

use address::address;
