//! Lists of bad addresses, networks, domains, URLs and file hashes: entries read from text, compiled for
//! look-up. An entry costs its document bytes and little more: an IPv4 address at most 6, an IPv6 address at
//! most 40, a network at most 34, any other its text and at most 28.

mod entry;
mod hash_index;
mod list;
mod networks;
mod numbers;
mod texts;
mod url;

pub use entry::{ENTRY_BYTES_MAX, Indicator, InvalidIndicator, parse_entry};
pub use list::{
    Found, INDICATORS_MAX, IndicatorCounts, IndicatorList, IndicatorListBuilder, ListFull,
};
