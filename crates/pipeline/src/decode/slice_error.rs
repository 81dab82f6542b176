//! Why an answer as a whole cannot be read on.

use crate::quote::{quoted, quoted_beginning};

/// Characters of a text that is not JSON that the message shows.
const BEGINNING_CHARS_MAX: usize = 40;
/// Characters of a key that the message shows.
const KEY_CHARS_MAX: usize = 40;

/// An answer is not a complete JSON array of records. Records that were complete before the fault stay
/// available. Offsets count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// Nothing came.
    #[error("a JSON array is expected, but the answer is empty")]
    Empty,
    /// Something else came.
    #[error(
        "a JSON array is expected, but the answer is {found}{}",
        path_hint(found)
    )]
    NotAnArray {
        /// What came, for people.
        found: String,
    },
    /// There is no array at the configured path.
    #[error("no array of records at `{path}`: {place} is {found}")]
    NoRecords {
        /// The configured path.
        path: String,
        /// The part of the path that is there, for people.
        place: String,
        /// What is there, for people.
        found: String,
    },
    /// The configured path occurs twice; taking either array would lose the other's records.
    #[error("`{path}` occurs a second time at byte {at}")]
    RecordsTwice {
        /// The configured path.
        path: String,
        /// Where.
        at: u64,
    },
    /// The end came too early.
    #[error("the answer is cut off at byte {at}, after {}", complete(*records))]
    Truncated {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// `,]`.
    #[error("trailing comma before the end of the array at byte {at}, after {}", complete(*records))]
    TrailingComma {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// `,,` or `[,`.
    #[error("a record is missing before the comma at byte {at}, after {}", complete(*records))]
    MissingRecord {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// Two records without a comma between them.
    #[error("a comma between records is missing at byte {at}, after {}", complete(*records))]
    MissingComma {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// A closing bracket of the other kind.
    #[error("mismatched `{bracket}` at byte {at}, after {}", complete(*records))]
    MismatchedBracket {
        /// The bracket that came.
        bracket: char,
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// Something follows the end of the document.
    #[error("more data after the end at byte {at}, after {}", complete(*records))]
    TrailingData {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// The object around the array is not JSON.
    #[error("{expected} is expected at byte {at} of the object around the records")]
    Unexpected {
        /// What would have been right.
        expected: &'static str,
        /// Where.
        at: u64,
    },
    /// A body came empty.
    #[error("{BODY_FORMS} is expected, but the body is empty")]
    EmptyBody,
    /// A body is no records.
    #[error("{BODY_FORMS} is expected, but the body is {found}")]
    NotDocuments {
        /// What came, for people.
        found: String,
    },
    /// A comma, colon or closing bracket between the documents of a body.
    #[error("`{found}` between documents at byte {at}, after {}", complete(*records))]
    StrayByte {
        /// What came.
        found: char,
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
    /// A body ended too early.
    #[error("the body is cut off at byte {at}, after {}", complete(*records))]
    CutOff {
        /// Complete records before.
        records: u64,
        /// Where.
        at: u64,
    },
}

/// What a pushed body may be.
const BODY_FORMS: &str = "one JSON object, an array of objects, or one object after the other";

fn complete(records: u64) -> String {
    match records {
        1 => "1 complete record".to_owned(),
        count => format!("{count} complete records"),
    }
}

fn path_hint(found: &str) -> &'static str {
    if found.starts_with("an object") {
        " (if one of them holds the records, set its path as `records`)"
    } else {
        ""
    }
}

/// Names the keys of an object; `more` when there were more than are named.
pub(super) fn describe_object(keys: &[String], more: bool) -> String {
    if keys.is_empty() {
        return "an object without keys".to_owned();
    }
    let keys: Vec<String> = keys.iter().map(|key| quoted(key, KEY_CHARS_MAX)).collect();
    let more = if more { ", ..." } else { "" };
    format!("an object with keys {}{more}", keys.join(", "))
}

/// Says what a document is that begins with `head` and is no array and no object; `cut` when the
/// document is longer than that.
pub(super) fn describe_head(head: &[u8], cut: bool) -> String {
    let text = String::from_utf8_lossy(head);
    let trimmed = text.trim_end_matches([' ', '\t', '\r', '\n']);
    let word = match trimmed {
        "null" => "null",
        "true" => "true",
        "false" => "false",
        _ if trimmed.starts_with('"') => "a string",
        _ if is_number(trimmed) => "a number",
        _ => "",
    };
    if !word.is_empty() {
        return word.to_owned();
    }
    let shown = if cut {
        // The cut may have gone through a character.
        quoted_beginning(trimmed.trim_end_matches('\u{fffd}'), BEGINNING_CHARS_MAX)
    } else {
        quoted(trimmed, BEGINNING_CHARS_MAX)
    };
    format!("text that is not JSON, beginning {shown}")
}

/// Says what a value within an object is, by its first byte.
pub(super) fn describe_first(first: u8) -> &'static str {
    match first {
        b'{' => "an object",
        b'[' => "an array",
        b'"' => "a string",
        b'-' | b'0'..=b'9' => "a number",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        _ => "text that is not JSON",
    }
}

fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}
