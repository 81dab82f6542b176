//! Reads the query language.
//!
//! Terms stand side by side and all must hold; `-` before one negates it. `field:value` tests a field, a
//! comma means "or", `field:` alone asks whether it has a value, and a bare word is searched for.
//! Quotes take what would otherwise end a value (a blank, a comma, a parenthesis) and turn the meaning
//! of `*` and `?` off; they may surround a part of a value: `user:"J. "*`.
//!
//! A value of an ordered field stands alone, after `>=`, `>`, `<=` or `<`, or is a range `a..b` with an
//! end that may be left open. A date means its whole day in UTC: `>=` counts from its beginning and `<=`
//! to its end.

mod cursor;
mod value;

#[cfg(test)]
mod tests;

use cursor::{Blank, Cursor, Value};

use super::field::{Field, TimeField};
use super::filter::{Filter, Range, Term, Test};
use crate::Timestamp;

/// Bytes of one query, or of the value of one parameter.
pub const QUERY_BYTES_MAX: usize = 4 << 10;
/// Terms of one query.
pub const TERMS_MAX: usize = 32;
/// Alternatives of one term.
pub const ALTERNATIVES_MAX: usize = 100;

/// A query that cannot be understood: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// The parameter or `q`.
    pub parameter: String,
    /// Byte offset within it.
    pub offset: usize,
}

/// Reads a time as queries write it, for parameters of other things than alerts: `now`, `-6h`, an RFC 3339
/// instant, or a date, which is its midnight.
pub fn parse_instant(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, QueryError> {
    let instant = value::instant(text, 0, now).map_err(|fault| fault.of_parameter(name))?;
    Ok(instant.0)
}

impl Filter {
    /// Reads a query. Relative times count from `now`; an empty text matches everything.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, QueryError> {
        parse_query(text, now).map_err(|fault| fault.of_parameter("q"))
    }

    /// Reads the value of a parameter that bears a field's name: what may stand after `name:` in a query,
    /// where blanks need no quotes, with a leading `-` to negate. For times `-6h` is a time and not a
    /// negation; `from` and `to` cannot be negated.
    pub fn parse_parameter(name: &str, value: &str, now: Timestamp) -> Result<Term, QueryError> {
        parse_parameter(name, value, now).map_err(|fault| fault.of_parameter(name))
    }

    /// Whether [`Filter::parse_parameter`] knows the name.
    pub fn is_parameter(name: &str) -> bool {
        Name::find(name).is_some()
    }
}

/// What is wrong and at which byte.
#[derive(Debug)]
struct Fault {
    offset: usize,
    message: String,
}

impl Fault {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { offset, message }
    }

    fn of_parameter(self, parameter: &str) -> QueryError {
        QueryError {
            message: self.message,
            parameter: parameter.to_owned(),
            offset: self.offset,
        }
    }
}

/// What may stand before a colon.
#[derive(Debug, Clone, Copy)]
enum Name {
    Field(Field),
    From,
    To,
}

impl Name {
    const BOUNDS: [(&str, Self); 2] = [("from", Self::From), ("to", Self::To)];

    fn find(name: &str) -> Option<Self> {
        Field::named(name).map(Self::Field).or_else(|| {
            Self::BOUNDS
                .into_iter()
                .find(|(known, _)| *known == name)
                .map(|(_, bound)| bound)
        })
    }

    fn known() -> Vec<&'static str> {
        let fields = Field::NAMES.into_iter().map(|(name, _)| name);
        let bounds = Self::BOUNDS.into_iter().map(|(name, _)| name);
        fields.chain(bounds).collect()
    }

    fn require(name: &str, offset: usize) -> Result<Self, Fault> {
        Self::find(name).ok_or_else(|| Fault::new(offset, unknown_field(name)))
    }
}

fn unknown_field(name: &str) -> String {
    let known = Name::known();
    let list = known.join(", ");
    let shown = shown(name);
    match nearest(name, &known) {
        Some(near) => {
            format!("unknown field {shown}: did you mean \"{near}\"? Known fields: {list}")
        }
        None => format!(
            "unknown field {shown}. Known fields: {list}. A word that holds \":\" needs quotes"
        ),
    }
}

/// The known name that was probably meant: one that begins or ends with what was written, or one that
/// few edits lead to.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let length = name.chars().count();
    if !(1..=32).contains(&length) {
        return None;
    }
    let part = known
        .iter()
        .copied()
        .find(|known| length > 1 && (known.starts_with(&name) || known.ends_with(&name)));
    let edits = |candidate: &&str| strsim::damerau_levenshtein(&name, candidate);
    part.or_else(|| {
        known
            .iter()
            .copied()
            .min_by_key(edits)
            .filter(|candidate| edits(candidate) <= (length / 3).max(1))
    })
}

/// A text in quotes for a message, cut to a length that can be read.
fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("\"{}...\"", text.get(..end).unwrap_or_default()),
        None => format!("\"{text}\""),
    }
}

fn check_length(what: &str, text: &str) -> Result<(), Fault> {
    if text.len() <= QUERY_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "the {what} is {} bytes long, at most {QUERY_BYTES_MAX} are allowed",
        text.len()
    );
    Err(Fault::new(QUERY_BYTES_MAX, message))
}

