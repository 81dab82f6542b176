//! Networks in ascending order as ranges without gaps.

use std::net::IpAddr;

/// Follows ascending networks of one address family and tells where ranges begin, also those of the gaps.
#[derive(Debug)]
pub(super) struct Cover {
    last: u128,
    /// The first address after everything so far; `None` once the last address is covered.
    next: Option<u128>,
}

impl Cover {
    /// Of IPv4 addresses.
    pub(super) fn v4() -> Self {
        Self {
            last: u128::from(u32::MAX),
            next: Some(0),
        }
    }

    /// Of IPv6 addresses.
    pub(super) fn v6() -> Self {
        Self {
            last: u128::MAX,
            next: Some(0),
        }
    }

    /// Takes the next network: where a gap before it begins, if there is one, and where it begins itself.
    pub(super) fn add(
        &mut self,
        base: IpAddr,
        prefix: u8,
    ) -> Result<(Option<u128>, u128), &'static str> {
        let (start, width) = match base {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let host_bits = width - u32::from(prefix).min(width);
        let size_less_one = u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        let next = self.next.filter(|next| *next <= start);
        let next = next.ok_or("its networks overlap")?;
        let end = start | size_less_one;
        self.next = end.checked_add(1).filter(|_| end < self.last);
        Ok(((next < start).then_some(next), start))
    }

    /// Where the gap at the end begins, if there is one.
    pub(super) fn end(&self) -> Option<u128> {
        self.next
    }
}
