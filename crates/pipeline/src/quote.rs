//! Received text shown in messages: short, on one line, nothing invisible.

use std::fmt::Write;

/// Characters of a received value that a message shows.
pub(crate) const SHOWN_CHARS_MAX: usize = 80;

/// The text in double quotes, at most `chars_max` characters of it and then `...`; quotes, control
/// characters and characters that turn or hide text are escaped.
pub(crate) fn quoted(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(chars_max) + 2);
    shown.push('"');
    write_shown(&mut shown, text, chars_max);
    shown.push('"');
    shown
}

/// The same without quotes, for numbers.
pub(crate) fn plain(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(chars_max));
    write_shown(&mut shown, text, chars_max);
    shown
}

/// The beginning of a longer text, in double quotes and with `...` at its end.
pub(crate) fn quoted_beginning(text: &str, chars_max: usize) -> String {
    let mut shown = quoted(text, chars_max);
    if text.chars().nth(chars_max).is_none() {
        shown.insert_str(shown.len() - 1, "...");
    }
    shown
}

fn write_shown(out: &mut String, text: &str, chars_max: usize) {
    for (index, letter) in text.chars().enumerate() {
        if index == chars_max {
            out.push_str("...");
            return;
        }
        write_char(out, letter).expect("writing to a string cannot fail");
    }
}

fn write_char(out: &mut String, letter: char) -> std::fmt::Result {
    match letter {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        _ if letter.is_control() || is_invisible(letter) => {
            write!(out, "\\u{:04x}", u32::from(letter))
        }
        _ => out.write_char(letter),
    }
}

/// Zero-width and direction characters: shown raw they would make a message lie.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_text_is_short_and_on_one_line() {
        assert_eq!(quoted("10.0.0.0/8", 80), r#""10.0.0.0/8""#);
        assert_eq!(
            quoted("a\n\u{0}\"\\\u{202e}", 80),
            r#""a\n\u0000\"\\\u202e""#
        );
        assert_eq!(quoted("ünïcode", 3), r#""ünï...""#);
        assert_eq!(quoted("abc", 3), r#""abc""#);
        assert_eq!(plain("12345", 2), "12...");
        assert_eq!(quoted_beginning("<html>", 40), r#""<html>...""#);
        assert_eq!(quoted_beginning("<html>", 2), r#""<h...""#);
    }
}