fn parse_query(text: &str, now: Timestamp) -> Result<Filter, Fault> {
    check_length("query", text)?;
    let mut cursor = Cursor::new(text, Blank::Ends);
    let mut terms = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.peek().is_none() {
            return Ok(Filter { terms });
        }
        if terms.len() == TERMS_MAX {
            let message = format!("the query has more than {TERMS_MAX} terms");
            return Err(Fault::new(cursor.offset(), message));
        }
        terms.push(parse_term(&mut cursor, now)?);
    }
}

fn parse_parameter(name: &str, value: &str, now: Timestamp) -> Result<Term, Fault> {
    let name = Name::require(name, 0)?;
    check_length("value", value)?;
    let mut cursor = Cursor::new(value, Blank::Belongs);
    cursor.skip_blanks();
    let negated = match name {
        Name::From | Name::To => false,
        Name::Field(Field::Time(_)) if value::begins_relative(cursor.rest()) => false,
        Name::Field(_) => cursor.take('-'),
    };
    let test = parse_test(name, &mut cursor, now)?;
    Ok(Term { negated, test })
}

fn parse_term(cursor: &mut Cursor<'_>, now: Timestamp) -> Result<Term, Fault> {
    let start = cursor.offset();
    let negated = cursor.take('-');
    if negated && cursor.is_at_end_of_value() {
        return Err(Fault::new(
            start,
            "\"-\" negates the term that follows it without a blank, and none does",
        ));
    }
    let offset = cursor.offset();
    let test = match cursor.field_name() {
        Some("") => {
            return Err(Fault::new(
                offset,
                "a field name is missing before \":\"; a word that holds \":\" needs quotes",
            ));
        }
        Some(name) => parse_test(Name::require(name, offset)?, cursor, now)?,
        None => word(cursor.value(None)?)?,
    };
    Ok(Term { negated, test })
}

fn word(value: Value) -> Result<Test, Fault> {
    if !value.quoted && value.text.eq_ignore_ascii_case("or") {
        return Err(Fault::new(
            value.start,
            "\"or\" is not an operator: write the alternatives of one field with commas, as in \
             country:RU,CN, or ask two queries; to search for the word, put it in quotes",
        ));
    }
    if value.text.is_empty() {
        return Err(Fault::new(value.start, "the word to search for is empty"));
    }
    if let Some(star) = value.star {
        return Err(Fault::new(
            star,
            "a word is found anywhere in a text and takes no \"*\"; to search for the character, \
             put the word in quotes",
        ));
    }
    Ok(Test::Word(value.text))
}

/// Reads what stands after the colon.
fn parse_test(name: Name, cursor: &mut Cursor<'_>, now: Timestamp) -> Result<Test, Fault> {
    let start = cursor.offset();
    let values = alternatives(cursor)?;
    match name {
        Name::From => {
            let (least, _) = bound("from", start, &values, now)?;
            Ok(ingested(Some(least), None))
        }
        Name::To => {
            let (_, greatest) = bound("to", start, &values, now)?;
            Ok(ingested(None, Some(greatest)))
        }
        Name::Field(field) if values.is_empty() => Ok(Test::Present(field)),
        Name::Field(Field::Severity) => {
            value::each(&values, |value| value::range(value, now)).map(Test::Severity)
        }
        Name::Field(Field::Text(field)) => {
            value::each(&values, |value| value::pattern(field, value))
                .map(|patterns| Test::Text(field, patterns))
        }
        Name::Field(Field::Address(field)) => {
            value::each(&values, value::network).map(|networks| Test::Address(field, networks))
        }
        Name::Field(Field::Time(field)) => value::each(&values, |value| value::range(value, now))
            .map(|ranges| Test::Time(field, ranges)),
    }
}

fn alternatives(cursor: &mut Cursor<'_>) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::new();
    if cursor.is_at_end_of_value() {
        return Ok(values);
    }
    loop {
        if values.len() == ALTERNATIVES_MAX {
            let message = format!("a term has more than {ALTERNATIVES_MAX} alternatives");
            return Err(Fault::new(cursor.offset(), message));
        }
        let value = cursor.value(Some(','))?;
        if value.text.is_empty() && !value.quoted {
            return Err(Fault::new(
                value.start,
                "a value is missing beside \",\"; a value that holds \",\" needs quotes",
            ));
        }
        values.push(value);
        if !cursor.take(',') {
            return Ok(values);
        }
    }
}

fn bound(
    name: &str,
    start: usize,
    values: &[Value],
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Fault> {
    match values {
        [] => Err(Fault::new(
            start,
            format!("\"{name}\" needs a time: {}", value::TIME_FORMS),
        )),
        [one] => value::instant(&one.text, one.start, now),
        [_, second, ..] => Err(Fault::new(
            second.start,
            format!("\"{name}\" takes one time, not several"),
        )),
    }
}

fn ingested(least: Option<Timestamp>, greatest: Option<Timestamp>) -> Test {
    Test::Time(TimeField::IngestedAt, vec![Range { least, greatest }])
}
