//! Conditions on the labels of an alert, such as `severity=~"high|critical"`.

use std::fmt;

use cresset_model::Severity;
use cresset_model::alert::{AlertRow, StoredMatch};
use cresset_model::config::nearest;
use regex::{Regex, RegexBuilder};

use super::label::Label;

/// Bytes of the value of a matcher.
pub const MATCHER_VALUE_BYTES_MAX: usize = 1_024;
/// Bytes that a compiled expression may take; matching takes time linear in the label's value.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// A condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    label: Label,
    operator: Operator,
    value: String,
    /// The compiled value of the two operators that take an expression.
    regex: Option<Regex>,
}

/// What a matcher asks of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`: one of the label's values is this text.
    Equal,
    /// `!=`: none of them is.
    NotEqual,
    /// `=~`: the expression matches one of them, from its beginning to its end.
    Matches,
    /// `!~`: it matches none.
    NotMatches,
}

impl Operator {
    /// All of them; longer words first, so that none hides another.
    pub const ALL: [Self; 4] = [Self::Matches, Self::NotMatches, Self::NotEqual, Self::Equal];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

/// Why a text is no matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// There is no operator.
    #[error(
        "`{0}` is no matcher: write a label, one of = != =~ !~ and a value in quotes, such as \
         severity=~\"high|critical\""
    )]
    NoOperator(String),
    /// There is no such label.
    #[error("unknown label `{label}`{meant}: labels are {}", names())]
    UnknownLabel {
        /// What stands in its place.
        label: String,
        /// Empty, or `, did you mean ...?`.
        meant: String,
    },
    /// A severity is compared with a word that is none: it would be equal to none, in silence.
    #[error(
        "unknown severity `{severity}`{meant}: severities are {}",
        severities()
    )]
    UnknownSeverity {
        /// What stands in its place.
        severity: String,
        /// Empty, or `, did you mean ...?`.
        meant: String,
    },
    /// The value stands without quotes.
    #[error("the value of `{0}` stands without quotes: write {1}")]
    NoQuotes(String, String),
    /// The value has no closing quote.
    #[error("the value of `{0}` has no closing quote")]
    Unclosed(String),
    /// Something follows the closing quote.
    #[error("`{rest}` follows the value of `{label}`: one matcher is one condition")]
    Trailing {
        /// The label.
        label: String,
        /// What follows.
        rest: String,
    },
    /// The value is too long.
    #[error(
        "the value of `{label}` has {bytes} bytes: at most {MATCHER_VALUE_BYTES_MAX} are taken"
    )]
    TooLong {
        /// The label.
        label: String,
        /// Its length.
        bytes: usize,
    },
    /// The value is no regular expression.
    #[error("`{value}` is no regular expression: {reason}")]
    Regex {
        /// The value.
        value: String,
        /// Why.
        reason: String,
    },
    /// The expression takes too much memory.
    #[error(
        "the regular expression `{0}` takes more than {REGEX_BYTES_MAX} bytes when compiled: use \
         smaller repetitions"
    )]
    RegexTooLarge(String),
}

fn severities() -> String {
    Severity::ALL.map(Severity::as_str).join(", ")
}

fn names() -> String {
    Label::ALL.map(Label::as_str).join(", ")
}

impl Matcher {
    /// Makes a matcher; a value that should be an expression is compiled.
    pub fn new(label: Label, operator: Operator, value: &str) -> Result<Self, MatcherError> {
        if value.len() > MATCHER_VALUE_BYTES_MAX {
            let label = label.as_str().to_owned();
            let bytes = value.len();
            return Err(MatcherError::TooLong { label, bytes });
        }
        let regex = match operator {
            Operator::Equal | Operator::NotEqual => None,
            Operator::Matches | Operator::NotMatches => Some(compile(value)?),
        };
        Ok(Self {
            label,
            operator,
            value: value.to_owned(),
            regex,
        })
    }

