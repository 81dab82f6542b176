//! A geography with regions, cities and coordinates: ranges of addresses, and one rendered fragment for
//! each distinct record.

use std::net::IpAddr;

use crate::provenance::TableInfo;
use crate::tables::GeoFragment;

/// The table.
#[derive(Debug, Clone, Default)]
pub struct CityTable {
    /// Where it comes from.
    pub info: TableInfo,
    v4_starts: Vec<u32>,
    v4_fragments: Vec<u32>,
    v6_starts: Vec<u128>,
    v6_fragments: Vec<u32>,
    fragments: Vec<GeoFragment>,
}

impl CityTable {
    /// Where the address lies. Private and reserved addresses lie nowhere.
    pub fn fragment(&self, address: IpAddr) -> Option<&GeoFragment> {
        let address = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        if !crate::ip::is_public(address) {
            return None;
        }
        let number = match address {
            IpAddr::V4(v4) => find(&self.v4_starts, &self.v4_fragments, &u32::from(v4)),
            IpAddr::V6(v6) => find(&self.v6_starts, &self.v6_fragments, &u128::from(v6)),
        }?;
        self.fragments.get(number.checked_sub(1)? as usize)
    }
}

/// The fragment's number, from 1; 0 stands for nowhere.
fn find<T: Ord>(starts: &[T], fragments: &[u32], address: &T) -> Option<u32> {
    let after = starts.partition_point(|start| start <= address);
    fragments.get(after.checked_sub(1)?).copied()
}
