//! Configuration as a tree with places, and a reader that collects every fault instead of stopping at
//! the first.

mod diagnostics;
mod nearest;
mod node;
mod scalar;
mod section;

pub use diagnostics::{Diagnostics, FAULTS_MAX, Fault, Shown};
pub use nearest::nearest;
pub use node::{Entry, Node, Place, Scalar, Value};
pub use scalar::{ByteSize, FromScalar, Misfit, Ranged, quote};
pub use section::{Choice, Section};
