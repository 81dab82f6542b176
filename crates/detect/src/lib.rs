//! What makes an event an alert: the threat test and indicator lists. Pure: no clock, no files.
//!
//! It must not know how events are read, where lists come from, or what came before.

mod detection;
mod event;
mod threat;

pub use detection::{Detection, Detector, Findings, Verdict};
pub use event::{Event, Observable};