    /// Reads a matcher as the configuration writes it.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let text = text.trim();
        let no_operator = || MatcherError::NoOperator(text.to_owned());
        let (label, rest) = text
            .find(['=', '!'])
            .and_then(|end| text.split_at_checked(end))
            .ok_or_else(no_operator)?;
        let label = read_label(label.trim())?;
        let (operator, value) = Operator::ALL
            .into_iter()
            .find_map(|operator| Some((operator, rest.strip_prefix(operator.as_str())?)))
            .ok_or_else(no_operator)?;
        let value = read_value(label, operator, value.trim())?;
        if label == Label::Severity && matches!(operator, Operator::Equal | Operator::NotEqual) {
            check_severity(&value)?;
        }
        Self::new(label, operator, &value)
    }

    /// Whether it holds of an alert.
    pub(super) fn holds(&self, alert: &AlertRow, matches: &[StoredMatch]) -> bool {
        let fits = self.label.any(alert, matches, |value| match &self.regex {
            Some(regex) => regex.is_match(value),
            None => value == self.value,
        });
        match self.operator {
            Operator::Equal | Operator::Matches => fits,
            Operator::NotEqual | Operator::NotMatches => !fits,
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (self.label, self.operator, &self.value) == (other.label, other.operator, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.label.as_str(), self.operator.as_str())?;
        f.write_str(&quote(&self.value))
    }
}

/// The text in quotes, as [`Matcher::parse`] reads it.
pub(super) fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

fn read_label(word: &str) -> Result<Label, MatcherError> {
    Label::from_word(word).ok_or_else(|| MatcherError::UnknownLabel {
        label: word.to_owned(),
        meant: meant(word, &Label::ALL.map(Label::as_str)),
    })
}

fn check_severity(word: &str) -> Result<(), MatcherError> {
    let words = Severity::ALL.map(Severity::as_str);
    if words.contains(&word) {
        return Ok(());
    }
    Err(MatcherError::UnknownSeverity {
        severity: word.to_owned(),
        meant: meant(word, &words),
    })
}

fn meant(word: &str, known: &[&str]) -> String {
    let meant = nearest(word, known);
    meant.map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"))
}

/// The text between the quotes. `\"`, `\\` and `\n` are escapes; any other backslash stays, for
/// regular expressions.
fn read_value(label: Label, operator: Operator, text: &str) -> Result<String, MatcherError> {
    let label = label.as_str();
    let Some(inner) = text.strip_prefix('"') else {
        let shown = if text.is_empty() { "..." } else { text };
        let better = format!("{label}{}{}", operator.as_str(), quote(shown));
        return Err(MatcherError::NoQuotes(label.to_owned(), better));
    };
    let mut value = String::new();
    let mut rest = inner.chars();
    loop {
        match rest.next() {
            None => return Err(MatcherError::Unclosed(label.to_owned())),
            Some('"') => break,
            Some('\\') => match rest.next() {
                None => return Err(MatcherError::Unclosed(label.to_owned())),
                Some('n') => value.push('\n'),
                Some(letter @ ('"' | '\\')) => value.push(letter),
                Some(letter) => value.extend(['\\', letter]),
            },
            Some(letter) => value.push(letter),
        }
    }
    if !rest.as_str().is_empty() {
        return Err(MatcherError::Trailing {
            label: label.to_owned(),
            rest: rest.as_str().to_owned(),
        });
    }
    Ok(value)
}

fn compile(value: &str) -> Result<Regex, MatcherError> {
    let build = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .build()
    };
    // By itself first: an unbalanced bracket must not find its partner in the frame.
    build(value)
        .and_then(|_| build(&format!("^(?:{value})$")))
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => MatcherError::RegexTooLarge(value.to_owned()),
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default();
                let reason = last.trim().trim_start_matches("error: ").to_owned();
                let value = value.to_owned();
                MatcherError::Regex { value, reason }
            }
        })
}
