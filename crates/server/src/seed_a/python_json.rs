//! Reads JSON as the original's decoder reads it: the same values, the same messages, the same
//! positions. A validator's report shows the input again, so values keep how they were written.

mod number;
mod text;

use crate::json;

/// Levels of nesting; the original gives up somewhere below 1,000.
const DEPTH_MAX: usize = 500;

/// A decoded value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A whole number of any length, as its digits.
    Int(String),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    /// Keys in the order of their first appearance, values of their last.
    Object(Vec<(String, Value)>),
}

/// Why a text was not decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// It is no JSON: what is wrong, and at which character.
    Invalid {
        message: &'static str,
        position: usize,
    },
    /// It is too deep or has an absurd number; the original says only that it cannot read the body.
    Refused,
}

impl Value {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Writes it as the original's encoder does.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(digits) => out.push_str(digits),
            Self::Float(value) => number::write_float(out, *value),
            Self::Text(text) => json::write_string(out, text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    json::write_string(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// [`Value::write`] as a string.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// Decodes a whole text; a byte order mark before it is passed over.
pub(super) fn decode(text: &str) -> Result<Value, DecodeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
    };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.peek().is_some() {
        return Err(invalid("Extra data", reader.at));
    }
    Ok(value)
}

fn invalid(message: &'static str, position: usize) -> DecodeError {
    DecodeError::Invalid { message, position }
}

/// Positions count characters, not bytes.
struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = word
            .chars()
            .enumerate()
            .all(|(index, wanted)| self.chars.get(self.at + index) == Some(&wanted));
        if found {
            self.at += word.len();
        }
        found
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::Refused);
        }
        match self.peek() {
            Some('"') => self.string().map(Value::Text),
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            _ => self.word_or_number(),
        }
    }

    fn word_or_number(&mut self) -> Result<Value, DecodeError> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            if self.take_word(word) {
                return Ok(value);
            }
        }
        self.number()
    }

    fn list(&mut self, depth: usize) -> Result<Value, DecodeError> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take(']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(']') {
                return Ok(Value::List(items));
            }
            if !self.take(',') {
                return Err(invalid("Expecting ',' delimiter", self.at));
            }
            self.blanks();
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, DecodeError> {
        self.at += 1;
        let mut entries: Vec<(String, Value)> = Vec::new();
        self.blanks();
        if self.take('}') {
            return Ok(Value::Object(entries));
        }
        loop {
            if self.peek() != Some('"') {
                let message = "Expecting property name enclosed in double quotes";
                return Err(invalid(message, self.at));
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(':') {
                return Err(invalid("Expecting ':' delimiter", self.at));
            }
            self.blanks();
            let value = self.value(depth + 1)?;
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, place)) => *place = value,
                None => entries.push((key, value)),
            }
            self.blanks();
            if self.take('}') {
                return Ok(Value::Object(entries));
            }
            if !self.take(',') {
                return Err(invalid("Expecting ',' delimiter", self.at));
            }
            self.blanks();
        }
    }
}

#[cfg(test)]
mod tests;
