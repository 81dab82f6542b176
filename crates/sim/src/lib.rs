//! The flaky upstream, the hostile one, the producer of events and the test bed.

pub mod mock_api;
pub mod mock_geo;
pub mod nasty;
pub mod producer;
pub mod rng;
