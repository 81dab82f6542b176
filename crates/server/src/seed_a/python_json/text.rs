//! Strings and their escapes.

use super::{DecodeError, Reader, invalid};

impl Reader {
    /// Reads a string whose opening quote is next.
    pub(super) fn string(&mut self) -> Result<String, DecodeError> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else {
                return Err(invalid("Unterminated string starting at", begin));
            };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape(begin)?),
                control if (control as u32) < 0x20 => {
                    return Err(invalid("Invalid control character at", self.at));
                }
                plain => {
                    text.push(plain);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, begin: usize) -> Result<char, DecodeError> {
        let backslash = self.at;
        self.at += 1;
        let Some(letter) = self.peek() else {
            return Err(invalid("Unterminated string starting at", begin));
        };
        if letter == 'u' {
            return self.unicode();
        }
        self.at += 1;
        Ok(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => return Err(invalid("Invalid \\escape", backslash)),
        })
    }

    /// The `u` of an escape is next. Halves of a pair that stand alone become U+FFFD.
    fn unicode(&mut self) -> Result<char, DecodeError> {
        let first = self.four_digits()?;
        if (0xd800..0xdc00).contains(&first) {
            let rest = self.at;
            if self.take_word("\\") && self.peek() == Some('u') {
                let second = self.four_digits()?;
                if (0xdc00..0xe000).contains(&second) {
                    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
            self.at = rest;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, DecodeError> {
        let letter = self.at;
        let mut code = 0;
        for index in 1..=4 {
            let digit = self
                .chars
                .get(letter + index)
                .and_then(|c| c.to_digit(16))
                .ok_or_else(|| invalid("Invalid \\uXXXX escape", letter))?;
            code = code * 16 + digit;
        }
        self.at = letter + 5;
        Ok(code)
    }
}
