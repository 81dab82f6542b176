//! The fields that a query can name.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::Timestamp;
use crate::alert::AlertRow;

/// A field of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextField {
    /// `source`: the vendor's kind of source.
    Source,
    /// `pipeline`: the configured source.
    Pipeline,
    /// `country`.
    Country,
    /// `user`.
    User,
    /// `id`: our identity.
    Id,
    /// `upstream_id`: the vendor's id.
    UpstreamId,
    /// `description`.
    Description,
    /// `threat`: the title that a detection of ours gave, if one fired.
    Threat,
}

/// A field that is an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressField {
    /// `src_ip`.
    SrcIp,
    /// `dst_ip`.
    DstIp,
}

/// A field that is an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// `created_at`: when the vendor says it happened.
    CreatedAt,
    /// `ingested_at`: when it was first stored; `from` and `to` mean this one.
    IngestedAt,
    /// `updated_at`: when its content last changed.
    UpdatedAt,
}

/// Any field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `severity`; `criticality` is another name for it.
    Severity,
    /// A text.
    Text(TextField),
    /// An address.
    Address(AddressField),
    /// An instant.
    Time(TimeField),
}

impl Field {
    /// Every name a query may use, with the field it means. `from` and `to` are bounds of `ingested_at`.
    pub const NAMES: [(&'static str, Self); 15] = [
        ("severity", Self::Severity),
        ("criticality", Self::Severity),
        ("source", Self::Text(TextField::Source)),
        ("pipeline", Self::Text(TextField::Pipeline)),
        ("country", Self::Text(TextField::Country)),
        ("user", Self::Text(TextField::User)),
        ("id", Self::Text(TextField::Id)),
        ("upstream_id", Self::Text(TextField::UpstreamId)),
        ("description", Self::Text(TextField::Description)),
        ("threat", Self::Text(TextField::Threat)),
        ("src_ip", Self::Address(AddressField::SrcIp)),
        ("dst_ip", Self::Address(AddressField::DstIp)),
        ("created_at", Self::Time(TimeField::CreatedAt)),
        ("ingested_at", Self::Time(TimeField::IngestedAt)),
        ("updated_at", Self::Time(TimeField::UpdatedAt)),
    ];

    /// The field of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field)
    }

    /// Whether the alert has a value there. An unknown severity counts as absent.
    pub fn is_present(self, row: &AlertRow) -> bool {
        match self {
            Self::Severity => row.severity != crate::Severity::Unknown,
            Self::Text(field) => field.of(row).is_some_and(|text| !text.is_empty()),
            Self::Address(field) => field.of(row).is_some(),
            Self::Time(_) => true,
        }
    }
}

impl TextField {
    /// Its value, if the alert has one.
    pub fn of(self, row: &AlertRow) -> Option<Cow<'_, str>> {
        match self {
            Self::Source => Some(Cow::Borrowed(&row.source)),
            Self::Pipeline => Some(Cow::Borrowed(row.source_id.as_str())),
            Self::Country => row.country.as_deref().map(Cow::Borrowed),
            Self::User => row.user.as_deref().map(Cow::Borrowed),
            Self::Id => Some(Cow::Owned(row.id.to_string())),
            Self::UpstreamId => Some(Cow::Borrowed(&row.upstream_id)),
            Self::Description => Some(Cow::Borrowed(&row.description)),
            Self::Threat => row.title.as_deref().map(Cow::Borrowed),
        }
    }
}

impl AddressField {
    /// The word in a query, a configuration and on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SrcIp => "src_ip",
            Self::DstIp => "dst_ip",
        }
    }

    /// Its value, if the alert has one.
    pub fn of(self, row: &AlertRow) -> Option<IpAddr> {
        match self {
            Self::SrcIp => Some(row.src_ip),
            Self::DstIp => row.dst_ip,
        }
    }
}

impl TimeField {
    /// The word in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::IngestedAt => "ingested_at",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Its value.
    pub fn of(self, row: &AlertRow) -> Timestamp {
        match self {
            Self::CreatedAt => row.created_at,
            Self::IngestedAt => row.ingested_at,
            Self::UpdatedAt => row.updated_at,
        }
    }
}
