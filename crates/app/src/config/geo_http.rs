//! `enrich.geo_http`, a geography that is asked over HTTP.

use std::time::Duration;

use cresset_model::config::{ByteSize, Fault, Section};
use cresset_model::query::AddressField;

use super::enrich::ADDRESS_FIELDS;
use super::url::{HostPort, HttpUrl, check_private};

/// The service that is asked by default.
const URL_DEFAULT: &str = "http://ip-api.com";
/// Whether several addresses are asked at once by default.
const BATCH_DEFAULT: bool = true;
/// How long an answer is kept by default.
const CACHE_AGE_MAX_DEFAULT: Duration = Duration::from_hours(24);
const CACHE_AGE_MAX_MIN: Duration = Duration::from_secs(1);
const CACHE_AGE_MAX_MAX: Duration = Duration::from_hours(30 * 24);
/// Memory for answers by default.
const CACHE_BYTES_MAX_DEFAULT: u64 = 16 << 20;
const CACHE_BYTES_MAX_MIN: u64 = 64 << 10;
const CACHE_BYTES_MAX_MAX: u64 = 4 << 30;
/// How long a look-up may take by default.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(2);
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = Duration::from_secs(30);

/// `geo_http:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeoHttpConfig {
    /// Whose place; by default as for `geo`.
    pub(crate) of: AddressField,
    /// The service, without a path of its own for one address or a batch.
    pub(crate) url: HttpUrl,
    /// Whether up to 100 addresses are asked at once; by default they are.
    pub(crate) batch: bool,
    /// How long an answer is kept.
    pub(crate) cache_age_max: Duration,
    /// Memory for answers.
    pub(crate) cache_bytes_max: u64,
    /// How long a look-up may take.
    pub(crate) timeout: Duration,
    /// The host and port that may have a private address; always those of `url`.
    pub(crate) allow_private: Option<HostPort>,
}

/// Reads `geo_http:`; `None` without a usable address.
pub(super) fn read(mut section: Section<'_>, of_default: AddressField) -> Option<GeoHttpConfig> {
    let of = section.word("of", &ADDRESS_FIELDS).unwrap_or(of_default);
    let url = if section.has("url") {
        section.optional::<HttpUrl>("url")
    } else {
        section.entry("url");
        HttpUrl::parse(URL_DEFAULT).ok()
    };
    let batch = section.optional("batch").unwrap_or(BATCH_DEFAULT);
    let cache_age_max = section.in_range(
        "cache",
        CACHE_AGE_MAX_DEFAULT,
        CACHE_AGE_MAX_MIN..=CACHE_AGE_MAX_MAX,
    );
    let ByteSize(cache_bytes_max) = section.in_range(
        "cache_size",
        ByteSize(CACHE_BYTES_MAX_DEFAULT),
        ByteSize(CACHE_BYTES_MAX_MIN)..=ByteSize(CACHE_BYTES_MAX_MAX),
    );
    let timeout = section.in_range("timeout", TIMEOUT_DEFAULT, TIMEOUT_MIN..=TIMEOUT_MAX);
    let allow_private = section.optional("allow_private");
    if let Some(url) = &url {
        check_private(&section, url, allow_private.as_ref());
        if url.as_str().contains('?') {
            let fault = Fault::at(section.place_of("url"), "\"url\" holds a query");
            section.report(
                fault
                    .concealed()
                    .hint("write the address of the service only, such as http://ip-api.com"),
            );
        }
    }
    section.finish();
    url.map(|url| GeoHttpConfig {
        of,
        url,
        batch,
        cache_age_max,
        cache_bytes_max,
        timeout,
        allow_private,
    })
}

#[cfg(test)]
mod tests;
