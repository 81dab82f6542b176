//! Where events go.

mod file;
mod packing;
mod segment;

pub use file::{FileSink, FileSinkConfig, FileSinkError};
pub use packing::Packing;
