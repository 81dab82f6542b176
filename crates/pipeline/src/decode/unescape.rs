//! Escapes of JSON strings undone.

/// What becomes of U+0000, which no store keeps in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nul {
    /// It stays: keys are only compared.
    Keep,
    /// It becomes U+FFFD: values are stored.
    Replace,
}

/// Appends the text of a JSON string (its quotes left out) to `out` and says whether it held U+0000.
/// A surrogate without its partner becomes U+FFFD. What is not an escape stays as it is, so that any
/// input has a result.
pub(crate) fn unescape(raw: &str, nul: Nul, out: &mut String) -> bool {
    let mut nul_seen = false;
    let mut rest = raw;
    while let Some(found) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(found);
        out.push_str(plain);
        let (letter, taken) = read_escape(escape.as_bytes());
        if letter == '\0' {
            nul_seen = true;
        }
        match (letter, nul) {
            ('\0', Nul::Replace) => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    nul_seen
}

/// The character of an escape and how many bytes it takes; `escape` begins with the backslash.
fn read_escape(escape: &[u8]) -> (char, usize) {
    let simple = match escape.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return read_unicode(escape),
        _ => return ('\\', 1),
    };
    (simple, 2)
}

fn read_unicode(escape: &[u8]) -> (char, usize) {
    let Some(first) = escape.get(2..6).and_then(hex4) else {
        return ('\\', 1);
    };
    if let Some(letter) = char::from_u32(first) {
        return (letter, 6);
    }
    if first < 0xdc00
        && escape.get(6..8) == Some(b"\\u")
        && let Some(second @ 0xdc00..=0xdfff) = escape.get(8..12).and_then(hex4)
        && let Some(letter) =
            char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    {
        return (letter, 12);
    }
    ('\u{fffd}', 6)
}

fn hex4(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &str, nul: bool) {
        let mut out = String::new();
        assert_eq!(unescape(raw, Nul::Replace, &mut out), nul, "{raw}");
        assert_eq!(out, expected, "{raw}");
    }

    #[test]
    fn every_escape_is_undone() {
        check("plain ünï", "plain ünï", false);
        check(r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t", false);
        check(r"a\u00e9\ud83d\ude00z", "aé😀z", false);
        check(r"x\u0000y", "x\u{fffd}y", true);
    }

    #[test]
    fn surrogates_without_partner_are_replaced() {
        check(r"\ud83d", "\u{fffd}", false);
        check(r"\ud83dx", "\u{fffd}x", false);
        check(r"\ud83d\n", "\u{fffd}\n", false);
        check(r"\ud83d\u0041", "\u{fffd}A", false);
        check(r"\ud83d\ud83d\ude00", "\u{fffd}😀", false);
        check(r"\ude00\ud83d", "\u{fffd}\u{fffd}", false);
    }

    #[test]
    fn what_is_no_escape_stays() {
        check(r"\", r"\", false);
        check(r"\x\u12", r"\x\u12", false);
        check("\\é", "\\é", false);
    }

    #[test]
    fn a_kept_nul_is_kept() {
        let mut out = String::new();
        assert!(unescape(r"\u0000", Nul::Keep, &mut out));
        assert_eq!(out, "\0");
    }
}
