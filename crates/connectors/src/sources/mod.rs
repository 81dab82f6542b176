//! Where records come from.

pub mod file;
pub mod http_poll;
mod mock_dials;
pub mod stdin;

pub use mock_dials::{MockDials, MockDialsError};
