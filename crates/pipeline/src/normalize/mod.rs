//! Vendor records to alerts: one file per adapter, registered in [`Adapter`].

mod adapter;
mod nullify;
mod seed_a;
mod unix_time;
mod values;

pub use adapter::Adapter;
pub(crate) use adapter::Normalized;
pub(crate) use values::Values;
