//! `/api/v1/query`.

mod complete;

pub(crate) use complete::complete;
