//! Bytes to records: cutting an answer into records, and reading one record's fields.

mod fault;
pub(crate) mod scan;
mod seek;
mod slice_error;
mod slicer;
mod unescape;
mod walk;

pub(crate) use fault::Fault;
pub use slice_error::SliceError;
pub use slicer::{ArraySlicer, Sliced};
pub(crate) use unescape::{Nul, unescape};
