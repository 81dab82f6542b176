//! JSON as Python's `json` module reads and writes it, because the recorded answers echo what it made of
//! a body: where an error lies and its words, `NaN` accepted, `1e-07` for a small number.

use std::fmt::Write as _;

/// Depth of nesting that is read.
const DEPTH_MAX: usize = 128;

/// A value as Python holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A whole number of any size, by its digits.
    Int(String),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    /// In the order of first appearance; the last value of a repeated key stays.
    Dict(Vec<(String, Value)>),
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadError {
    /// At a character, in Python's words.
    At(usize, &'static str),
    /// Python gives up, too.
    TooDeep,
}

/// The value holds `NaN` or an infinity, which no answer can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotFinite;

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Value, ReadError> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
    };
    reader.skip_blanks();
    let value = reader.value(DEPTH_MAX)?;
    reader.skip_blanks();
    if reader.at < reader.text.len() {
        return Err(ReadError::At(reader.at, "Extra data"));
    }
    Ok(value)
}

struct Reader {
    text: Vec<char>,
    /// Counted in characters, as Python counts.
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let found = self
            .text
            .get(self.at..end)
            .is_some_and(|found| found.iter().copied().eq(word.chars()));
        if found {
            self.at = end;
        }
        found
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, ReadError> {
        Err(ReadError::At(self.at, what))
    }

    fn value(&mut self, depth: usize) -> Result<Value, ReadError> {
        let depth = depth.checked_sub(1).ok_or(ReadError::TooDeep)?;
        match self.peek() {
            Some('"') => Ok(Value::Text(self.string()?)),
            Some('{') => self.dict(depth),
            Some('[') => self.list(depth),
            Some('-' | '0'..='9') => self.number(),
            _ if self.take("null") => Ok(Value::Null),
            _ if self.take("true") => Ok(Value::Bool(true)),
            _ if self.take("false") => Ok(Value::Bool(false)),
            _ if self.take("NaN") => Ok(Value::Float(f64::NAN)),
            _ if self.take("Infinity") => Ok(Value::Float(f64::INFINITY)),
            _ => self.fail("Expecting value"),
        }
    }

    fn number(&mut self) -> Result<Value, ReadError> {
        if self.take("-Infinity") {
            return Ok(Value::Float(f64::NEG_INFINITY));
        }
        let begin = self.at;
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            self.at = begin;
            return self.fail("Expecting value");
        }
        let mut is_float = false;
        let mut end = self.at;
        if self.take(".") && self.digits() > 0 {
            (is_float, end) = (true, self.at);
        }
        self.at = end;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if self.digits() > 0 {
                (is_float, end) = (true, self.at);
            }
        }
        self.at = end;
        let digits: String = self.text[begin..end].iter().collect();
        Ok(match digits.as_str() {
            "-0" => Value::Int("0".to_owned()),
            _ if is_float => Value::Float(digits.parse().expect("the digits form a number")),
            _ => Value::Int(digits),
        })
    }

    fn digits(&mut self) -> usize {
        let begin = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        self.at - begin
    }

    fn list(&mut self, depth: usize) -> Result<Value, ReadError> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_blanks();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_blanks();
            if self.take("]") {
                return Ok(Value::List(items));
            }
            if !self.take(",") {
                return self.fail("Expecting ',' delimiter");
            }
            self.skip_blanks();
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, ReadError> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        self.at += 1;
        self.skip_blanks();
        if self.take("}") {
            return Ok(Value::Dict(pairs));
        }
        loop {
            if self.peek() != Some('"') {
                return self.fail("Expecting property name enclosed in double quotes");
            }
            let key = self.string()?;
            self.skip_blanks();
            if !self.take(":") {
                return self.fail("Expecting ':' delimiter");
            }
            self.skip_blanks();
            let value = self.value(depth)?;
            match pairs.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => pairs.push((key, value)),
            }
            self.skip_blanks();
            if self.take("}") {
                return Ok(Value::Dict(pairs));
            }
            if !self.take(",") {
                return self.fail("Expecting ',' delimiter");
            }
            self.skip_blanks();
        }
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let begin = self.at;
        self.at += 1;
        // As UTF-16, so that a pair of escapes makes one character.
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(next) = self.peek() else {
                return Err(ReadError::At(begin, "Unterminated string starting at"));
            };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(String::from_utf16_lossy(&units));
                }
                '\\' => units.push(self.escape(begin)?),
                '\0'..='\x1f' => return self.fail("Invalid control character at"),
                _ => {
                    self.at += 1;
                    units.extend_from_slice(next.encode_utf16(&mut [0; 2]));
                }
            }
        }
    }

    fn escape(&mut self, begin: usize) -> Result<u16, ReadError> {
        let Some(letter) = self.text.get(self.at + 1) else {
            return Err(ReadError::At(begin, "Unterminated string starting at"));
        };
        let plain = match letter {
            '"' | '\\' | '/' => *letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(),
            _ => return self.fail("Invalid \\escape"),
        };
        self.at += 2;
        Ok(u16::try_from(u32::from(plain)).expect("these characters are ASCII"))
    }

    fn unicode_escape(&mut self) -> Result<u16, ReadError> {
        let digits = self.text.get(self.at + 2..self.at + 6).unwrap_or_default();
        let digits: String = digits
            .iter()
            .filter(|digit| digit.is_ascii_hexdigit())
            .collect();
        if digits.len() != 4 {
            return Err(ReadError::At(self.at + 1, "Invalid \\uXXXX escape"));
        }
        self.at += 6;
        Ok(u16::from_str_radix(&digits, 16).expect("four hexadecimal digits"))
    }
}

