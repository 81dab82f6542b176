//! The flaky upstream and the test bed.
