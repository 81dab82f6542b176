//! Where the values of an alert come from. What is the same for a whole batch is said once, in a
//! [`Context`]; what differs from alert to alert is a set of [`Marks`].

use serde::{Deserialize, Serialize};

/// The tables and the adapter that a batch was processed with. Stored once, alerts refer to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Context {
    /// The adapter's name and version, such as `seed_a/1`.
    pub adapter: String,
    /// The geography behind `country`, if that enrichment is on.
    pub geo: Option<TableInfo>,
    /// The directory behind `user`, if that enrichment is on.
    pub user: Option<TableInfo>,
    /// The vendor formats of the adapter: which received key became which field.
    pub formats: Vec<FormatInfo>,
}

/// One vendor format of an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct FormatInfo {
    /// Its name, such as `legacy`.
    pub name: String,
    /// The values of `source` that choose it.
    pub sources: Vec<String>,
    /// Pairs of our field and the received key it was read from.
    pub fields: Vec<(String, String)>,
}

/// Which table answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct TableInfo {
    /// The field that was looked up, `dst_ip` or `src_ip`.
    pub of: String,
    /// The table: `builtin`, `demo`, or the path of its file.
    pub name: String,
    /// What is in it, for people: database type or number of entries, and its licence note.
    pub description: String,
    /// When it was built or last changed, as RFC 3339 or a date.
    pub built: String,
}

/// What happened to one alert on its way, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Marks(pub u32);

impl Marks {
    /// The geography knows the address.
    pub const GEO_FOUND: Self = Self(1);
    /// The address is private or reserved: no geography was asked.
    pub const GEO_NOT_PUBLIC: Self = Self(1 << 1);
    /// The geography does not know the address.
    pub const GEO_MISS: Self = Self(1 << 2);
    /// The directory has an entry for exactly this address.
    pub const USER_ADDRESS: Self = Self(1 << 3);
    /// The directory has a network that holds the address.
    pub const USER_NETWORK: Self = Self(1 << 4);
    /// The directory does not know the address.
    pub const USER_MISS: Self = Self(1 << 5);
    /// The severity's word is unknown.
    pub const SEVERITY_UNKNOWN: Self = Self(1 << 6);
    /// The criticality is an integer outside 1 to 4, taken as low.
    pub const CRITICALITY_OUTSIDE: Self = Self(1 << 7);
    /// `source` was written in another case or with blanks around it.
    pub const SOURCE_RESPELT: Self = Self(1 << 8);
    /// The instant came without an offset and was taken as UTC.
    pub const TIME_WITHOUT_ZONE: Self = Self(1 << 9);
    /// The instant came as a unix number.
    pub const TIME_FROM_NUMBER: Self = Self(1 << 10);
    /// A text came as a number, or a number as text.
    pub const TYPE_CONVERTED: Self = Self(1 << 11);
    /// A text held U+0000, stored as U+FFFD.
    pub const NUL_REPLACED: Self = Self(1 << 12);
    /// The instant lies after its receipt: stored, but it moves no bookmark.
    pub const TIME_IN_FUTURE: Self = Self(1 << 13);
    /// The instant is missing or cannot be read; the time of receipt stands for it.
    pub const TIME_MISSING: Self = Self(1 << 14);

    /// Each bit with its stable name and a sentence for people.
    pub const DESCRIBED: [(Self, &'static str, &'static str); 15] = [
        (
            Self::GEO_FOUND,
            "geo_found",
            "the database knows the address",
        ),
        (
            Self::GEO_NOT_PUBLIC,
            "geo_not_public",
            "the address is private or reserved and has no country",
        ),
        (
            Self::GEO_MISS,
            "geo_miss",
            "the database does not know the address",
        ),
        (
            Self::USER_ADDRESS,
            "user_address",
            "the directory has an entry for this address",
        ),
        (
            Self::USER_NETWORK,
            "user_network",
            "the directory has a network that holds the address",
        ),
        (
            Self::USER_MISS,
            "user_miss",
            "the directory does not know the address",
        ),
        (
            Self::SEVERITY_UNKNOWN,
            "severity_unknown",
            "the severity's word is not known; the raw record keeps it",
        ),
        (
            Self::CRITICALITY_OUTSIDE,
            "criticality_outside",
            "the criticality is not 1 to 4 and was taken as low",
        ),
        (
            Self::SOURCE_RESPELT,
            "source_respelt",
            "the source was written in another case or with blanks around it",
        ),
        (
            Self::TIME_WITHOUT_ZONE,
            "time_without_zone",
            "the time had no zone and was taken as UTC",
        ),
        (
            Self::TIME_FROM_NUMBER,
            "time_from_number",
            "the time was a unix number",
        ),
        (
            Self::TYPE_CONVERTED,
            "type_converted",
            "a text came as a number, or a number as text",
        ),
        (
            Self::NUL_REPLACED,
            "nul_replaced",
            "U+0000 was replaced by U+FFFD; the raw record keeps it",
        ),
        (
            Self::TIME_IN_FUTURE,
            "time_in_future",
            "the time lies after its receipt and moves no bookmark",
        ),
        (
            Self::TIME_MISSING,
            "time_missing",
            "the time is missing or cannot be read; the time of receipt stands for it",
        ),
    ];

    /// Adds the bits of `other`.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether all bits of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names and sentences of the bits that are set.
    pub fn described(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::DESCRIBED
            .into_iter()
            .filter(move |(mark, ..)| self.has(*mark))
            .map(|(_, n, s)| (n, s))
    }
}
