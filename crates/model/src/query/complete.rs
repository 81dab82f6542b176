//! What may come next in a query that is being written: fields, or values of one.

use super::facet::FacetField;
use super::field::Field;
use crate::Severity;

/// The end of a query, where somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completing {
    from: usize,
    wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    /// A field that begins so.
    Field(String),
    /// A value of the field that contains this.
    Value(Field, String),
    /// Nothing can be said, as within a word of a field that nobody knows.
    Nothing,
}

/// Something that may stand there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Completion {
    /// What to write.
    pub text: String,
    /// What it is, for people; for a field what it holds.
    pub hint: Option<&'static str>,
    /// How many alerts have the value, if it is one that was counted.
    pub count: Option<u64>,
}

/// Each field with what it holds.
const HINTS: [(&str, &str); 16] = [
    (
        "severity:",
        "unknown, info, low, medium, high, critical; >=high",
    ),
    ("source:", "the vendor's kind of source"),
    ("country:", "of the destination"),
    ("user:", "behind the source address"),
    ("threat:", "what a detection says"),
    ("pipeline:", "the configured source"),
    ("src_ip:", "address or network that acted"),
    ("dst_ip:", "address or network acted upon"),
    ("from:", "stored since; -6h, 2026-11-23"),
    ("to:", "stored until"),
    ("description:", "exact, or with * and ?"),
    ("upstream_id:", "the vendor's id"),
    ("id:", "Cresset's id"),
    ("created_at:", "when it happened"),
    ("ingested_at:", "when it was stored"),
    ("updated_at:", "when it last changed"),
];
/// Spans that are asked for most.
const SPANS: [(&str, &str); 5] = [
    ("-1h", "the last hour"),
    ("-6h", "the last 6 hours"),
    ("-24h", "the last day"),
    ("-7d", "the last week"),
    ("now", "now"),
];

impl Completing {
    /// Reads a query up to where somebody writes.
    pub fn of(text: &str) -> Self {
        let (start, in_quotes) = last_piece(text, 0, char::is_whitespace);
        let piece = text.get(start..).unwrap_or_default();
        let plain = piece.trim_start_matches('-');
        let start = start + piece.len() - plain.len();
        let Some((name, values)) = plain.split_once(':') else {
            let wants = if in_quotes {
                Wants::Nothing
            } else {
                Wants::Field(plain.to_ascii_lowercase())
            };
            return Self { from: start, wants };
        };
        let after_colon = start + name.len() + 1;
        let (from, _) = last_piece(text, after_colon, |c| c == ',');
        let part = text.get(from..).unwrap_or_default().replace('"', "");
        let field = match name {
            "from" | "to" => Some(Field::Time(super::field::TimeField::IngestedAt)),
            _ => Field::named(name),
        };
        let is_read = !values.is_empty() || after_colon == text.len();
        let wants = match field {
            Some(field) if is_read => Wants::Value(field, part),
            _ => Wants::Nothing,
        };
        Self { from, wants }
    }

    /// Where the text begins that a completion replaces, in bytes; it ends where somebody writes.
    pub fn from(&self) -> usize {
        self.from
    }

    /// What can be offered without looking at any alert.
    pub fn fixed(&self) -> Vec<Completion> {
        let fixed = |(text, hint): &(&'static str, &'static str)| Completion {
            text: (*text).to_owned(),
            hint: Some(hint),
            count: None,
        };
        match &self.wants {
            Wants::Field(begin) => {
                let begins = |(text, _): &&(&str, &str)| text.starts_with(begin.as_str());
                HINTS.iter().filter(begins).map(fixed).collect()
            }
            Wants::Value(Field::Time(_), part) => {
                let begins = |(text, _): &&(&str, &str)| text.starts_with(part.as_str());
                SPANS.iter().filter(begins).map(fixed).collect()
            }
            Wants::Value(Field::Severity, part) => thresholds(part),
            Wants::Value(..) | Wants::Nothing => Vec::new(),
        }
    }

