//! Bytes to records: cutting an answer into records, and reading one record's fields.

mod any;
mod bounds;
mod cursor;
mod documents;
mod fault;
mod lines;
mod open_record;
pub(crate) mod scan;
mod seek;
mod slice_error;
mod slicer;
mod unescape;
mod walk;

pub use any::AnySlicer;
pub use cursor::{Cursor, CursorFinder};
pub(crate) use fault::Fault;
pub use lines::{LineSlicer, SlicedLines};
pub use slice_error::SliceError;
pub use slicer::{ArraySlicer, Sliced};
pub(crate) use unescape::{Nul, unescape};
