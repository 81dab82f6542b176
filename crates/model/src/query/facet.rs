//! The fields whose values are counted, and what a filter says about a value.

use std::borrow::Cow;

use super::counts::Choice;
use super::field::{AddressField, Field, TextField, TimeField};
use super::filter::{Filter, Pattern, Term, Test};
use crate::alert::AlertRow;
use crate::{Severity, Timestamp, ip};

/// A field whose values are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FacetField {
    /// `severity`.
    Severity,
    /// `source`.
    Source,
    /// `country`.
    Country,
    /// `user`.
    User,
    /// `threat`: what a detection of ours said, or nothing.
    Threat,
    /// `pipeline`.
    Pipeline,
    /// `src_ip`.
    SrcIp,
    /// `dst_ip`.
    DstIp,
}

impl FacetField {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Severity,
        Self::Source,
        Self::Country,
        Self::User,
        Self::Threat,
        Self::Pipeline,
        Self::SrcIp,
        Self::DstIp,
    ];

    /// The word in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Source => "source",
            Self::Country => "country",
            Self::User => "user",
            Self::Threat => "threat",
            Self::Pipeline => "pipeline",
            Self::SrcIp => "src_ip",
            Self::DstIp => "dst_ip",
        }
    }

    /// The field of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }

    /// The field that a query tests.
    pub fn field(self) -> Field {
        match self {
            Self::Severity => Field::Severity,
            Self::Source => Field::Text(TextField::Source),
            Self::Country => Field::Text(TextField::Country),
            Self::User => Field::Text(TextField::User),
            Self::Threat => Field::Text(TextField::Threat),
            Self::Pipeline => Field::Text(TextField::Pipeline),
            Self::SrcIp => Field::Address(AddressField::SrcIp),
            Self::DstIp => Field::Address(AddressField::DstIp),
        }
    }

    /// The value of an alert; an empty text is none.
    pub fn of(self, row: &AlertRow) -> Option<Cow<'_, str>> {
        match self.field() {
            Field::Severity => Some(Cow::Borrowed(row.severity.as_str())),
            Field::Text(field) => field.of(row).filter(|text| !text.is_empty()),
            Field::Address(field) => field.of(row).map(|at| Cow::Owned(ip::to_string(at))),
            Field::Time(_) => None,
        }
    }
}

impl Test {
    /// The field that is tested; `None` for a word, which looks at many.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Severity(_) => Some(Field::Severity),
            Self::Text(field, _) => Some(Field::Text(*field)),
            Self::Address(field, _) => Some(Field::Address(*field)),
            Self::Time(field, _) => Some(Field::Time(*field)),
            Self::Present(field) => Some(*field),
            Self::Word(_) => None,
        }
    }
}

impl Filter {
    /// The filter without its terms about a field.
    #[must_use]
    pub fn without(&self, field: Field) -> Self {
        let others = self
            .terms
            .iter()
            .filter(|term| term.test.field() != Some(field));
        Self {
            terms: others.cloned().collect(),
        }
    }

    /// What the terms about a field say about one of its values.
    pub fn choice(&self, field: FacetField, value: Option<&str>) -> Choice {
        let mut choice = Choice::Open;
        for term in self.about(field) {
            match (names(&term.test, value), term.negated) {
                (true, true) => return Choice::Excluded,
                (true, false) => choice = Choice::Included,
                (false, _) => {}
            }
            let asks_for_none = term.negated && matches!(term.test, Test::Present(_));
            if asks_for_none && value.is_none() {
                choice = Choice::Included;
            }
        }
        choice
    }

    /// The values of a field that are named without a wildcard, each once.
    pub fn named(&self, field: FacetField) -> Vec<String> {
        let mut named: Vec<String> = Vec::new();
        for term in self.about(field) {
            let values: Vec<String> = match &term.test {
                Test::Text(_, patterns) => patterns.iter().filter_map(exact).collect(),
                Test::Address(_, networks) => networks
                    .iter()
                    .filter(|network| {
                        network.prefix == if network.base.is_ipv4() { 32 } else { 128 }
                    })
                    .map(|network| ip::to_string(network.base))
                    .collect(),
                _ => Vec::new(),
            };
            for value in values {
                if !value.is_empty() && !named.contains(&value) {
                    named.push(value);
                }
            }
        }
        named
    }

