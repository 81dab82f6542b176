//! Walks over the text of a query and takes names and values from it.

use std::net::Ipv6Addr;

use super::Fault;

/// What a blank outside quotes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// It ends a value: the text is a query.
    Ends,
    /// It belongs to the value, but for those around it: the text is the value of one parameter.
    Belongs,
}

#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    blank: Blank,
}

/// A value with its quotes resolved.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) text: String,
    /// Where it begins.
    pub(super) start: usize,
    /// Whether any part stood in quotes.
    pub(super) quoted: bool,
    /// The first `*` outside quotes.
    pub(super) star: Option<usize>,
    /// Whether a `?` stands outside quotes.
    pub(super) question: bool,
    /// Whether a `*` or `?` stands in quotes.
    pub(super) quoted_wildcard: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, blank: Blank) -> Self {
        Self {
            text,
            offset: 0,
            blank,
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the character if it is next.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.offset += wanted.len_utf8();
        }
        found
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_start().len();
    }

    /// Whether no more of the value follows.
    pub(super) fn is_at_end_of_value(&self) -> bool {
        match self.blank {
            Blank::Ends => self.peek().is_none_or(char::is_whitespace),
            Blank::Belongs => self.rest().trim_start().is_empty(),
        }
    }

    /// Takes a field name and its colon. A bare IPv6 address is a word in spite of its colons.
    pub(super) fn field_name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | '(' | ')'))?;
        let (name, after) = rest.split_at_checked(end)?;
        if !after.starts_with(':') {
            return None;
        }
        let run = rest.split(char::is_whitespace).next().unwrap_or_default();
        if run.parse::<Ipv6Addr>().is_ok() {
            return None;
        }
        self.offset += end + 1;
        Some(name)
    }

    /// Takes a value up to its end or the given separator.
    pub(super) fn value(&mut self, separator: Option<char>) -> Result<Value, Fault> {
        if self.blank == Blank::Belongs {
            self.skip_blanks();
        }
        let mut value = Value {
            text: String::new(),
            start: self.offset,
            quoted: false,
            star: None,
            question: false,
            quoted_wildcard: false,
        };
        // Blanks at the end of a parameter's value do not belong to it.
        let mut length = 0;
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    self.quoted(&mut value)?;
                    length = value.text.len();
                    continue;
                }
                '(' | ')' => return Err(parenthesis(next, self.offset)),
                _ if Some(next) == separator => break,
                _ if next.is_whitespace() && self.blank == Blank::Ends => break,
                '*' => {
                    value.star.get_or_insert(self.offset);
                }
                '?' => value.question = true,
                _ => {}
            }
            value.text.push(next);
            self.offset += next.len_utf8();
            if !next.is_whitespace() {
                length = value.text.len();
            }
        }
        value.text.truncate(length);
        Ok(value)
    }

    fn quoted(&mut self, value: &mut Value) -> Result<(), Fault> {
        let open = self.offset;
        value.quoted = true;
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((index, next)) = chars.next() {
            match next {
                '"' => {
                    self.offset = open + index + 1;
                    return Ok(());
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => value.text.push(escaped),
                    Some((_, other)) => {
                        return Err(Fault::new(
                            open + index,
                            format!("\"\\{other}\" is no escape: in quotes write \\\\ or \\\""),
                        ));
                    }
                    None => break,
                },
                _ => {
                    value.quoted_wildcard |= matches!(next, '*' | '?');
                    value.text.push(next);
                }
            }
        }
        Err(Fault::new(open, "the quotation mark is never closed"))
    }
}

fn parenthesis(found: char, offset: usize) -> Fault {
    Fault::new(
        offset,
        format!(
            "\"{found}\" has no meaning here, terms cannot be grouped: write the alternatives of one \
             field with commas, as in country:RU,CN, or ask two queries; to search for the \
             character, put the text in quotes"
        ),
    )
}
