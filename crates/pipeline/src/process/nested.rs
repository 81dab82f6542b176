//! Objects and arrays within a record, written so that equal values are equal bytes.

use crate::decode::{Nul, unescape};

/// Appends what a nested value says, whatever the order of its keys, the blanks in it and the spelling of
/// its escapes. `text` is JSON that was checked: its depth is bounded, and so is the recursion.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    Walk { text, at: 0 }.value(out);
}

/// Appends the text of a string with its escapes undone.
pub(super) fn write_escaped(raw: &str, out: &mut Vec<u8>) {
    let mut text = String::with_capacity(raw.len());
    unescape(raw, Nul::Keep, &mut text);
    out.extend_from_slice(text.as_bytes());
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    fn value(&mut self, out: &mut Vec<u8>) {
        match self.next() {
            Some(b'{') => self.object(out),
            Some(b'[') => self.array(out),
            Some(b'"') => {
                out.push(b'"');
                let raw = self.string();
                sized(out, |out| write_escaped(raw, out));
            }
            _ => {
                out.push(b'=');
                let raw = self.plain();
                sized(out, |out| out.extend_from_slice(raw.as_bytes()));
            }
        }
    }

    fn object(&mut self, out: &mut Vec<u8>) {
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        self.at += 1;
        while self.next() == Some(b'"') {
            let (mut key, mut value) = (Vec::new(), Vec::new());
            write_escaped(self.string(), &mut key);
            self.skip(b':');
            self.value(&mut value);
            fields.push((key, value));
            self.skip(b',');
        }
        self.at += 1;
        fields.sort_unstable();
        out.push(b'{');
        out.extend_from_slice(&(fields.len() as u64).to_le_bytes());
        for (key, value) in fields {
            sized(out, |out| out.extend_from_slice(&key));
            out.extend_from_slice(&value);
        }
    }

    fn array(&mut self, out: &mut Vec<u8>) {
        self.at += 1;
        out.push(b'[');
        while !matches!(self.next(), None | Some(b']')) {
            self.value(out);
            self.skip(b',');
        }
        self.at += 1;
        out.push(b']');
    }

    /// The byte that begins what comes next.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn skip(&mut self, expected: u8) {
        if self.next() == Some(expected) {
            self.at += 1;
        }
    }

    /// The content of the string that begins here, as it is written.
    fn string(&mut self) -> &'a str {
        let begin = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = begin;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        self.text.get(begin..end).unwrap_or_default()
    }

    /// The number or word that begins here. It takes at least one byte, so that a walk always ends.
    fn plain(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |letter: char| matches!(letter, ',' | ']' | '}' | ' ' | '\t' | '\r' | '\n');
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end.max(1);
        rest.get(..end).unwrap_or_default()
    }
}

/// Appends something behind its length.
pub(super) fn sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let place = out.len();
    out.extend_from_slice(&[0; 8]);
    write(out);
    let length = (out.len() - place - 8) as u64;
    if let Some(room) = out.get_mut(place..place + 8) {
        room.copy_from_slice(&length.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write(text, &mut out);
        out
    }

    #[test]
    fn equal_values_are_equal_bytes_and_others_are_not() {
        let alike = [
            r#"{"a":[1,"x",{"b":null,"c":{}}],"d":"\u00e9/"}"#,
            "{ \"d\" : \"é\\/\" ,\n\"a\" :\t[ 1 , \"\\u0078\",{\"c\":{ },\"b\":null } ] }",
        ];
        assert_eq!(written(alike[0]), written(alike[1]));
        let different = [
            alike[0],
            "{}",
            "[]",
            "[[]]",
            "[[],[]]",
            "[{}]",
            "[1]",
            "[\"1\"]",
            "[1,2]",
            "[2,1]",
            "[12]",
            "[\"\"]",
            "[\"\",\"\"]",
            "[\"[\"]",
            "[null]",
            "[\"null\"]",
            "{\"a\":1}",
            "{\"a\":\"1\"}",
            "{\"a\":1,\"b\":2}",
            "{\"a\":2,\"b\":1}",
            "{\"a\":{\"b\":1}}",
            "{\"a\":{},\"b\":1}",
            "[\"\\\"\"]",
            "[\"\\\\\"]",
        ];
        for (index, one) in different.iter().enumerate() {
            for other in &different[..index] {
                assert_ne!(written(one), written(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn whatever_it_is_given_it_ends() {
        for text in [
            "", "{", "[", "\"", "{\"a\"", "[1", "}", "]", ",", "{\"a\":}", "[\"\\",
        ] {
            written(text);
        }
    }
}
