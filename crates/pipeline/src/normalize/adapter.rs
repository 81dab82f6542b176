//! The list of adapters.

use cresset_detect::Event;
use cresset_model::Timestamp;
use cresset_model::provenance::{FormatInfo, Marks};
use cresset_model::text::Text;

use super::Values;
use super::{nullify, seed_a};
use crate::decode::Fault;

/// A reader of one vendor's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adapter {
    /// The two formats of the original service's upstream, chosen by the value of `source`.
    SeedA,
    /// Events with `source_ip`, `event_type` and `severity`, such as a network sensor's.
    Nullify,
}

impl Adapter {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SeedA, Self::Nullify];

    /// The name that configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeedA => "seed_a",
            Self::Nullify => "nullify",
        }
    }

    /// Name and version, as provenance records it; the version grows when a rule changes.
    pub fn version(self) -> &'static str {
        match self {
            Self::SeedA => "seed_a/1",
            Self::Nullify => "nullify/1",
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
            Self::Nullify => nullify::formats(),
        }
    }

    pub(crate) fn normalize(self, values: &mut Values<'_>) -> Result<Normalized, Fault> {
        match self {
            Self::SeedA => seed_a::normalize(values),
            Self::Nullify => nullify::normalize(values),
        }
    }

    /// What detections see of a record, where few events become alerts; the same verdict as
    /// [`Adapter::normalize`] gives, and nothing is left in the arena.
    pub(crate) fn event(self, values: &mut Values<'_>) -> Result<Event, Fault> {
        match self {
            Self::SeedA => {
                let before = values.arena.len();
                let normalized = seed_a::normalize(values)?;
                values.arena.truncate(before);
                Ok(normalized.event)
            }
            Self::Nullify => nullify::event(values),
        }
    }

    /// The vendor's id of a record that was refused, if it can be read.
    pub(crate) fn upstream_id(self, values: &mut Values<'_>) -> Option<Text> {
        match self {
            Self::SeedA => seed_a::upstream_id(values),
            // Its events carry none.
            Self::Nullify => None,
        }
    }
}

/// What an adapter makes of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalized {
    /// The vendor's id, if its records carry one.
    pub(crate) upstream_id: Option<Text>,
    /// The vendor's kind of source in canonical spelling, part of the alert's identity.
    pub(crate) source: &'static str,
    pub(crate) description: Text,
    /// What detections see of it.
    pub(crate) event: Event,
    pub(crate) created_at: Timestamp,
    pub(crate) marks: Marks,
}
