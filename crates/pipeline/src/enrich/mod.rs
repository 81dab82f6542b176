//! Additions from tables, one file each.

pub(crate) mod city;
pub(crate) mod geo;
pub(crate) mod user;

mod address;

pub(crate) use address::address;
