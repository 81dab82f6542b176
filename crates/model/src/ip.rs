//! Addresses: the written form, the classes that no geography knows, and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Writes an address in canonical form. An IPv4-mapped IPv6 address is written in hexadecimal groups
/// (`::ffff:102:304`), as the original service did.
pub fn write(out: &mut impl std::fmt::Write, address: IpAddr) -> std::fmt::Result {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            let groups = v6.segments();
            let (high, low) = (groups[6], groups[7]);
            write!(out, "::ffff:{high:x}:{low:x}")
        }
        other => write!(out, "{other}"),
    }
}

/// The canonical form as a string.
pub fn to_string(address: IpAddr) -> String {
    let mut text = String::with_capacity(39);
    // Writing to a string cannot fail.
    write(&mut text, address).unwrap_or_default();
    text
}

/// Whether an address belongs to the public internet, so that a geography can be asked. IPv4-mapped
/// addresses count as the address they carry. Source: the IANA special-purpose address registries.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 240
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; within it, documentation and protocol ranges are carved out.
    (first & 0xe000) == 0x2000
        && !(first == 0x2001 && second == 0x0db8)
        && !(first == 0x2001 && second < 0x0200)
        && first != 0x3fff
}

/// A network in CIDR form; a plain address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// The first address of the network.
    pub base: IpAddr,
    /// The length of the prefix in bits.
    pub prefix: u8,
}

impl Network {
    /// Reads `203.0.113.0/24` or a single address. Host bits are cleared.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(text) if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) => {
                return None;
            }
            Some(text) => text.parse::<u8>().ok().filter(|bits| *bits <= width)?,
        };
        Some(Self::of(address, prefix))
    }

    /// The network of this prefix length around an address. Host bits are cleared.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        Self {
            base: first_of(address, prefix),
            prefix,
        }
    }

    /// Whether the address lies in the network. An IPv4-mapped address matches IPv4 networks too.
    pub fn contains(&self, address: IpAddr) -> bool {
        let plain = |address: IpAddr| {
            address.is_ipv4() == self.base.is_ipv4() && first_of(address, self.prefix) == self.base
        };
        match address {
            IpAddr::V6(v6) => {
                plain(address) || v6.to_ipv4_mapped().is_some_and(|v4| plain(v4.into()))
            }
            IpAddr::V4(_) => plain(address),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write(f, self.base)?;
        write!(f, "/{}", self.prefix)
    }
}

fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(prefix.min(32)))
                .unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(prefix.min(128)))
                .unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    }
}
