//! Ports for processes that a test starts, shared by the test programs of this directory.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes ports of outgoing connections, which could take one away before its process listens.
const FIRST: u16 = 10_000;
/// So many ports a process of tests has for itself, as long as no other one's number ends alike.
const OWN: u16 = 110;
const PROCESSES: u16 = 200;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A port that nothing listens on and that no other test of this process was given.
pub(crate) fn free_port() -> u16 {
    let mine = u16::try_from(std::process::id() % u32::from(PROCESSES)).unwrap_or_default();
    loop {
        let turn = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (mine * OWN + turn) % (PROCESSES * OWN);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
