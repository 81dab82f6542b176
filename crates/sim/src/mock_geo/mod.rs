//! A geography service in the form of ip-api.com, with its limit and its headers: `GET /json/{address}`
//! and `POST /batch`. The same address always lies in the same place.

mod config;
mod place;
mod server;

#[cfg(test)]
mod tests;

pub use config::{MockGeoConfig, MockGeoConfigError};
pub use server::{MockGeoError, serve};