    /// The narrowest bounds that terms set to an instant.
    pub fn bounds(&self, field: TimeField) -> (Option<Timestamp>, Option<Timestamp>) {
        let (mut least, mut greatest) = (None, None);
        for term in self.terms.iter().filter(|term| !term.negated) {
            let Test::Time(tested, ranges) = &term.test else {
                continue;
            };
            let [range] = ranges.as_slice() else {
                continue;
            };
            if *tested == field {
                least = least.max(range.least);
                greatest = match (greatest, range.greatest) {
                    (Some(a), Some(b)) => Some(std::cmp::min::<Timestamp>(a, b)),
                    (a, b) => a.or(b),
                };
            }
        }
        (least, greatest)
    }

    fn about(&self, field: FacetField) -> impl Iterator<Item = &Term> {
        let field = field.field();
        self.terms
            .iter()
            .filter(move |term| term.test.field() == Some(field))
    }
}

fn exact(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Exact(text) => Some(text.clone()),
        Pattern::Wildcard(_) => None,
    }
}

/// Whether a test names the value; that a field has any value at all names none.
fn names(test: &Test, value: Option<&str>) -> bool {
    let Some(value) = value else {
        return false;
    };
    match test {
        Test::Severity(ranges) => Severity::from_word(value)
            .is_some_and(|severity| Test::severity_holds(ranges, severity)),
        Test::Text(field, patterns) => Test::text_holds(*field, patterns, value),
        Test::Address(_, networks) => value
            .parse()
            .is_ok_and(|address| networks.iter().any(|network| network.contains(address))),
        Test::Time(..) | Test::Present(_) | Test::Word(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Filter {
        Filter::parse(query, Timestamp::from_nanos(0)).unwrap()
    }

    #[test]
    fn a_filter_says_what_it_thinks_of_a_value() {
        let check = |query: &str, field, value: Option<&str>, expected| {
            assert_eq!(
                parse(query).choice(field, value),
                expected,
                "{query} {value:?}"
            );
        };
        let country = FacetField::Country;
        check("country:RU,CN", country, Some("RU"), Choice::Included);
        check("country:RU,CN", country, Some("US"), Choice::Open);
        check("-country:RU", country, Some("RU"), Choice::Excluded);
        check("-country:RU", country, Some("US"), Choice::Open);
        check("-country:", country, None, Choice::Included);
        check("-country:", country, Some("US"), Choice::Open);
        check("country:", country, Some("US"), Choice::Open);
        check("country:", country, None, Choice::Open);
        check("user:ann", country, Some("ann"), Choice::Open);
        check(
            "source:WAF",
            FacetField::Source,
            Some("waf"),
            Choice::Included,
        );
        let severity = FacetField::Severity;
        check(
            "severity:>=high",
            severity,
            Some("unknown"),
            Choice::Included,
        );
        check("severity:>=high", severity, Some("low"), Choice::Open);
        let src_ip = FacetField::SrcIp;
        check(
            "-src_ip:10.0.0.0/8",
            src_ip,
            Some("10.1.2.3"),
            Choice::Excluded,
        );
    }

    #[test]
    fn bounds_are_the_narrowest() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        let bounds = |query: &str| parse(query).bounds(TimeField::IngestedAt);
        assert_eq!(bounds("user:ann"), (None, None));
        assert_eq!(
            bounds("from:1970-01-01T00:00:05Z from:1970-01-01T00:00:07Z to:1970-01-01T00:00:09Z"),
            (at(7), at(9))
        );
        assert_eq!(
            bounds("-from:1970-01-01T00:00:05Z created_at:>=1970-01-02"),
            (None, None)
        );
    }

    #[test]
    fn named_values_are_found_and_other_terms_stay() {
        let filter =
            parse("country:RU,C*,RU -country:US user:ann dst_ip:10.0.0.1,10.0.0.0/8 -country:");
        assert_eq!(filter.named(FacetField::Country), ["RU", "US"]);
        assert_eq!(filter.named(FacetField::DstIp), ["10.0.0.1"]);
        assert_eq!(
            filter.without(FacetField::Country.field()),
            parse("user:ann dst_ip:10.0.0.1,10.0.0.0/8")
        );
    }
}
