//! An address that nobody may contact.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Counts who contacts it; ends when dropped.
#[derive(Debug)]
pub(super) struct Trap {
    address: SocketAddr,
    contacts: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Trap {
    /// Listens on a free port of this machine.
    pub(super) async fn set() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let contacts = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&contacts);
        let task = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Self {
            address,
            contacts,
            task,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn contacts(&self) -> u64 {
        self.contacts.load(Ordering::Relaxed)
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.task.abort();
    }
}
