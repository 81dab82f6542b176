//! Rust source without its comments and without what stands in its literals.

/// Replaces comments, and the insides of strings and characters, by blanks. Lines stay where they are;
/// the result is ASCII, so that every place in it is a valid boundary.
pub(crate) fn mask(source: &str) -> String {
    let mut masker = Masker {
        bytes: source.as_bytes(),
        at: 0,
        out: String::with_capacity(source.len()),
    };
    while let Some(byte) = masker.peek(0) {
        match (byte, masker.peek(1)) {
            (b'/', Some(b'/')) => masker.hide_until(|rest| rest.starts_with(b"\n")),
            (b'/', Some(b'*')) => masker.block_comment(),
            (b'"', _) => masker.string(),
            (b'\'', _) => masker.quote(),
            (b'_' | b'a'..=b'z' | b'A'..=b'Z', _) => masker.raw_string_or_word(),
            _ => masker.keep(),
        }
    }
    masker.out
}

struct Masker<'a> {
    bytes: &'a [u8],
    at: usize,
    out: String,
}

impl Masker<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn keep(&mut self) {
        if let Some(byte) = self.peek(0) {
            self.out.push(if byte.is_ascii() {
                char::from(byte)
            } else {
                '_'
            });
            self.at += 1;
        }
    }

    fn hide(&mut self) {
        if let Some(byte) = self.peek(0) {
            self.out.push(if byte == b'\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn hide_until(&mut self, end: impl Fn(&[u8]) -> bool) {
        while !self.rest().is_empty() && !end(self.rest()) {
            self.hide();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            if self.rest().starts_with(b"/*") {
                depth += 1;
                self.hide();
            } else if self.rest().starts_with(b"*/") {
                depth -= 1;
                self.hide();
            }
            self.hide();
            if depth == 0 || self.rest().is_empty() {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => return self.keep(),
                b'\\' => {
                    self.hide();
                    self.hide();
                }
                _ => self.hide(),
            }
        }
    }

    /// A character is hidden; the tick of a lifetime or a label stays.
    fn quote(&mut self) {
        self.keep();
        if self.peek(0) == Some(b'\\') {
            self.hide();
            self.hide();
            self.hide_until(|rest| rest.starts_with(b"'"));
            return self.keep();
        }
        let letter = std::str::from_utf8(self.rest().get(..4).unwrap_or(self.rest()));
        let letter = letter.or_else(|error| {
            let valid = self.rest().get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid)
        });
        let width = letter.ok().and_then(|text| text.chars().next());
        let width = width.map_or(1, char::len_utf8);
        if self.peek(width) == Some(b'\'') {
            (0..width).for_each(|_| self.hide());
            self.keep();
        }
    }

    fn raw_string_or_word(&mut self) {
        let rest = self.rest();
        let prefix = usize::from(matches!(rest.first(), Some(b'b' | b'c')));
        let behind = rest.get(prefix + 1..).unwrap_or_default();
        let hashes = behind.iter().take_while(|byte| **byte == b'#').count();
        if rest.get(prefix) != Some(&b'r') || behind.get(hashes) != Some(&b'"') {
            return self.word();
        }
        (0..=prefix + hashes).for_each(|_| self.hide());
        self.keep();
        let mut end = vec![b'"'];
        end.resize(hashes + 1, b'#');
        self.hide_until(|rest| rest.starts_with(&end));
        self.keep();
        (0..hashes).for_each(|_| self.hide());
    }

    /// Keeps a whole word, so that the `r` at its end begins no raw string.
    fn word(&mut self) {
        while self
            .peek(0)
            .is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        {
            self.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        assert_eq!(mask(source), expected, "{source}");
    }

    #[test]
    fn comments_are_hidden() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check("/// doc\nfn a() {}", "       \nfn a() {}");
    }

    #[test]
    fn strings_are_hidden() {
        check(r#"a("b\"c") d"#, r#"a("    ") d"#);
        check("r#\"b\"c\"# d", "  \"   \"  d");
        check("br\"b\\\" d", "  \"  \" d");
        check("b\"b\" d", "b\" \" d");
        check("\"a\nb\"", "\" \n \"");
    }

    #[test]
    fn characters_are_hidden_and_lifetimes_stay() {
        check("'\"' 'a &'a str", "' ' 'a &'a str");
        check(r"'\'' '\n' b'x'", "'  ' '  ' b' '");
        check("'ä' 'x", "'  ' 'x");
    }

    #[test]
    fn words_that_look_like_raw_strings_stay() {
        check("r#type for\"x\"", "r#type for\" \"");
        check("bar\"x\"", "bar\" \"");
    }
}
