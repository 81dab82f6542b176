//! `geo_http`: asks a service in the form of ip-api.com where addresses lie.
//!
//! One address is asked for with `GET {url}/json/{address}`, up to a hundred with `POST {url}/batch`.
//! It asks one thing at a time, obeys `X-Rl` and `X-Ttl`, and remembers answers. What it cannot answer in
//! time is unknown, never an error.

mod answer;
mod ask;
mod cache;
mod config;

#[cfg(test)]
mod tests;

pub use ask::GeoHttp;
pub use config::{
    GEO_BATCH_MAX, GEO_CACHE_BYTES_MAX, GEO_CACHE_TTL, GEO_TIMEOUT, GeoHttpConfig, GeoHttpError,
};
