//! Reads whole numbers as the original's validator reads them, and reports what it would report.

use crate::json;

/// Characters of a number's text; the original refuses longer ones.
const CHARS_MAX: usize = 4_300;

/// Why a text is no whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IntError {
    /// It is none.
    Parsing,
    /// It has too many digits.
    Size,
}

/// Reads blanks, a sign, digits with single underscores between them, and a fraction of zeros. Numbers
/// beyond 128 bits are held at the end of the range: they lie outside every bound.
pub(super) fn parse(text: &str) -> Result<i128, IntError> {
    if text.chars().count() > CHARS_MAX {
        return Err(IntError::Size);
    }
    let text = text.trim();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match rest.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return Err(IntError::Parsing),
        None => rest,
    };
    let mut value: i128 = 0;
    for group in digits.split('_') {
        if group.is_empty() {
            return Err(IntError::Parsing);
        }
        for byte in group.bytes() {
            if !byte.is_ascii_digit() {
                return Err(IntError::Parsing);
            }
            value = value
                .saturating_mul(10)
                .saturating_add(i128::from(byte - b'0'));
        }
    }
    Ok(if negative { -value } else { value })
}

/// A field that the validator refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid {
    /// The type's name.
    pub(super) kind: &'static str,
    /// Where: JSON texts of strings and numbers.
    pub(super) loc: Vec<String>,
    /// The message.
    pub(super) message: String,
    /// What came, as JSON.
    pub(super) input: String,
    /// The context as JSON, if there is one.
    pub(super) context: Option<String>,
}

/// `{"detail":[…]}` of all that is wrong.
pub(super) fn body(invalid: &[Invalid]) -> String {
    let mut out = String::from("{\"detail\":[");
    for (index, one) in invalid.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str("{\"type\":");
        json::write_string(&mut out, one.kind);
        out.push_str(",\"loc\":[");
        out.push_str(&one.loc.join(","));
        out.push_str("],\"msg\":");
        json::write_string(&mut out, &one.message);
        out.push_str(",\"input\":");
        out.push_str(&one.input);
        if let Some(context) = &one.context {
            out.push_str(",\"ctx\":");
            out.push_str(context);
        }
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// A whole number field with its bounds.
pub(super) struct IntField {
    /// Where it stands, as JSON texts.
    pub(super) loc: [&'static str; 2],
    /// The least value.
    pub(super) least: i128,
    /// The greatest value.
    pub(super) greatest: i128,
}

impl IntField {
    /// A field error.
    pub(super) fn invalid(&self, kind: &'static str, message: &str, input: String) -> Invalid {
        Invalid {
            kind,
            loc: self.loc.iter().map(|part| json::string(part)).collect(),
            message: message.to_owned(),
            input,
            context: None,
        }
    }

    /// The value of a text; `input` is what the report shows.
    pub(super) fn read(&self, text: &str) -> Result<i128, Invalid> {
        let input = json::string(text);
        match parse(text) {
            Ok(value) => self.bounded(value, input),
            Err(IntError::Parsing) => Err(self.invalid(
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
                input,
            )),
            Err(IntError::Size) => Err(self.too_long(input)),
        }
    }

    /// The report of a number with too many digits.
    pub(super) fn too_long(&self, input: String) -> Invalid {
        self.invalid(
            "int_parsing_size",
            "Unable to parse input string as an integer, exceeded maximum size",
            input,
        )
    }

    /// The value if it lies within the bounds.
    pub(super) fn bounded(&self, value: i128, input: String) -> Result<i128, Invalid> {
        let (kind, word, bound, name) = if value < self.least {
            ("greater_than_equal", "greater", self.least, "ge")
        } else if value > self.greatest {
            ("less_than_equal", "less", self.greatest, "le")
        } else {
            return Ok(value);
        };
        let message = format!("Input should be {word} than or equal to {bound}");
        let mut invalid = self.invalid(kind, &message, input);
        invalid.context = Some(format!("{{\"{name}\":{bound}}}"));
        Err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_form_of_the_original() {
        for (text, value) in [
            ("6", 6),
            ("+6", 6),
            (" 6 ", 6),
            ("\t6\n", 6),
            ("\u{a0}6\u{2003}", 6),
            ("6\u{85}", 6),
            ("1.0", 1),
            ("1.00", 1),
            ("007", 7),
            ("1_000", 1_000),
            ("0_0_1", 1),
            ("1_0.0", 10),
            ("-0", 0),
            ("-5", -5),
            ("+0007.000", 7),
            ("9223372036854775808", 1 << 63),
        ] {
            assert_eq!(parse(text), Ok(value), "{text:?}");
        }
        assert_eq!(parse(&"9".repeat(CHARS_MAX)), Ok(i128::MAX));
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            " ",
            "+",
            "-",
            "- 1",
            "+-1",
            "--1",
            "1.",
            ".0",
            "1.5",
            "1.0.0",
            "1.0_0",
            "1e3",
            "0x10",
            "_1",
            "1_",
            "1__0",
            "1_.0",
            "1 0",
            "\u{661}",
            "6\u{200b}",
            "\u{1c}6",
            "abc",
        ] {
            assert_eq!(parse(text), Err(IntError::Parsing), "{text:?}");
        }
        assert_eq!(parse(&"9".repeat(CHARS_MAX + 1)), Err(IntError::Size));
    }
}
