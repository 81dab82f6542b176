//! Takes pushed records in: unpacked, cut into batches, decided, committed, answered.

mod answer;
mod books;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod intake;
mod slots;
#[cfg(test)]
mod tests;
mod unpack;
mod zstd_frames;

pub use intake::{PushIntake, PushPorts, PushSource};
pub use slots::{PUSHES_BYTES_MAX, PUSHES_MAX};
pub use unpack::{
    PUSH_BODY_BYTES_MAX, PUSH_UNPACKED_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, UnpackLimits,
};
