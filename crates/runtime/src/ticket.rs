//! Names for commits.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use cresset_model::ports::Ticket;

/// The random number of this process.
static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("run"));
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A ticket that no other commit has, of this process or of a former one.
pub(crate) fn fresh() -> Ticket {
    Ticket {
        run: *RUN,
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
    }
}
