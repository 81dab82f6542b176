//! Lists of bad addresses, networks, domains, URLs and file hashes.

use std::net::IpAddr;

use crate::provenance::TableInfo;

/// A list, compiled for look-up.
#[derive(Debug, Clone, Default)]
pub struct IndicatorList {
    /// The configured name.
    pub name: String,
    /// Where it comes from.
    pub info: TableInfo,
}

impl IndicatorList {
    /// The entry that holds an address: the address itself or the longest network around it, written in
    /// canonical form.
    pub fn address(&self, _address: IpAddr) -> Option<&str> {
        None
    }
}
