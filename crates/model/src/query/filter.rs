//! A query as a value, and its meaning: [`Filter::matches`] is the definition that every faster way of
//! answering must agree with.

use std::str::Chars;

use super::field::{AddressField, Field, TextField, TimeField};
use super::word::Word;
use crate::alert::AlertRow;
use crate::ip::{self, Network};
use crate::{Severity, Timestamp};

/// All terms must hold; no terms match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The terms.
    pub terms: Vec<Term>,
}

/// One term, perhaps negated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Whether the term must not hold.
    pub negated: bool,
    /// What is tested.
    pub test: Test,
}

/// What a term tests; alternatives are or-ed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The severity lies in one of the ranges. A range with an open upper end (`>=`, `>`) also takes
    /// [`Severity::Unknown`], which no threshold may hide.
    Severity(Vec<Range<Severity>>),
    /// The text has one of the forms. Exact, but for `source` and `id`, which ignore the case of ASCII
    /// letters. Countries are upper case on both sides.
    Text(TextField, Vec<Pattern>),
    /// The address lies in one of the networks.
    Address(AddressField, Vec<Network>),
    /// The instant lies in one of the ranges.
    Time(TimeField, Vec<Range<Timestamp>>),
    /// The field has a value.
    Present(Field),
    /// The word occurs, in any case, in description, ids, source, user or an address.
    Word(String),
}

/// A range with inclusive ends; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<T> {
    /// The least value that lies in it.
    pub least: Option<T>,
    /// The greatest value that lies in it.
    pub greatest: Option<T>,
}

impl<T: Ord + Copy> Range<T> {
    /// The range of one value.
    pub fn exactly(value: T) -> Self {
        Self {
            least: Some(value),
            greatest: Some(value),
        }
    }

    /// Whether a value lies in it.
    pub fn contains(&self, value: T) -> bool {
        self.least.is_none_or(|least| least <= value)
            && self.greatest.is_none_or(|greatest| value <= greatest)
    }
}

/// A text with `*` (any run of characters) and `?` (any one character), or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// This very text.
    Exact(String),
    /// With `*` and `?`.
    Wildcard(String),
}

impl Pattern {
    /// Whether the text has this form.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Wildcard(pattern) => wildcard(pattern, text, |a, b| a == b),
        }
    }

    /// The same with ASCII letters compared in any case.
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact.eq_ignore_ascii_case(text),
            Self::Wildcard(pattern) => wildcard(pattern, text, |a, b| a.eq_ignore_ascii_case(&b)),
        }
    }
}

/// Matches greedily and falls back to the last star: linear in practice, at worst the product of the
/// lengths, never exponential.
fn wildcard(pattern: &str, text: &str, same: impl Fn(char, char) -> bool) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut pattern_after, mut text_after) = (pattern.clone(), text.clone());
        match (pattern_after.next(), text_after.next()) {
            (Some('*'), _) => {
                star = Some((pattern_after.clone(), text.clone()));
                pattern = pattern_after;
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || same(wanted, found) => {
                pattern = pattern_after;
                text = text_after;
            }
            // What is left of the text is too short, and a later beginning leaves less.
            (Some(_), None) => return false,
            (_, Some(_)) => match &mut star {
                Some((after_star, beginning)) => {
                    beginning.next();
                    pattern = after_star.clone();
                    text = beginning.clone();
                }
                None => return false,
            },
        }
    }
}

impl Filter {
    /// Whether the alert passes every term.
    pub fn matches(&self, row: &AlertRow) -> bool {
        self.terms
            .iter()
            .all(|term| term.test.holds(row) != term.negated)
    }

    /// The words that must occur.
    pub fn words(&self) -> Vec<Word> {
        let word = |term: &Term| match &term.test {
            Test::Word(word) if !term.negated => Some(Word::new(word)),
            _ => None,
        };
        self.terms.iter().filter_map(word).collect()
    }

    /// The filter with one more term.
    #[must_use]
    pub fn and(mut self, test: Test) -> Self {
        self.terms.push(Term {
            negated: false,
            test,
        });
        self
    }
}

impl Test {
    /// Whether a severity passes a severity test.
    pub fn severity_holds(ranges: &[Range<Severity>], severity: Severity) -> bool {
        ranges.iter().any(|range| {
            range.contains(severity)
                || (severity == Severity::Unknown
                    && range.greatest.is_none()
                    && range.least.is_some())
        })
    }

    /// Whether a text passes a test of its field.
    pub fn text_holds(field: TextField, patterns: &[Pattern], text: &str) -> bool {
        patterns.iter().any(|pattern| match field {
            TextField::Source | TextField::Id => pattern.matches_ignoring_case(text),
            _ => pattern.matches(text),
        })
    }

    fn holds(&self, row: &AlertRow) -> bool {
        match self {
            Self::Severity(ranges) => Self::severity_holds(ranges, row.severity),
            Self::Text(field, patterns) => field
                .of(row)
                .is_some_and(|text| Self::text_holds(*field, patterns, &text)),
            Self::Address(field, networks) => field
                .of(row)
                .is_some_and(|address| networks.iter().any(|network| network.contains(address))),
            Self::Time(field, ranges) => {
                let at = field.of(row);
                ranges.iter().any(|range| range.contains(at))
            }
            Self::Present(field) => field.is_present(row),
            Self::Word(word) => contains_word(row, word),
        }
    }
}

fn contains_word(row: &AlertRow, word: &str) -> bool {
    let word = Word::new(word);
    let has = |text: &str| word.is_in(text);
    let is_address = |address| word.may_be_in_address() && has(&ip::to_string(address));
    has(&row.description)
        || has(&row.upstream_id)
        || has(&row.source)
        || row.user.as_deref().is_some_and(has)
        || (word.may_be_in_id() && has(&row.id.to_string()))
        || is_address(row.src_ip)
        || row.dst_ip.is_some_and(is_address)
        || row.title.as_deref().is_some_and(has)
}

#[cfg(test)]
mod tests;
