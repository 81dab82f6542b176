//! The tables that enrichment looks up: read from files, refreshed when a file changes.

mod city;
mod cover;
mod csv_line;
mod deep_stack;
mod faults;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod geo;
mod geo_http;
mod indicators;
mod place;
mod table_file;
mod users;

pub use city::{CITY_RECORDS_MAX, CITY_TEXT_BYTES_MAX, builtin_city, read_city};
pub use faults::Faults;
pub use geo::{GEO_FILE_BYTES_MAX, GEO_NETWORKS_MAX, GeoError, builtin, read_mmdb};
pub use geo_http::{
    GEO_BATCH_MAX, GEO_CACHE_BYTES_MAX, GEO_CACHE_TTL, GEO_TIMEOUT, GeoHttp, GeoHttpConfig,
    GeoHttpError,
};
pub use indicators::{
    INDICATOR_ENTRIES_MAX, INDICATOR_FILE_BYTES_MAX, IndicatorsError, IndicatorsRead,
    read_indicators, split_column,
};
pub use table_file::{RELOAD_PERIOD, TableFile, TableFileError};
pub use users::{
    USER_BYTES_MAX, USER_ENTRIES_MAX, USER_FILE_BYTES_MAX, UsersError, parse_users, read_users,
};
