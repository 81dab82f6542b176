//! Where events come from and go to.

use std::net::Ipv4Addr;

use crate::rng::Rng;

/// The addresses that one event in ten comes from. They are reserved for documentation (RFC 5737), so
/// that no list of real indicators names them and no geography knows them.
pub const MALICIOUS: [Ipv4Addr; 3] = [
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(198, 51, 100, 2),
    Ipv4Addr::new(203, 0, 113, 3),
];
/// Different addresses that can be asked for.
pub const TALKERS_MAX: u32 = 10_000_000;

/// Networks that no public host has, as first address and prefix length (IANA's special-purpose registry).
const NOT_PUBLIC: [(Ipv4Addr, u8); 14] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Whether a host of the Internet may have this address.
fn is_public(address: u32) -> bool {
    NOT_PUBLIC
        .iter()
        .all(|(first, length)| (address ^ first.to_bits()) >> (32 - length) != 0)
}

fn high_half(number: u64) -> u32 {
    u32::try_from(number >> 32).expect("32 bits are left")
}

/// Any public address.
pub(super) fn public(rng: &mut Rng) -> Ipv4Addr {
    loop {
        // One address in seven is refused, so that this ends soon.
        let address = high_half(rng.next());
        if is_public(address) {
            return Ipv4Addr::from_bits(address);
        }
    }
}

/// Any address of 10.0.0.0/8.
pub(super) fn private(rng: &mut Rng) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() | (high_half(rng.next()) >> 8))
}

/// A set of addresses of which few talk much and most talk little: the address of rank r comes about 1/r
/// times as often as the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Talkers {
    seed: u64,
    count: u32,
}

impl Talkers {
    /// A set of `count` addresses, between 1 and [`TALKERS_MAX`].
    pub(super) fn new(seed: u64, count: u32) -> Self {
        Self {
            seed,
            count: count.clamp(1, TALKERS_MAX),
        }
    }

    /// One of them. Every doubling of the rank is as likely as any other, and so is every rank between
    /// two doublings; whole numbers alone give the same on every machine.
    pub(super) fn pick(self, rng: &mut Rng) -> Ipv4Addr {
        let doublings = u64::from(self.count.ilog2());
        loop {
            let first = 1_u64 << rng.between(0, doublings);
            let rank = rng.between(first, 2 * first - 1);
            if rank <= u64::from(self.count) {
                return public(&mut Rng::of(self.seed, rank));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn addresses_of_special_networks_are_not_public() {
        for (text, expected) in [
            ("0.1.2.3", false),
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("100.63.255.255", true),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("192.0.2.1", false),
            ("192.0.3.1", true),
            ("192.168.255.255", false),
            ("198.19.255.255", false),
            ("198.51.100.2", false),
            ("203.0.113.3", false),
            ("223.255.255.255", true),
            ("224.0.0.0", false),
            ("255.255.255.255", false),
        ] {
            let address: Ipv4Addr = text.parse().unwrap();
            assert_eq!(is_public(address.to_bits()), expected, "{text}");
        }
    }

    #[test]
    fn few_talkers_talk_much_and_all_talk() {
        let talkers = Talkers::new(3, 100);
        let mut rng = Rng::of(1, 1);
        let mut counts: HashMap<Ipv4Addr, u32> = HashMap::new();
        for _ in 0..50_000 {
            *counts.entry(talkers.pick(&mut rng)).or_default() += 1;
        }
        assert_eq!(counts.len(), 100);
        let mut counts: Vec<u32> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let top: u32 = counts.iter().take(10).sum();
        assert!(top > 20_000, "{top}");
        assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    }

    #[test]
    fn the_number_of_talkers_is_held_within_its_limits() {
        let mut rng = Rng::of(1, 1);
        let one = Talkers::new(3, 0);
        assert_eq!(one.pick(&mut rng), one.pick(&mut rng));
        assert_eq!(Talkers::new(3, u32::MAX).count, TALKERS_MAX);
        assert_eq!(Talkers::new(3, TALKERS_MAX).count, TALKERS_MAX);
    }
}
