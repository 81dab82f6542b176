//! Where events go.

mod file;
mod segment;

pub use file::{FileSink, FileSinkConfig, FileSinkError};
