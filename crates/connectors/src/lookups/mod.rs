//! The tables that enrichment looks up: read from files, refreshed when a file changes.

mod geo;
mod table_file;
mod users;

pub use geo::{GEO_FILE_BYTES_MAX, GEO_NETWORKS_MAX, GeoError, builtin, read_mmdb};
pub use table_file::{RELOAD_PERIOD, TableFile, TableFileError};
pub use users::{
    USER_BYTES_MAX, USER_ENTRIES_MAX, USER_FILE_BYTES_MAX, UsersError, parse_users, read_users,
};
