//! Finds the cursor of the next page in an answer while the answer arrives.

use super::slice_error::describe_first;
use super::unescape::{Nul, unescape};
use super::walk::{Walk, blanks};

/// Bytes of a key that are kept for comparison; a longer key matches no path.
const KEY_BYTES_MAX: usize = 1_024;

/// What an answer says about the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<'a> {
    /// There is no next page: the cursor is absent, null, false or empty.
    None,
    /// A text, or the digits of a number.
    Value(&'a str),
    /// Something else; this.
    Unusable(&'static str),
    /// A text beyond the limit.
    TooLong,
}

/// Where in the answer the finder is.
#[derive(Debug, Clone, Copy)]
enum Place {
    Start,
    Key,
    InKey(Walk),
    Colon,
    Value,
    Skip(Walk),
    Take(Walk),
    /// After the document, or in one that is no object.
    Over,
}

#[derive(Debug)]
enum Found {
    None,
    Value(String),
    Unusable(&'static str),
    TooLong,
}

/// Finds one value at a path of keys in a JSON object, fed in pieces of any size. Holds a key and a
/// value up to the limit. What is no JSON finds nothing: to refuse it is the slicer's part.
#[derive(Debug)]
pub struct CursorFinder {
    path: Vec<String>,
    bytes_max: usize,
    level: usize,
    place: Place,
    key: Vec<u8>,
    value: Vec<u8>,
    found: Found,
}

impl CursorFinder {
    /// Looks for the value at this path, of at most so many bytes.
    pub fn new(path: Vec<String>, bytes_max: usize) -> Self {
        Self {
            path,
            bytes_max,
            level: 0,
            place: Place::Start,
            key: Vec::new(),
            value: Vec::new(),
            found: Found::None,
        }
    }

    /// Takes the next piece of the answer.
    pub fn feed(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let taken = self.step(rest);
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// What was found; of a key that comes twice, the last.
    pub fn found(&self) -> Cursor<'_> {
        match &self.found {
            Found::None => Cursor::None,
            Found::Value(text) => Cursor::Value(text),
            Found::Unusable(what) => Cursor::Unusable(what),
            Found::TooLong => Cursor::TooLong,
        }
    }

    /// Consumes some of `rest`, which is not empty; when it consumes nothing, the place has moved.
    fn step(&mut self, rest: &[u8]) -> usize {
        match self.place {
            Place::InKey(mut walk) => {
                let walked = walk.advance(rest);
                keep(&mut self.key, rest, walked.taken, KEY_BYTES_MAX + 1);
                self.place = if walked.done {
                    Place::Colon
                } else {
                    Place::InKey(walk)
                };
                walked.taken
            }
            Place::Skip(mut walk) => {
                let walked = walk.advance(rest);
                self.place = if walked.done {
                    Place::Key
                } else {
                    Place::Skip(walk)
                };
                walked.taken
            }
            Place::Take(mut walk) => {
                let walked = walk.advance(rest);
                // Escaped, a byte may take six, and there are the quotes.
                let room = self.bytes_max.saturating_mul(6).saturating_add(3);
                keep(&mut self.value, rest, walked.taken, room);
                self.place = Place::Take(walk);
                if walked.done {
                    self.found = self.read();
                    self.place = Place::Key;
                }
                walked.taken
            }
            Place::Over => rest.len(),
            Place::Start | Place::Key | Place::Colon | Place::Value => self.between(rest),
        }
    }

    fn between(&mut self, rest: &[u8]) -> usize {
        let skipped = blanks(rest);
        let Some(&byte) = rest.get(skipped) else {
            return rest.len();
        };
        match (self.place, byte) {
            // The bytes of a byte-order mark.
            (Place::Start, 0xef | 0xbb | 0xbf) | (Place::Key, b',') => {}
            (Place::Start, b'{') => self.place = Place::Key,
            (Place::Key, b'"') => {
                self.key.clear();
                self.place = Place::InKey(Walk::begin(byte));
                return skipped;
            }
            (Place::Key, b'}') => match self.level.checked_sub(1) {
                Some(outer) => self.level = outer,
                None => self.place = Place::Over,
            },
            (Place::Colon, b':') => self.place = Place::Value,
            (Place::Value, _) => {
                self.place = self.value(byte);
                return skipped + usize::from(matches!(self.place, Place::Key));
            }
            _ => self.place = Place::Over,
        }
        skipped + 1
    }

    fn value(&mut self, first: u8) -> Place {
        let is_wanted = self.path.get(self.level).is_some_and(|key| self.is(key));
        let is_last = self.level + 1 == self.path.len();
        match (is_wanted, is_last, first) {
            // What cannot begin a value would never end.
            (_, _, b',' | b':' | b']' | b'}') => Place::Over,
            (true, true, _) => {
                self.value.clear();
                Place::Take(Walk::begin(first))
            }
            (true, false, b'{') => {
                self.level += 1;
                Place::Key
            }
            _ => Place::Skip(Walk::begin(first)),
        }
    }

    fn is(&self, key: &str) -> bool {
        if self.key.len() > KEY_BYTES_MAX {
            return false;
        }
        text(&self.key) == key
    }

    fn read(&self) -> Found {
        match self.value.as_slice() {
            b"null" | b"false" | [] => Found::None,
            [b'"', ..] => {
                let text = text(&self.value);
                match text.len() {
                    0 => Found::None,
                    len if len > self.bytes_max => Found::TooLong,
                    _ => Found::Value(text),
                }
            }
            [b'-' | b'0'..=b'9', ..] if self.value.len() > self.bytes_max => Found::TooLong,
            [b'-' | b'0'..=b'9', ..] => {
                Found::Value(String::from_utf8_lossy(&self.value).into_owned())
            }
            [first, ..] => Found::Unusable(describe_first(*first)),
        }
    }
}

fn keep(kept: &mut Vec<u8>, rest: &[u8], taken: usize, most: usize) {
    let room = most.saturating_sub(kept.len());
    kept.extend_from_slice(rest.get(..taken.min(room)).unwrap_or_default());
}

/// The text of a JSON string with its quotes.
fn text(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    let raw = raw.strip_prefix('"').unwrap_or(&raw);
    let mut text = String::new();
    unescape(raw.strip_suffix('"').unwrap_or(raw), Nul::Keep, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is found, whole and in pieces of each size.
    fn check(path: &str, body: &str, expected: Cursor<'_>) {
        for size in (1..=body.len()).rev() {
            let mut finder = finder(path, 16);
            for piece in body.as_bytes().chunks(size) {
                finder.feed(piece);
            }
            assert_eq!(finder.found(), expected, "{body} in pieces of {size}");
        }
    }

    fn finder(path: &str, bytes_max: usize) -> CursorFinder {
        CursorFinder::new(path.split('.').map(str::to_owned).collect(), bytes_max)
    }

    #[test]
    fn the_cursor_is_found_wherever_it_stands() {
        for body in [
            r#"{"next_cursor":"abc","alerts":[{"next_cursor":"no"}]}"#,
            r#"{"alerts":[{"next_cursor":"no"},"}\"{"],"next_cursor":"abc"}"#,
            "\u{feff} { \"a\" : {\"next_cursor\":1} , \"next_cursor\" : \"a\\u0062c\" } ",
            r#"{"next_cursor":"x","next_cursor":"abc"}"#,
            r#"{"n":1.5e3,"t":true,"next\u005fcursor":"abc"}"#,
        ] {
            check("next_cursor", body, Cursor::Value("abc"));
        }
        check(
            "a.b",
            r#"{"b":"no","a":{"c":{"b":"no"},"b":"yes"}}"#,
            Cursor::Value("yes"),
        );
        check("n", r#"{"n":42}"#, Cursor::Value("42"));
        check("n", r#"{"n":-7 ,"m":1}"#, Cursor::Value("-7"));
    }

    #[test]
    fn no_cursor_is_the_last_page() {
        for body in [
            r#"{"n":null}"#,
            r#"{"n":false}"#,
            r#"{"n":""}"#,
            r#"{"m":"x"}"#,
            r#"{"alerts":[{"n":"x"}]}"#,
            "{}",
            "[]",
            "null",
        ] {
            check("n", body, Cursor::None);
        }
        check("a.n", r#"{"a":null}"#, Cursor::None);
        check("a.n", r#"{"n":"x","a":[{"n":"x"}]}"#, Cursor::None);
    }

    #[test]
    fn what_is_no_cursor_is_named() {
        check("n", r#"{"n":{"x":1}}"#, Cursor::Unusable("an object"));
        check("n", r#"{"n":["x"]}"#, Cursor::Unusable("an array"));
        check("n", r#"{"n":true}"#, Cursor::Unusable("a boolean"));
    }

    #[test]
    fn a_cursor_at_the_limit_passes_and_one_byte_more_does_not() {
        let body = |len: usize| format!(r#"{{"n":"{}"}}"#, "x".repeat(len));
        check("n", &body(16), Cursor::Value(&"x".repeat(16)));
        for len in [17, 160] {
            check("n", &body(len), Cursor::TooLong);
        }
        check(
            "n",
            &format!(r#"{{"n":"{}"}}"#, "\\u0078".repeat(16)),
            Cursor::Value(&"x".repeat(16)),
        );
        check(
            "n",
            &format!(r#"{{"n":{}}}"#, "1".repeat(17)),
            Cursor::TooLong,
        );
    }

    proptest! {
        #[test]
        fn no_input_hangs_or_panics(
            body in proptest::collection::vec(proptest::sample::select(b"{}[]\",:n\\ 1t".to_vec()), 0..60),
            size in 1_usize..8,
        ) {
            let mut finder = finder("n", 16);
            for piece in body.chunks(size) {
                finder.feed(piece);
            }
            finder.found();
        }
    }
}
