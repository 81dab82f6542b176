//! The list of adapters.

use std::net::IpAddr;

use cresset_model::provenance::{FormatInfo, Marks};
use cresset_model::text::Text;
use cresset_model::{Severity, Timestamp};

use super::Values;
use super::seed_a;
use crate::decode::Fault;

/// A reader of one vendor's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adapter {
    /// The two formats of the original service's upstream, chosen by the value of `source`.
    SeedA,
}

impl Adapter {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::SeedA];

    /// The name that configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeedA => "seed_a",
        }
    }

    /// Name and version, as provenance records it; the version grows when a rule changes.
    pub fn version(self) -> &'static str {
        match self {
            Self::SeedA => "seed_a/1",
        }
    }

    /// The adapter of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|adapter| adapter.name() == name)
    }

    /// The vendor formats it reads: which received key becomes which field.
    pub fn formats(self) -> Vec<FormatInfo> {
        match self {
            Self::SeedA => seed_a::formats(),
        }
    }

    pub(crate) fn normalize(self, values: &mut Values<'_>) -> Result<Normalized, Fault> {
        match self {
            Self::SeedA => seed_a::normalize(values),
        }
    }

    /// The vendor's id of a record that was refused, if it can be read.
    pub(crate) fn upstream_id(self, values: &mut Values<'_>) -> Option<Text> {
        match self {
            Self::SeedA => seed_a::upstream_id(values),
        }
    }
}

/// What an adapter makes of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalized {
    pub(crate) upstream_id: Text,
    /// The vendor's kind of source in canonical spelling, part of the alert's identity.
    pub(crate) source: &'static str,
    pub(crate) severity: Severity,
    pub(crate) description: Text,
    pub(crate) src_ip: IpAddr,
    pub(crate) dst_ip: IpAddr,
    pub(crate) created_at: Timestamp,
    pub(crate) marks: Marks,
}
