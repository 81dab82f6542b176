//! The tables that enrichment looks up. Connectors read and refresh them, the app swaps them in, the
//! pipeline only asks.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::ip::{self, Network};
pub use crate::place::{CountryCode, GeoFragment, Place};
use crate::provenance::{Marks, TableInfo};

/// All tables of one pipeline, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The geography.
    pub geo: Option<Arc<GeoTable>>,
    /// The directory of users.
    pub users: Option<Arc<UserTable>>,
    /// The geography with regions, cities and coordinates, for pipelines that splice these in.
    pub city: Option<Arc<crate::city::CityTable>>,
    /// The indicator lists, in the order of the configuration.
    pub indicators: Vec<Arc<crate::indicator::IndicatorList>>,
}

/// Address ranges and their countries: entry `i` covers from its start to the start of entry `i + 1`.
#[derive(Debug, Clone)]
pub struct GeoTable {
    /// Where it comes from.
    pub info: TableInfo,
    /// IPv4 ranges.
    pub v4: Ranges<u32>,
    /// IPv6 ranges.
    pub v6: Ranges<u128>,
}

/// Sorted starts of ranges and the country of each, `0` for none. Two parallel arrays keep the searched
/// one dense.
#[derive(Debug, Clone)]
pub struct Ranges<T: Clone + 'static> {
    /// First address of each range, ascending.
    pub starts: Cow<'static, [T]>,
    /// Country of each range; see [`pack_country`].
    pub countries: Cow<'static, [Option<std::num::NonZeroU16>]>,
}

/// The two letters of a country as one number, the first letter in the low byte.
pub fn pack_country(code: CountryCode) -> Option<std::num::NonZeroU16> {
    std::num::NonZeroU16::new(u16::from_le_bytes(code))
}

impl<T: Clone + Ord> Ranges<T> {
    fn country_of(&self, address: &T) -> Option<CountryCode> {
        let after = self.starts.partition_point(|start| start <= address);
        let packed = (*self.countries.get(after.checked_sub(1)?)?)?;
        Some(packed.get().to_le_bytes())
    }
}

impl GeoTable {
    /// The country of an address and how it was found.
    pub fn country(&self, address: IpAddr) -> (Option<CountryCode>, Marks) {
        if !ip::is_public(address) {
            return (None, Marks::GEO_NOT_PUBLIC);
        }
        let found = match unmapped(address) {
            IpAddr::V4(v4) => self.v4.country_of(&u32::from(v4)),
            IpAddr::V6(v6) => self.v6.country_of(&u128::from(v6)),
        };
        // `??` marks ranges that belong to no country.
        match found.filter(|code| code.iter().all(u8::is_ascii_uppercase)) {
            Some(code) => (Some(code), Marks::GEO_FOUND),
            None => (None, Marks::GEO_MISS),
        }
    }
}

fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Who sits behind an address.
#[derive(Debug, Clone, Default)]
pub struct UserTable {
    /// Where it comes from.
    pub info: TableInfo,
    entries: HashMap<(u8, u128), Arc<str>>,
    /// The prefix lengths that occur, in bits of the 128-bit form, longest first.
    prefixes: Vec<u8>,
    demo: bool,
}

/// The answer of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserAnswer<'a> {
    /// A name from the table.
    Known(&'a str, Marks),
    /// A name of the demo directory: stable for the address, invented.
    Demo(u32),
    /// The directory does not know the address.
    Unknown,
}

impl UserTable {
    /// A directory of addresses and networks. The longest prefix wins, a later entry wins over an
    /// earlier one for the same network.
    pub fn new(info: TableInfo, entries: impl IntoIterator<Item = (Network, Arc<str>)>) -> Self {
        let mut table = Self {
            info,
            ..Self::default()
        };
        for (network, user) in entries {
            let prefix = if network.base.is_ipv4() {
                network.prefix + 96
            } else {
                network.prefix
            };
            table.entries.insert((prefix, wide(network.base)), user);
            if !table.prefixes.contains(&prefix) {
                table.prefixes.push(prefix);
            }
        }
        table.prefixes.sort_unstable_by(|a, b| b.cmp(a));
        table
    }

    /// The built-in demo directory: every private address has a stable, invented user.
    pub fn demo() -> Self {
        let info = TableInfo {
            of: "src_ip".to_owned(),
            name: "demo".to_owned(),
            description: "invented users, one for each private address, always the same".to_owned(),
            built: String::new(),
        };
        Self {
            info,
            demo: true,
            ..Self::default()
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Who sits behind the address.
    pub fn user(&self, address: IpAddr) -> UserAnswer<'_> {
        let address = wide(address);
        if self.demo {
            return demo_user(address);
        }
        for prefix in &self.prefixes {
            let mask = u128::MAX.checked_shl(128 - u32::from(*prefix)).unwrap_or(0);
            if let Some(user) = self.entries.get(&(*prefix, address & mask)) {
                let how = if *prefix == 128 {
                    Marks::USER_ADDRESS
                } else {
                    Marks::USER_NETWORK
                };
                return UserAnswer::Known(user, how);
            }
        }
        UserAnswer::Unknown
    }
}

/// IPv4 addresses live in the IPv4-mapped range, so that one map serves both families.
fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn demo_user(address: u128) -> UserAnswer<'static> {
    if ip::is_public(IpAddr::V6(Ipv6Addr::from(address))) {
        return UserAnswer::Unknown;
    }
    // A multiplicative hash: neighbors get unrelated numbers, the same address always the same.
    let [low, high] = [address & u128::from(u64::MAX), address >> 64];
    let mixed = u64::try_from(low ^ high)
        .unwrap_or(0)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    UserAnswer::Demo(u32::try_from(mixed >> 32).unwrap_or(0))
}
