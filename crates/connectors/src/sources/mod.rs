//! Where records come from.

pub mod http_poll;
mod mock_dials;

pub use mock_dials::{MockDials, MockDialsError};
