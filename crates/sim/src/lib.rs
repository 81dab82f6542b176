//! The flaky upstream, the producer of events and the test bed.

pub mod mock_api;
pub mod mock_geo;
pub mod producer;
pub mod rng;
