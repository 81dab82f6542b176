//! Writes JSON texts without an intermediate value: the lists can be long.

use std::fmt::Write as _;

/// Appends `text` as a JSON string: compact escapes, everything beyond ASCII as it is.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // Every byte that needs an escape is ASCII, so that the cuts lie between characters.
        out.push_str(text.get(plain_from..at).unwrap_or_default());
        plain_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            _ => write!(out, "\\u{byte:04x}").expect("writing to a string cannot fail"),
        }
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
    out.push('"');
}

/// Appends a JSON string or `null`.
pub(crate) fn write_optional(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => write_string(out, text),
        None => out.push_str("null"),
    }
}

/// `text` as a JSON string.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::string;

    #[test]
    fn a_string_is_escaped_as_a_reader_expects_it() {
        for text in [
            "",
            "plain",
            "a\"b\\c/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}",
            "déjà vu \u{202e} 😀",
            "\"",
        ] {
            assert_eq!(string(text), serde_json::to_string(text).unwrap());
        }
    }
}
