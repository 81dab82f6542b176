//! The one way to build an HTTP client: HTTP/1, no redirects, no proxy from the environment, no hidden
//! decompression, and only to addresses that [`Egress`] allows.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;

use crate::egress::{CheckedResolver, Egress};
use crate::tls;

/// How the client names itself.
pub(crate) const USER_AGENT: &str = concat!("cresset/", env!("CARGO_PKG_VERSION"));
/// How long an unused connection stays open for the next page.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// Whether the client will speak TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// `http`.
    Plain,
    /// `https`, with the system's certificates.
    Tls,
}

/// Builds a client for the one host of `egress`.
pub(crate) fn client(
    egress: &Arc<Egress>,
    transport: Transport,
    connect_timeout: Duration,
) -> Result<reqwest::Client, reqwest::Error> {
    tls::install();
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(POOL_IDLE)
        .dns_resolver(CheckedResolver::new(Arc::clone(egress)));
    match transport {
        Transport::Plain => builder.tls_backend_preconfigured(tls::without_trust()),
        Transport::Tls => builder.https_only(true),
    }
    .build()
}
