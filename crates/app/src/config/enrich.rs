//! `enrich:`, what is added to each event from tables.

use std::path::PathBuf;

/// One entry of `enrich:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnrichConfig {
    /// The country of an address.
    Geo(GeoConfig),
    /// The user behind an address.
    User(UserConfig),
}

/// `geo:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeoConfig {
    /// Whose country; by default `dst_ip`.
    pub(crate) of: AddressField,
    /// Which database; by default the built-in one.
    pub(crate) database: GeoDatabase,
}

/// `geo.database`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum GeoDatabase {
    /// The one in the binary.
    #[default]
    Builtin,
    /// A MaxMind database file, relative to the working directory.
    Mmdb(PathBuf),
}

/// `user:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserConfig {
    /// Who sits behind which address; by default `src_ip`.
    pub(crate) of: AddressField,
    /// Which directory.
    pub(crate) table: UserDirectory,
}

/// `user.table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserDirectory {
    /// Invented users, stable for each private address.
    Demo,
    /// A CSV file of addresses or networks and users, relative to the working directory.
    Csv(PathBuf),
}

/// An address of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressField {
    /// `src_ip`.
    SrcIp,
    /// `dst_ip`.
    DstIp,
}

impl AddressField {
    /// The word in the configuration and on every wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SrcIp => "src_ip",
            Self::DstIp => "dst_ip",
        }
    }
}
