//! The flaky upstream and the test bed.

pub mod mock_api;
