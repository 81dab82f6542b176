//! How bad an alert claims to be.

use serde::{Deserialize, Serialize};

/// The severity of an alert, ordered from the least to the most severe. [`Severity::Unknown`]
/// stands for a word that no vendor table knows; it is never hidden by a threshold.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Severity {
    /// A word that is not in the vendor's vocabulary; the raw record keeps it.
    #[default]
    Unknown = 0,
    /// Informational.
    Info = 1,
    /// Low.
    Low = 2,
    /// Medium.
    Medium = 3,
    /// High.
    High = 4,
    /// Critical.
    Critical = 5,
}

impl Severity {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The lower-case word, as on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word in any case, blanks around it ignored.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim();
        if word.eq_ignore_ascii_case("informational") {
            return Some(Self::Info);
        }
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(word))
    }

    /// The number stored in a database column; [`Severity::from_code`] reads it back.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The severity of a stored number; anything else is unknown.
    pub fn from_code(code: u8) -> Self {
        Self::ALL
            .get(usize::from(code))
            .copied()
            .unwrap_or_default()
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
