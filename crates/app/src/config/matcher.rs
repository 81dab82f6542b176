//! A route's `matchers:`, such as `severity=~"high|critical"`.

use cresset_model::Severity;
use cresset_model::config::{FromScalar, Misfit, nearest, quote};

/// Bytes of the value of a matcher.
const VALUE_BYTES_MAX: usize = 1_024;

/// A condition on one label of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matcher {
    /// The label.
    pub(crate) label: Label,
    /// What is asked of it.
    pub(crate) operator: Operator,
    /// The text or the regular expression, escapes resolved; whether an expression is one is not checked
    /// here.
    pub(crate) value: String,
}

/// A label of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// `severity`.
    Severity,
    /// `source`: the vendor's own kind of source.
    Source,
    /// `pipeline`: the id of the pipeline.
    Pipeline,
    /// `country`.
    Country,
    /// `user`.
    User,
    /// `src_ip`.
    SrcIp,
    /// `dst_ip`.
    DstIp,
    /// `title`.
    Title,
    /// `rule`: the rules that fired.
    Rule,
}

/// What a matcher asks of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`: the same text.
    Equal,
    /// `!=`: another text.
    NotEqual,
    /// `=~`: the whole text matches the expression.
    Matches,
    /// `!~`: it does not.
    NotMatches,
}

impl Label {
    /// All of them, by the words of the configuration.
    pub(crate) const WORDS: [(&'static str, Self); 9] = [
        ("severity", Self::Severity),
        ("source", Self::Source),
        ("pipeline", Self::Pipeline),
        ("country", Self::Country),
        ("user", Self::User),
        ("src_ip", Self::SrcIp),
        ("dst_ip", Self::DstIp),
        ("title", Self::Title),
        ("rule", Self::Rule),
    ];

    /// The word of the configuration.
    pub(crate) fn as_str(self) -> &'static str {
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
}

impl Operator {
    /// Longer ones first, so that none hides another.
    const WORDS: [(&'static str, Self); 4] = [
        ("=~", Self::Matches),
        ("!~", Self::NotMatches),
        ("!=", Self::NotEqual),
        ("=", Self::Equal),
    ];
}

impl FromScalar for Matcher {
    const KIND: &'static str = "a matcher";
    const HINT: &'static str = "write a label, one of = != =~ !~ and a value in quotes, such as severity=~\"high|critical\"";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let text = text.trim();
        let end = text.find(['=', '!']).ok_or_else(Misfit::kind)?;
        let (label, rest) = text.split_at_checked(end).ok_or_else(Misfit::kind)?;
        let label = read_label(label.trim())?;
        let (word, operator) = Operator::WORDS
            .into_iter()
            .find(|(word, _)| rest.starts_with(word))
            .ok_or_else(Misfit::kind)?;
        let value = rest.get(word.len()..).unwrap_or_default().trim();
        let value = read_value(label, word, value)?;
        if label == Label::Severity && matches!(operator, Operator::Equal | Operator::NotEqual) {
            check_severity(&value)?;
        }
        Ok(Self {
            label,
            operator,
            value,
        })
    }
}

fn read_label(word: &str) -> Result<Label, Misfit> {
    let found = Label::WORDS.iter().find(|(name, _)| *name == word);
    found.map(|(_, label)| *label).ok_or_else(|| {
        let names = Label::WORDS.map(|(name, _)| name);
        unknown("names the unknown label", word, "labels", &names)
    })
}

/// A severity is compared as its word: another word would be equal to none, in silence.
fn check_severity(value: &str) -> Result<(), Misfit> {
    let words = Severity::ALL.map(Severity::as_str);
    if words.contains(&value) {
        return Ok(());
    }
    let about = "compares with the unknown severity";
    Err(unknown(about, value, "severities", &words))
}

fn unknown(about: &str, word: &str, kind: &str, known: &[&str]) -> Misfit {
    let mut message = format!("{about} {}", quote(word));
    if let Some(meant) = nearest(word, known) {
        message = format!("{message}: did you mean {}?", quote(meant));
    }
    Misfit::because(message, format!("{kind}: {}", known.join(", ")))
}

/// The text between the quotes. `\"`, `\\` and `\n` are escapes; any other backslash stays, for
/// regular expressions.
fn read_value(label: Label, operator: &str, text: &str) -> Result<String, Misfit> {
    let Some(inner) = text.strip_prefix('"') else {
        let hint = format!(
            "write {}{operator}{}",
            label.as_str(),
            quote(if text.is_empty() { "..." } else { text })
        );
        return Err(Misfit::because("has a value without quotes", hint));
    };
    let mut value = String::new();
    let mut rest = inner.chars();
    loop {
        match rest.next() {
            None => {
                return Err(Misfit::because(
                    "lacks the closing quote of its value",
                    Matcher::HINT,
                ));
            }
            Some('"') => break,
            Some('\\') => match rest.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => {}
            },
            Some(plain) => value.push(plain),
        }
    }
    if !rest.as_str().trim().is_empty() {
        return Err(Misfit::because(
            format!("goes on after its value: {}", quote(rest.as_str().trim())),
            "write one matcher for each item of the list; all of them must hold",
        ));
    }
    if value.len() > VALUE_BYTES_MAX {
        let message = format!("has a value of {} bytes", value.len());
        let hint = format!("at most {VALUE_BYTES_MAX} are taken");
        return Err(Misfit::because(message, hint));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
