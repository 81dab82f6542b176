//! Bytes to outcomes: decode, normalize, enrich, detect, splice. Pure: no clock, no files, no runtime.
//!
//! It must not know who read the bytes, when it is now, or what came before: any number of batches
//! may be processed at once and in any order.

pub mod decode;
mod enrich;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod instants;
pub mod normalize;
pub mod process;
mod quote;
pub mod router;
mod splice;
