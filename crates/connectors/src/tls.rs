//! The one TLS stack: rustls with ring.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// Makes ring the cryptography of every TLS connection of the process. Called at start; calling it again
/// changes nothing.
pub fn install() {
    if CryptoProvider::get_default().is_none() {
        // Losing the race against another caller is fine: it installed the same provider.
        drop(ring::default_provider().install_default());
    }
}

/// A configuration that trusts nobody, for clients that speak plain HTTP only: it spares reading the
/// system's certificates, and works where there are none.
pub(crate) fn without_trust() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of the default protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
