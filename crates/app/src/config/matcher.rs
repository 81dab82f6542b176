//! A route's `matchers:`, such as `severity=~"high|critical"`, as the router understands them.

use cresset_model::Severity;
use cresset_model::config::{FromScalar, Misfit, nearest, quote};
use cresset_pipeline::router::{Label, MATCHER_VALUE_BYTES_MAX, Matcher, MatcherError};

/// An item of `matchers:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MatcherItem(pub(super) Matcher);

impl FromScalar for MatcherItem {
    const KIND: &'static str = "a matcher";
    const HINT: &'static str = "write a label, one of = != =~ !~ and a value in quotes, such as severity=~\"high|critical\"";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Matcher::parse(text).map(Self).map_err(misfit)
    }
}

fn misfit(error: MatcherError) -> Misfit {
    match error {
        MatcherError::NoOperator(_) => Misfit::kind(),
        MatcherError::UnknownLabel { label, .. } => {
            let known = Label::ALL.map(Label::as_str);
            unknown("names the unknown label", &label, ("labels", &known))
        }
        MatcherError::UnknownSeverity { severity, .. } => {
            let known = Severity::ALL.map(Severity::as_str);
            let about = "compares with the unknown severity";
            unknown(about, &severity, ("severities", &known))
        }
        MatcherError::NoQuotes(_, better) => {
            Misfit::because("has a value without quotes", format!("write {better}"))
        }
        MatcherError::Unclosed(_) => {
            Misfit::because("lacks the closing quote of its value", MatcherItem::HINT)
        }
        MatcherError::Trailing { rest, .. } => Misfit::because(
            format!("goes on after its value: {}", quote(rest.trim())),
            "write one matcher for each item of the list; all of them must hold",
        ),
        MatcherError::TooLong { bytes, .. } => Misfit::because(
            format!("has a value of {bytes} bytes"),
            format!("at most {MATCHER_VALUE_BYTES_MAX} are taken"),
        ),
        MatcherError::Regex { value, reason } => Misfit::because(
            format!("has {} for a regular expression: {reason}", quote(&value)),
            "write one such as high|critical, and a backslash before a character that means itself",
        ),
        MatcherError::RegexTooLarge(value) => Misfit::because(
            format!("has too large a regular expression: {}", quote(&value)),
            "use smaller repetitions",
        ),
    }
}

/// In the words of all other keys.
fn unknown(about: &str, word: &str, (kind, known): (&str, &[&str])) -> Misfit {
    let mut message = format!("{about} {}", quote(word));
    if let Some(meant) = nearest(word, known) {
        message = format!("{message}: did you mean {}?", quote(meant));
    }
    Misfit::because(message, format!("{kind}: {}", known.join(", ")))
}

#[cfg(test)]
mod tests;
