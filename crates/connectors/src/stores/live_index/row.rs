//! Rows as they come in, and as codes.

use std::net::IpAddr;

use cresset_model::alert::{AlertRow, Seq};
use cresset_model::{Severity, Timestamp};

/// The hot fields of one alert.
#[derive(Debug, Clone, Copy)]
pub struct IndexRow<'a> {
    /// Place in the order of arrival.
    pub seq: Seq,
    /// Its severity.
    pub severity: Severity,
    /// The vendor's kind of source.
    pub source: &'a str,
    /// The configured source.
    pub pipeline: &'a str,
    /// What a detection of ours said, if one fired.
    pub threat: Option<&'a str>,
    /// The country of `dst_ip`.
    pub country: Option<&'a str>,
    /// The user behind `src_ip`.
    pub user: Option<&'a str>,
    /// The address that acted.
    pub src_ip: IpAddr,
    /// The address acted upon, if there is one.
    pub dst_ip: Option<IpAddr>,
    /// When the vendor says it happened.
    pub created_at: Timestamp,
    /// When it was first stored; never changes.
    pub ingested_at: Timestamp,
    /// When its content last changed.
    pub updated_at: Timestamp,
}

impl<'a> From<&'a AlertRow> for IndexRow<'a> {
    fn from(row: &'a AlertRow) -> Self {
        Self {
            seq: row.seq,
            severity: row.severity,
            source: &row.source,
            pipeline: row.source_id.as_str(),
            threat: row.title.as_deref(),
            country: row.country.as_deref(),
            user: row.user.as_deref(),
            src_ip: row.src_ip,
            dst_ip: row.dst_ip,
            created_at: row.created_at,
            ingested_at: row.ingested_at,
            updated_at: row.updated_at,
        }
    }
}

/// A row with codes for its texts and its IPv6 addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncodedRow {
    pub(super) seq: Seq,
    pub(super) severity: SeverityByte,
    pub(super) source: u16,
    pub(super) pipeline: u8,
    pub(super) threat: u8,
    pub(super) country: u16,
    pub(super) user: u32,
    pub(super) src_ip: u32,
    pub(super) dst_ip: u32,
    pub(super) created_at: i64,
    pub(super) ingested_at: i64,
    pub(super) updated_at: i64,
}

/// The severity in the three low bits, and which of the two addresses are codes of IPv6 addresses. An
/// absent address is the code [`super::dictionary::NONE`] of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeverityByte(pub(super) u8);

impl SeverityByte {
    pub(super) const SRC_IS_V6: u8 = 1 << 6;
    pub(super) const DST_IS_V6: u8 = 1 << 7;
    /// Values of the severity bits.
    pub(super) const SEVERITIES: usize = 8;

    pub(super) fn new(row: &IndexRow<'_>) -> Self {
        let flag = |address: IpAddr, bit: u8| if address.is_ipv6() { bit } else { 0 };
        Self(
            row.severity.code()
                | flag(row.src_ip, Self::SRC_IS_V6)
                | row
                    .dst_ip
                    .map_or(Self::DST_IS_V6, |address| flag(address, Self::DST_IS_V6)),
        )
    }

    pub(super) fn severity_index(self) -> usize {
        usize::from(self.0) % Self::SEVERITIES
    }
}
