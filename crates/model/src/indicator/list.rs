//! A list, compiled for look-up.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::entry::{DOMAIN_BYTES_MAX, Indicator, is_file_hash, unmapped};
use super::networks::Networks;
use super::numbers::{V4Set, V6Set};
use super::texts::{TEXT_BYTES_MAX, Texts};
use super::url;
use crate::ip::{self, Network};
use crate::provenance::TableInfo;

#[cfg(test)]
mod tests;

/// Entries of one list.
pub const INDICATORS_MAX: usize = 10_000_000;

/// A list, compiled for look-up. Built once by its [`IndicatorListBuilder`], never changed.
#[derive(Debug, Clone)]
pub struct IndicatorList {
    /// The configured name.
    pub name: Arc<str>,
    /// Where it comes from.
    pub info: TableInfo,
    /// The name of where it comes from, for matches: [`TableInfo::name`].
    pub origin: Arc<str>,
    v4: V4Set,
    v6: V6Set,
    networks: Networks,
    domains: Texts,
    /// Bit `n` is set when a domain of `n` labels is listed.
    domain_labels: u128,
    urls: Texts,
    file_hashes: Texts,
}

impl Default for IndicatorList {
    fn default() -> Self {
        Self::builder("", TableInfo::default()).build()
    }
}

/// The entry that a look-up found; written in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// The address itself.
    Address(IpAddr),
    /// The longest network around the address.
    Network(Network),
    /// A domain, URL or file hash.
    Text(&'a str),
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => ip::write(f, *address),
            Self::Network(network) => network.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// How many distinct entries of each kind a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndicatorCounts {
    /// Addresses of both families.
    pub addresses: usize,
    /// Networks of both families.
    pub networks: usize,
    /// Domains.
    pub domains: usize,
    /// URLs.
    pub urls: usize,
    /// File hashes.
    pub file_hashes: usize,
}

impl IndicatorList {
    /// Begins a list: `name` is the configured one, `info` says where it comes from.
    pub fn builder(name: &str, info: TableInfo) -> IndicatorListBuilder {
        IndicatorListBuilder {
            name: Arc::from(name),
            info,
            v4: Vec::new(),
            v6: Vec::new(),
            networks: Vec::new(),
            domains: Texts::default(),
            urls: Texts::default(),
            file_hashes: Texts::default(),
            count: 0,
            count_max: INDICATORS_MAX,
        }
    }

    /// The entry that holds an address: the address itself or the longest network around it. An
    /// IPv4-mapped address is looked up as the address it carries.
    pub fn address(&self, address: IpAddr) -> Option<Found<'_>> {
        let address = unmapped(address);
        let listed = match address {
            IpAddr::V4(v4) => self.v4.contains(u32::from(v4)),
            IpAddr::V6(v6) => self.v6.contains(u128::from(v6)),
        };
        if listed {
            return Some(Found::Address(address));
        }
        self.networks.longest(address).map(Found::Network)
    }

    /// The entry that holds a domain name, in any case: the name itself or the nearest listed domain above
    /// it.
    pub fn domain(&self, name: &str) -> Option<Found<'_>> {
        let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
        let mut buffer = [0; DOMAIN_BYTES_MAX];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let mut rest: &[u8] = lower;
        let mut labels = rest.split(|byte| *byte == b'.').count();
        loop {
            if labels < 128
                && self.domain_labels >> labels & 1 == 1
                && let Some(found) = self.domains.find(rest)
            {
                return Some(Found::Text(found));
            }
            let dot = rest.iter().position(|byte| *byte == b'.')?;
            rest = rest.get(dot + 1..)?;
            labels -= 1;
        }
    }

    /// The entry of a URL, in any writing.
    pub fn url(&self, url: &str) -> Option<Found<'_>> {
        if self.urls.len() == 0 {
            return None;
        }
        let canonical = url::canonical(url)?;
        self.urls.find(canonical.as_bytes()).map(Found::Text)
    }

    /// The entry of a file hash, in any case.
    pub fn file_hash(&self, hash: &str) -> Option<Found<'_>> {
        if self.file_hashes.len() == 0 || !is_file_hash(hash) {
            return None;
        }
        let lower = hash.to_ascii_lowercase();
        self.file_hashes.find(lower.as_bytes()).map(Found::Text)
    }

    /// How many distinct entries of each kind there are.
    pub fn counts(&self) -> IndicatorCounts {
        IndicatorCounts {
            addresses: self.v4.len() + self.v6.len(),
            networks: self.networks.len(),
            domains: self.domains.len(),
            urls: self.urls.len(),
            file_hashes: self.file_hashes.len(),
        }
    }

    /// Number of distinct entries.
    pub fn len(&self) -> usize {
        let counts = self.counts();
        counts.addresses + counts.networks + counts.domains + counts.urls + counts.file_hashes
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A list has more entries than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListFull {
    /// Too many of them.
    #[error("more than {0} entries in one list: split it")]
    Entries(usize),
    /// They are too long together.
    #[error("more than {TEXT_BYTES_MAX} bytes of text in one list: split it")]
    Bytes,
}

/// A list that is being read.
#[derive(Debug)]
pub struct IndicatorListBuilder {
    name: Arc<str>,
    info: TableInfo,
    v4: Vec<u32>,
    v6: Vec<u128>,
    networks: Vec<Network>,
    domains: Texts,
    urls: Texts,
    file_hashes: Texts,
    count: usize,
    count_max: usize,
}

impl IndicatorListBuilder {
    /// Adds an entry; one that is there already changes nothing.
    pub fn add(&mut self, indicator: Indicator) -> Result<(), ListFull> {
        if self.count >= self.count_max {
            return Err(ListFull::Entries(self.count_max));
        }
        self.count += 1;
        match indicator {
            Indicator::Address(address) => match unmapped(address) {
                IpAddr::V4(v4) => self.v4.push(u32::from(v4)),
                IpAddr::V6(v6) => self.v6.push(u128::from(v6)),
            },
            Indicator::Network(network) => self.networks.push(network),
            Indicator::Domain(text) => push(&mut self.domains, &text)?,
            Indicator::Url(text) => push(&mut self.urls, &text)?,
            Indicator::FileHash(text) => push(&mut self.file_hashes, &text)?,
        }
        Ok(())
    }

    /// Entries added so far, repeats included.
    pub fn added(&self) -> usize {
        self.count
    }

    /// Where it comes from, to be completed while it is read, such as with the number of entries.
    pub fn info_mut(&mut self) -> &mut TableInfo {
        &mut self.info
    }

    /// Compiles the list.
    pub fn build(mut self) -> IndicatorList {
        for texts in [&mut self.domains, &mut self.urls, &mut self.file_hashes] {
            texts.seal();
        }
        let labels = |name: &str| name.split('.').count();
        let domain_labels = self
            .domains
            .iter()
            .fold(0, |bits, name| bits | 1_u128 << labels(name).min(127));
        IndicatorList {
            name: self.name,
            origin: Arc::from(self.info.name.as_str()),
            info: self.info,
            v4: V4Set::new(self.v4),
            v6: V6Set::new(self.v6),
            networks: Networks::new(self.networks),
            domains: self.domains,
            domain_labels,
            urls: self.urls,
            file_hashes: self.file_hashes,
        }
    }
}

fn push(texts: &mut Texts, text: &str) -> Result<(), ListFull> {
    if texts.bytes() + text.len() > TEXT_BYTES_MAX {
        return Err(ListFull::Bytes);
    }
    texts.push(text);
    Ok(())
}
