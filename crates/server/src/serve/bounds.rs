//! What a client may take of the server.

use std::time::Duration;

/// The bounds of connections and requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at the same time, over all listeners; further ones get a 503 and are closed.
    pub connections_max: usize,
    /// Connections of one address at the same time; an IPv6 address counts as its network of 64 bits.
    pub address_connections_max: usize,
    /// Bytes of the head of a request; a longer one gets a 431.
    pub head_bytes_max: usize,
    /// Header lines of a request; more get a 431.
    pub headers_max: usize,
    /// Listeners to the streams of events at the same time; further ones get a 429.
    pub viewers_max: usize,
    /// Until the first byte of a new connection.
    pub first_byte_timeout: Duration,
    /// From the first byte of a request to the end of its head.
    pub head_timeout: Duration,
    /// For the whole body of a request.
    pub body_timeout: Duration,
    /// Until the body must come at its least rate.
    pub body_grace: Duration,
    /// Bytes of the body in a second, on average once the grace is over.
    pub body_rate_min: u64,
    /// Between two requests of a connection.
    pub idle_timeout: Duration,
    /// While something waits for a client that reads nothing.
    pub stall_timeout: Duration,
}

impl Bounds {
    /// The least that `head_bytes_max` may be: what the parser of requests needs.
    pub const HEAD_BYTES_MIN: usize = 8 << 10;
}

/// The connections fit 10,000 idle dashboards and some. One address may have a third of them: a proxy
/// shows all its clients under its own address, so that few would lock its users out.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_max: 12_288,
            address_connections_max: 4_096,
            head_bytes_max: 64 << 10,
            headers_max: 64,
            viewers_max: 100,
            first_byte_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            body_grace: Duration::from_secs(10),
            body_rate_min: 1 << 10,
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(30),
        }
    }
}
