//! A stack for readers that follow a file as deep as it nests.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, Builder};

/// Bytes of the stack; only what is used of it takes memory. A hostile database nests its records up to 512 deep,
/// which is more than a thread has room for by default in a build without optimization.
const STACK_BYTES: usize = 64 << 20;

/// Does the work on a thread of its own and waits for it.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let worker = Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)?;
        Ok(worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
