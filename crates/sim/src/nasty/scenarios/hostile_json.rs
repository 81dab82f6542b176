//! Records that are hardly JSON, or none at all.

use bytes::Bytes;

use crate::nasty::alert::{Alert, Form, text};
use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

/// A mark for bytes that are no text.
const MARK: &str = "@@";
/// Nesting of the deepest records.
const DEPTH: usize = 50_000;

/// Values of a field that nobody knows, and why the record cannot be used; `None` if it can.
fn values() -> Vec<(String, Option<&'static str>)> {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    };
    let keys = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|key| format!("\"k{key}\":{key}")).collect();
        format!("{{{}}}", pairs.join(","))
    };
    let long = |bytes: usize| text(&"x".repeat(bytes));
    let digits = "9".repeat(400);
    let mut values = vec![
        (nested("[", "]", 63), None),
        (nested("[", "]", 64), Some("too_deep")),
        (nested("[", "]", DEPTH), Some("too_deep")),
        (nested("{\"a\":", "}", DEPTH), Some("too_deep")),
        (nested("[{\"a\":", "}]", DEPTH / 2), Some("too_deep")),
        (keys(256), None),
        (keys(257), Some("too_many_keys")),
        (long(256 << 10), None),
        (long((256 << 10) + 1), Some("string_too_long")),
        (
            format!("[{}]", [long(200 << 10), long(200 << 10)].join(",")),
            None,
        ),
        (
            format!("[{}]", vec![long(200 << 10); 6].join(",")),
            Some("record_too_large"),
        ),
        (digits.clone(), Some("number_out_of_range")),
        (format!("-{digits}.5"), Some("number_out_of_range")),
        ("9".repeat(300), None),
        (format!("0.{digits}"), None),
        ("\"\\u0000\\ud800\\udc00\\udfff\"".to_owned(), None),
        ("\"\u{2028}\u{feff}\u{10ffff}\"".to_owned(), None),
    ];
    let taken = [
        "1e308",
        "1E-999999",
        "-0",
        "-0.0",
        "0e0",
        "18446744073709551616",
    ];
    values.extend(taken.map(|value| (value.to_owned(), None)));
    for value in ["1e309", "-1e400", "1e999999999999999999999"] {
        values.push((value.to_owned(), Some("number_out_of_range")));
    }
    for value in INVALID {
        values.push((value.to_owned(), Some("invalid_json")));
    }
    values
}

/// Values that JSON does not have.
const INVALID: [&str; 33] = [
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "None",
    "True",
    "nul",
    "0x10",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "1_000",
    "--1",
    "-",
    "1 2",
    "\"a\" \"b\"",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\":1,}",
    "{\"a\"}",
    "{a:1}",
    "{\"a\":1 \"b\":2}",
    "{1:1}",
    "'a'",
    "\"\\x41\"",
    "\"\\u12g4\"",
    "\"\\ \"",
    "\"\n\"",
    "\"\0\"",
    "/* nothing */ 1",
];

/// Bytes within a text that are no UTF-8.
const NO_TEXT: [&[u8]; 8] = [
    b"\xff\xfe",
    b"\x80",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xe2\x82",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"a\xe9b",
];

/// Things that are no object, and what they are.
const NO_OBJECT: [(&str, &str); 9] = [
    ("null", "not_an_object"),
    ("true", "not_an_object"),
    ("-1.5e3", "not_an_object"),
    ("\"text\"", "not_an_object"),
    ("[]", "not_an_object"),
    ("[[[]]]", "not_an_object"),
    ("{}", "missing_field"),
    ("{\"\":{}}", "missing_field"),
    ("truefalse", "invalid_json"),
];

/// Texts as they are written, and as they must be stored.
const TEXTS: [(&str, &str); 8] = [
    (r"a\u0000b", "a\u{fffd}b"),
    (r"\ud800", "\u{fffd}"),
    (r"\udc00\ud800x", "\u{fffd}\u{fffd}x"),
    (r"\ud83d\ude00\udbff", "\u{1f600}\u{fffd}"),
    (r"\u0053een \/ \b\f", "Seen / \u{8}\u{c}"),
    (r"\u007f\u0085\u2028\uffff", "\u{7f}\u{85}\u{2028}\u{ffff}"),
    ("\u{feff}\u{202e}", "\u{feff}\u{202e}"),
    ("", ""),
];

struct Script<'a> {
    cast: &'a mut Cast,
    book: Book,
}

impl Script<'_> {
    fn alert(&mut self) -> Alert {
        let at = self.cast.before(20);
        self.cast.alert(at).of_source("firewall")
    }

    fn form(&mut self) -> Form {
        self.alert().form()
    }

    fn spoil(&mut self, raw: impl Into<Bytes>, reason: &'static str) {
        let at = self.cast.before(21);
        self.book.spoil(at, raw, reason);
    }
}

pub(in crate::nasty) fn hostile_json(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 10);
    let mut script = Script { cast, book };
    for (value, reason) in values() {
        let alert = script.alert();
        let json = alert.form().with("extra", &value).json();
        match reason {
            None => script.book.tell_as(&alert, &json),
            Some(reason) => script.spoil(json, reason),
        }
    }
    for bytes in NO_TEXT {
        let form = script.form().with("description", &format!("\"{MARK}\""));
        script.spoil(form.bytes(MARK, bytes), "invalid_utf8");
    }
    for (raw, reason) in NO_OBJECT {
        script.spoil(raw, reason);
    }
    for (written, meant) in TEXTS {
        let alert = script.alert().saying(meant);
        let json = alert.form().with("description", &format!("\"{written}\""));
        script.book.tell_as(&alert, &json.json());
    }
    // A key that is spelled with an escape is the same key.
    let alert = script.alert();
    let json = alert.json().replace("\"severity\"", "\"s\\u0065verity\"");
    script.book.tell_as(&alert, &json);
    let mut play = Play::of(script.book);
    play.is_unchanging = true;
    play
}

pub(in crate::nasty) fn duplicate_keys(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 10);
    let mut script = Script { cast, book };
    let twice = [
        "\"severity\":\"low\",\"severity\":\"high\"",
        "\"severity\":\"high\",\"severity\":\"high\"",
        "\"severity\":\"high\",\"s\\u0065verity\":\"low\"",
        "\"\\u0073everity\":\"high\",\"\\u0073everity\":\"low\"",
        "\"severity\":\"high\",\"x\":{\"a\":1,\"a\":2}",
        "\"severity\":\"high\",\"x\":[[{\"\":1,\"\":1}]]",
        "\"severity\":\"high\",\"id\":\"another\"",
    ];
    for twice in twice {
        let json = script.form().with("severity", "@").json();
        let json = json.replace("\"severity\":@", twice);
        script.spoil(json, "duplicate_key");
    }
    // Keys that only look alike are different.
    let alert = script.alert();
    let json = alert.json().replace(
        "\"severity\"",
        "\"Severity\":\"low\",\"severity \":\"low\",\"severity\"",
    );
    script.book.tell_as(&alert, &json);
    Play::of(script.book)
}
