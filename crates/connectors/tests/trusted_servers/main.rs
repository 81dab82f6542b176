//! Clients against real servers whose certificate the system trusts.

#[cfg(test)]
#[path = "../real_servers/servers.rs"]
#[expect(dead_code, reason = "mail is sent by the other tests")]
mod servers;
#[cfg(test)]
mod webhook;