/// Writes a value without blanks.
pub(super) fn write(out: &mut String, value: &Value) -> Result<(), NotFinite> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(digits) => out.push_str(digits),
        Value::Float(value) if !value.is_finite() => return Err(NotFinite),
        Value::Float(value) => out.push_str(&float(*value)),
        Value::Text(text) => write_text(out, text),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item)?;
            }
            out.push(']');
        }
        Value::Dict(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write(out, value)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// A finite number as Python's `repr` writes it.
pub(super) fn float(value: f64) -> String {
    // Both languages write the shortest digits that read back and switch to exponents at the same sizes;
    // Python signs the exponent and gives it two digits.
    let shortest = format!("{value:?}");
    let Some((digits, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\x1f' => {
                write!(out, "\\u{:04x}", u32::from(letter)).expect("a string takes all");
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = String::new();
        write(&mut out, &read(text).unwrap()).unwrap();
        assert_eq!(out, expected, "{text}");
    }

    #[test]
    fn values_come_back_as_python_writes_them() {
        check(
            " { \"a\" : [ 1 , -0 , 2.0, null , true,false ] } ",
            r#"{"a":[1,0,2.0,null,true,false]}"#,
        );
        check("1e-7", "1e-07");
        check("0.0001", "0.0001");
        check("0.00001", "1e-05");
        check("1e30", "1e+30");
        check("1E+16", "1e+16");
        check("123456789012345680.0", "1.2345678901234568e+17");
        check("-1.5e-300", "-1.5e-300");
        check(
            "1000000000000000000000000000000",
            "1000000000000000000000000000000",
        );
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        check(
            r#""\u00e9\ud83d\ude00\/\n\u0001\"""#,
            "\"é😀/\\n\\u0001\\\"\"",
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_read_and_cannot_be_written() {
        for text in ["NaN", "Infinity", "-Infinity", "[1e999]"] {
            assert_eq!(
                write(&mut String::new(), &read(text).unwrap()),
                Err(NotFinite),
                "{text}"
            );
        }
    }

    #[test]
    fn errors_have_pythons_words_and_place() {
        for (text, at, what) in [
            ("hello", 0, "Expecting value"),
            ("  ", 2, "Expecting value"),
            ("{\"failure_rate\":", 16, "Expecting value"),
            ("{} {}", 3, "Extra data"),
            ("01", 1, "Extra data"),
            ("1.", 1, "Extra data"),
            ("-", 0, "Expecting value"),
            ("[1,]", 3, "Expecting value"),
            ("[1 2]", 3, "Expecting ',' delimiter"),
            (
                "{a:1}",
                1,
                "Expecting property name enclosed in double quotes",
            ),
            ("{\"a\" 1}", 5, "Expecting ':' delimiter"),
            ("{\"é\":\"x", 5, "Unterminated string starting at"),
            ("\"a\nb\"", 2, "Invalid control character at"),
            ("\"\\x\"", 1, "Invalid \\escape"),
            ("\"\\u12\"", 2, "Invalid \\uXXXX escape"),
        ] {
            assert_eq!(read(text), Err(ReadError::At(at, what)), "{text}");
        }
    }

    #[test]
    fn nesting_is_read_to_its_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(read(&nested(DEPTH_MAX + 1)), Err(ReadError::TooDeep));
    }
}
