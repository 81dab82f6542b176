//! Writes a filter as a query. [`Filter::parse`] reads any filter that it has made itself back from it;
//! a hand-made one, too, unless it holds what cannot be written (no alternatives, an empty range, a
//! country in lower case).

use std::fmt::{self, Display, Formatter, Write};

use super::field::Field;
use super::filter::{Filter, Pattern, Range, Term, Test};
use crate::Timestamp;
use crate::ip::{self, Network};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_char('-')?;
        }
        match &self.test {
            Test::Severity(ranges) => list(f, Field::Severity, ranges, |f, range| {
                write_range(f, range, |f, severity| severity.fmt(f))
            }),
            Test::Text(field, patterns) => list(f, Field::Text(*field), patterns, write_pattern),
            Test::Address(field, networks) => {
                list(f, Field::Address(*field), networks, write_network)
            }
            Test::Time(field, ranges) => list(f, Field::Time(*field), ranges, |f, range| {
                write_range(f, range, write_time)
            }),
            Test::Present(field) => write!(f, "{}:", name(*field)),
            Test::Word(word) => write_word(f, word),
        }
    }
}

fn name(field: Field) -> &'static str {
    Field::NAMES
        .into_iter()
        .find(|(_, known)| *known == field)
        .map_or("", |(name, _)| name)
}

fn list<T>(
    f: &mut Formatter<'_>,
    field: Field,
    values: &[T],
    write_one: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{}:", name(field))?;
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        write_one(f, value)?;
    }
    Ok(())
}

fn write_range<T: PartialEq + Copy>(
    f: &mut Formatter<'_>,
    range: &Range<T>,
    write_one: impl Fn(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    match (range.least, range.greatest) {
        (Some(least), Some(greatest)) if least == greatest => write_one(f, least),
        (Some(least), Some(greatest)) => {
            write_one(f, least)?;
            f.write_str("..")?;
            write_one(f, greatest)
        }
        (Some(least), None) => {
            f.write_str(">=")?;
            write_one(f, least)
        }
        (None, Some(greatest)) => {
            f.write_str("<=")?;
            write_one(f, greatest)
        }
        (None, None) => f.write_str(".."),
    }
}

/// The exact instant with `Z`, because a `+` in an address of the web is a blank.
fn write_time(f: &mut Formatter<'_>, at: Timestamp) -> fmt::Result {
    let exact = at.to_exact();
    let plain = exact.strip_suffix("+00:00").unwrap_or(&exact);
    write!(f, "{plain}Z")
}

fn write_network(f: &mut Formatter<'_>, network: &Network) -> fmt::Result {
    let width = if network.base.is_ipv4() { 32 } else { 128 };
    if network.prefix == width {
        ip::write(f, network.base)
    } else {
        network.fmt(f)
    }
}

fn write_word(f: &mut Formatter<'_>, word: &str) -> fmt::Result {
    if word.starts_with('-') || word.eq_ignore_ascii_case("or") {
        write_quoted(f, word)
    } else {
        write_exact(f, word)
    }
}

fn write_pattern(f: &mut Formatter<'_>, pattern: &Pattern) -> fmt::Result {
    let text = match pattern {
        Pattern::Exact(text) => return write_exact(f, text),
        Pattern::Wildcard(text) => text,
    };
    for part in text.split_inclusive(['*', '?']) {
        let literal = part.trim_end_matches(['*', '?']);
        if !literal.is_empty() {
            write_exact(f, literal)?;
        }
        f.write_str(part.get(literal.len()..).unwrap_or_default())?;
    }
    Ok(())
}

fn write_exact(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        f.write_str(text)
    } else {
        write_quoted(f, text)
    }
}

fn write_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
