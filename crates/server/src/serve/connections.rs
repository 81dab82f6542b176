//! The connections that are open, over all listeners, and what became of the others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::bounds::Bounds;

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// There are as many as may be.
    All,
    /// Its address has as many as one may have.
    Address,
}

impl Full {
    /// Both.
    pub(crate) const EACH: [Self; 2] = [Self::All, Self::Address];

    /// The word of the metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Address => "address",
        }
    }
}

/// The deadline that a client has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The first byte of a new connection.
    FirstByte,
    /// The end of a request's head.
    Head,
    /// The body, or its least rate.
    Body,
    /// A further request.
    Idle,
    /// To read what waits for it.
    Stall,
}

impl Missed {
    /// All of them.
    pub(crate) const EACH: [Self; 5] = [
        Self::FirstByte,
        Self::Head,
        Self::Body,
        Self::Idle,
        Self::Stall,
    ];

    /// The word of the metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FirstByte => "first_byte",
            Self::Head => "head",
            Self::Body => "body",
            Self::Idle => "idle",
            Self::Stall => "stall",
        }
    }
}

/// The connections of a process, and the bounds that they have to keep.
#[derive(Debug, Default)]
pub struct Connections {
    bounds: Bounds,
    open: Mutex<Open>,
    refused: [AtomicU64; Full::EACH.len()],
    cut: [AtomicU64; Missed::EACH.len()],
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    /// Never zero, so that it holds no more addresses than connections.
    by_address: HashMap<IpAddr, usize>,
}

impl Connections {
    /// None yet.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            ..Self::default()
        })
    }

    /// What they have to keep.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Lets a connection in, until the place is dropped.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let address = counted(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        let full = if open.all >= self.bounds.connections_max {
            Some(Full::All)
        } else if of_address >= self.bounds.address_connections_max {
            Some(Full::Address)
        } else {
            None
        };
        if let Some(full) = full {
            add(&self.refused, full as usize);
            return Err(full);
        }
        open.all += 1;
        open.by_address.insert(address, of_address + 1);
        Ok(Place {
            connections: Arc::clone(self),
            address,
        })
    }

    /// Counts a connection that missed a deadline.
    pub(super) fn count(&self, missed: Missed) {
        add(&self.cut, missed as usize);
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Connections that were not taken.
    pub(crate) fn refused(&self, full: Full) -> u64 {
        read(&self.refused, full as usize)
    }

    /// Connections that missed a deadline.
    pub(crate) fn cut(&self, missed: Missed) -> u64 {
        read(&self.cut, missed as usize)
    }
}

fn add(counts: &[AtomicU64], at: usize) {
    if let Some(count) = counts.get(at) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn read(counts: &[AtomicU64], at: usize) -> u64 {
    counts
        .get(at)
        .map_or(0, |count| count.load(Ordering::Relaxed))
}

/// What counts as one address: whoever has one IPv6 address has its whole network of 64 bits.
fn counted(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
        other => other,
    }
}

/// The place of an open connection.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, address: usize) -> Arc<Connections> {
        Connections::new(Bounds {
            connections_max: all,
            address_connections_max: address,
            ..Bounds::default()
        })
    }

    #[test]
    fn connections_are_capped_in_all_and_by_address() {
        let connections = connections(30, 10);
        let [a, b, c, d]: [IpAddr; 4] = [
            "192.0.2.1".parse().unwrap(),
            "::ffff:192.0.2.1".parse().unwrap(),
            "2001:db8::1".parse().unwrap(),
            "2001:db8:0:1::1".parse().unwrap(),
        ];
        let take = |address: IpAddr, count: usize| {
            let places = (0..count).map(|_| connections.admit(address));
            places.collect::<Result<Vec<_>, _>>()
        };
        let first = take(a, 10).unwrap();
        // One more, and ten times: the mapped spelling is the same address.
        assert_eq!(connections.admit(b).unwrap_err(), Full::Address);
        for _ in 0..100 {
            assert_eq!(connections.admit(a).unwrap_err(), Full::Address);
        }
        let second = take(c, 10).unwrap();
        let neighbor = "2001:db8::ffff:1".parse().unwrap();
        assert_eq!(connections.admit(neighbor).unwrap_err(), Full::Address);
        let third = take(d, 10).unwrap();
        for _ in 0..300 {
            let other = "198.51.100.7".parse().unwrap();
            assert_eq!(connections.admit(other).unwrap_err(), Full::All);
        }
        assert_eq!(connections.open(), 30);
        assert_eq!(connections.refused(Full::Address), 102);
        assert_eq!(connections.refused(Full::All), 300);
        drop((first, second, third));
        assert_eq!(connections.open(), 0);
        assert!(connections.open.lock().unwrap().by_address.is_empty());
        assert_eq!(take(a, 10).unwrap().len(), 10);
    }

    #[test]
    fn each_reason_is_counted_for_itself() {
        let connections = connections(1, 1);
        for (times, missed) in Missed::EACH.into_iter().enumerate() {
            for _ in 0..=times {
                connections.count(missed);
            }
        }
        let counts = Missed::EACH.map(|missed| connections.cut(missed));
        assert_eq!(counts, [1, 2, 3, 4, 5]);
    }
}