    /// The field whose values are to be offered, and what they contain.
    pub fn values(&self) -> Option<(FacetField, String)> {
        let Wants::Value(field, part) = &self.wants else {
            return None;
        };
        let of = |facet: &FacetField| facet.field() == *field;
        let facet = FacetField::ALL.into_iter().find(of)?;
        // A threshold, a network or a pattern is no part of a value.
        let is_plain = !part.contains(['<', '>', '*', '?', '/']);
        is_plain.then(|| (facet, part.clone()))
    }
}

impl Completion {
    /// A value with its count, in quotes where it needs them.
    pub fn value(value: &str, count: u64) -> Self {
        Self {
            text: quoted(value),
            hint: None,
            count: Some(count),
        }
    }
}

fn thresholds(part: &str) -> Vec<Completion> {
    let all = [Severity::Medium, Severity::High, Severity::Critical];
    let written = all.map(|severity| format!(">={severity}"));
    let begins = |text: &String| text.starts_with(part) && !part.is_empty();
    let completion = |text| Completion {
        text,
        hint: Some("and above; unknown ones too"),
        count: None,
    };
    written.into_iter().filter(begins).map(completion).collect()
}

/// A value as a query writes it.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '@');
    let begins_plain = value.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if begins_plain && !value.contains("..") && value.chars().all(is_plain) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Where the last piece between separators begins, and whether it ends within quotes. Separators in
/// quotes are none.
fn last_piece(text: &str, from: usize, separates: impl Fn(char) -> bool) -> (usize, bool) {
    let (mut start, mut in_quotes, mut escaped) = (from, false, false);
    for (index, c) in text.get(from..).unwrap_or_default().char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            _ if !in_quotes && separates(c) => start = from + index + c.len_utf8(),
            _ => {}
        }
    }
    (start, in_quotes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::query::{Filter, Test};

    fn fixed(text: &str) -> (usize, Vec<String>) {
        let completing = Completing::of(text);
        let items = completing.fixed().into_iter().map(|item| item.text);
        (completing.from(), items.collect())
    }

    fn values(text: &str) -> Option<(usize, FacetField, String)> {
        let completing = Completing::of(text);
        let (field, part) = completing.values()?;
        Some((completing.from(), field, part))
    }

    #[test]
    fn fields_are_offered_by_how_they_begin() {
        assert_eq!(fixed("").1.len(), HINTS.len());
        assert_eq!(fixed("s").1, ["severity:", "source:", "src_ip:"]);
        assert_eq!(fixed("severity:high -SR"), (15, vec!["src_ip:".to_owned()]));
        assert_eq!(fixed("\"two wor").1, Vec::<String>::new());
        assert_eq!(fixed("nothing_like_it").1, Vec::<String>::new());
    }

    #[test]
    fn values_are_offered_for_the_last_alternative() {
        let check = |text: &str, from, field, part: &str| {
            assert_eq!(values(text), Some((from, field, part.to_owned())), "{text}");
        };
        check("user:", 5, FacetField::User, "");
        check("country:RU,C", 11, FacetField::Country, "C");
        check("a -user:\"ann b", 8, FacetField::User, "ann b");
        check("severity:hi", 9, FacetField::Severity, "hi");
        for none in [
            "user",
            "user:a*",
            "dst_ip:10.0.0.0/8",
            "nobody:x",
            "from:-1",
            "",
        ] {
            assert_eq!(values(none), None, "{none}");
        }
        assert_eq!(
            fixed("from:-"),
            (5, ["-1h", "-6h", "-24h", "-7d"].map(str::to_owned).to_vec())
        );
        assert_eq!(fixed("severity:>").1, [">=medium", ">=high", ">=critical"]);
    }

    #[test]
    fn an_offered_value_is_read_as_that_value() {
        for value in [
            "ann",
            "High severity detected",
            "a\"b\\",
            "-x",
            "a,b",
            "a*",
            ">=x",
            "a..b",
        ] {
            let query = format!("user:{}", Completion::value(value, 1).text);
            let filter = Filter::parse(&query, Timestamp::from_nanos(0)).unwrap();
            let expected = crate::query::Pattern::Exact(value.to_owned());
            let Test::Text(_, patterns) = &filter.terms[0].test else {
                panic!("{query}");
            };
            assert_eq!(patterns, &[expected], "{query}");
        }
    }
}
