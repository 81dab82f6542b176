//! `server:`, where the API and the page listen and who may reach them.

use std::net::{Ipv4Addr, SocketAddr};

/// The port of the API and the page by default.
pub(crate) const PORT_DEFAULT: u16 = 8000;

/// `server:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerConfig {
    /// The address of the API and the page.
    pub(crate) listen: SocketAddr,
    /// Further addresses that answer the same.
    pub(crate) also_listen: Vec<SocketAddr>,
    /// Whether anyone who reaches a non-loopback address may read and command without a login.
    pub(crate) open: bool,
    /// Names accepted in the `Host` header beside the loopback names, lower case, without a port.
    pub(crate) hosts: Vec<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: loopback(PORT_DEFAULT),
            also_listen: Vec::new(),
            open: false,
            hosts: Vec::new(),
        }
    }
}

/// The IPv4 loopback address with a port.
pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
