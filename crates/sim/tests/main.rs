//! The test bed at work: parts of the runtime over real sockets and a real store.

#[cfg(test)]
mod it;
