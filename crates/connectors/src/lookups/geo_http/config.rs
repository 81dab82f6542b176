//! What can be set.

use std::time::Duration;

use cresset_model::city::CityField;
use cresset_model::secret::Secret;

/// How long one request may take, connecting included.
pub const GEO_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer is remembered.
pub const GEO_CACHE_TTL: Duration = Duration::from_hours(24);
/// Bytes of remembered answers; the oldest give way.
pub const GEO_CACHE_BYTES_MAX: usize = 16 << 20;
/// Addresses of one request.
pub const GEO_BATCH_MAX: usize = 100;
/// Bytes of one answer.
pub(super) const ANSWER_BYTES_MAX: usize = 256 << 10;

/// The settings of a geography that is asked over HTTP.
#[derive(Debug, Clone)]
pub struct GeoHttpConfig {
    /// The address of the service, such as `http://ip-api.com`.
    pub url: String,
    /// The key of the service, if it asks for one; sent as the parameter `key`.
    pub key: Option<Secret>,
    /// Addresses of one request, at most [`GEO_BATCH_MAX`]; with 1 the service is never asked for several.
    pub batch_max: usize,
    /// The members to write, in their order.
    pub fields: Vec<CityField>,
    /// The one `host:port` that may be asked although its address is not public.
    pub allow_private: Option<String>,
    /// See [`GEO_TIMEOUT`].
    pub timeout: Duration,
    /// See [`GEO_CACHE_TTL`].
    pub cache_ttl: Duration,
    /// See [`GEO_CACHE_BYTES_MAX`].
    pub cache_bytes_max: usize,
}

impl Default for GeoHttpConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            key: None,
            batch_max: GEO_BATCH_MAX,
            fields: CityField::ALL.to_vec(),
            allow_private: None,
            timeout: GEO_TIMEOUT,
            cache_ttl: GEO_CACHE_TTL,
            cache_bytes_max: GEO_CACHE_BYTES_MAX,
        }
    }
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum GeoHttpError {
    /// `url` cannot be read.
    #[error("`url` is not valid: {0}")]
    UrlInvalid(String),
    /// `url` has another scheme.
    #[error("`url` must begin with http:// or https://, not {0}://")]
    UrlScheme(String),
    /// `url` has more than a host and a path.
    #[error("`url` must not hold a user, a query or a fragment")]
    UrlParts,
    /// `allow_private` is not a host and a port.
    #[error("`allow_private` must be host:port, such as 127.0.0.1:9000, not `{0}`")]
    AllowPrivate(String),
    /// The HTTP client cannot be built.
    #[error("cannot prepare the HTTP client")]
    Client(#[source] reqwest::Error),
}
