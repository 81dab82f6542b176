//! The labels of an alert: what matchers test and groups are made of.

use std::borrow::Cow;

use cresset_model::alert::{AlertRow, StoredMatch};

/// Bytes of a label's value within the key of a group; of a longer one only the beginning counts.
const VALUE_BYTES_MAX: usize = 256;

/// A label of an alert. What an alert does not have is the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// `severity`, as its lower-case word.
    Severity,
    /// `source`: the vendor's own kind of source.
    Source,
    /// `pipeline`: the id of the configured source.
    Pipeline,
    /// `country`, as its code.
    Country,
    /// `user`.
    User,
    /// `src_ip`.
    SrcIp,
    /// `dst_ip`.
    DstIp,
    /// `title`.
    Title,
    /// `rule`: the rules that fired, several values of one label.
    Rule,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Severity,
        Self::Source,
        Self::Pipeline,
        Self::Country,
        Self::User,
        Self::SrcIp,
        Self::DstIp,
        Self::Title,
        Self::Rule,
    ];

    /// The word of the configuration and of the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Source => "source",
            Self::Pipeline => "pipeline",
            Self::Country => "country",
            Self::User => "user",
            Self::SrcIp => "src_ip",
            Self::DstIp => "dst_ip",
            Self::Title => "title",
            Self::Rule => "rule",
        }
    }

    /// The label of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == word)
    }

    /// Whether the label has a value for which the test holds.
    pub(super) fn any(
        self,
        alert: &AlertRow,
        matches: &[StoredMatch],
        test: impl Fn(&str) -> bool,
    ) -> bool {
        if self == Self::Rule && !matches.is_empty() {
            return matches.iter().any(|found| test(&found.rule));
        }
        test(&self.single(alert))
    }

    /// The value as one text, by which alerts are put together: of several rules each once, in alphabetical
    /// order, with commas between.
    pub(super) fn value(self, alert: &AlertRow, matches: &[StoredMatch]) -> String {
        let mut value = if self == Self::Rule {
            let mut rules: Vec<&str> = matches.iter().map(|found| found.rule.as_str()).collect();
            rules.sort_unstable();
            rules.dedup();
            rules.join(",")
        } else {
            self.single(alert).into_owned()
        };
        let end = value.floor_char_boundary(VALUE_BYTES_MAX.min(value.len()));
        value.truncate(end);
        value
    }

    /// The value of a label that has one; of the rules there may be several.
    fn single(self, alert: &AlertRow) -> Cow<'_, str> {
        match self {
            Self::Severity => alert.severity.as_str().into(),
            Self::Source => alert.source.as_str().into(),
            Self::Pipeline => alert.source_id.as_str().into(),
            Self::Country => alert.country.as_deref().unwrap_or_default().into(),
            Self::User => alert.user.as_deref().unwrap_or_default().into(),
            Self::SrcIp => alert.src_ip.to_string().into(),
            Self::DstIp => alert.dst_ip.map_or("".into(), |ip| ip.to_string().into()),
            Self::Title => alert.title.as_deref().unwrap_or_default().into(),
            Self::Rule => "".into(),
        }
    }
}
