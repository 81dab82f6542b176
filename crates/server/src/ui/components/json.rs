//! JSON as it was received: laid out in lines, its numbers and escapes untouched.

use maud::{Markup, html};
use serde_json::value::RawValue;

use crate::ui::text::visible;

/// Lines that are shown; the API has the whole.
const LINES_MAX: usize = 400;
/// Deeper values are not set in further.
const INDENTS_MAX: usize = 24;
/// Bytes that are shown of what is no text.
const HEX_BYTES_MAX: usize = 512;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    /// Where it begins.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Colon,
    Comma,
    Key,
    Text,
    Literal,
}

/// A member of an object: its key and its laid-out value.
pub(crate) struct Member {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Markup,
    /// The value as written.
    pub(crate) text: String,
}

/// Bytes of a record or a message, laid out if they are JSON, and in any case harmless.
pub(crate) fn json(bytes: &[u8]) -> Markup {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_json(text) => {
            html! { pre.json tabindex="0" role="region" aria-label="Record" { (lines(&tokens(text), 0)) } }
        }
        Ok(text) => html! {
            pre.json tabindex="0" role="region" aria-label="Record" {
                @for (index, line) in text.lines().take(LINES_MAX).enumerate() {
                    @if index > 0 { "\n" }
                    (visible(line))
                }
            }
        },
        Err(_) => {
            html! { pre.json tabindex="0" role="region" aria-label="Record" { (hex(bytes)) } }
        }
    }
}

/// The members of an object in their order; `None` for anything else.
pub(crate) fn members(bytes: &[u8]) -> Option<Vec<Member>> {
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| is_json(text))?;
    let tokens = tokens(text);
    if tokens.first()?.text != "{" {
        return None;
    }
    let mut members = Vec::new();
    let mut rest = tokens.get(1..)?;
    while let Some((key, after)) = rest.split_first().filter(|(key, _)| key.kind == Kind::Key) {
        let value = after.get(1..)?;
        let end = value_end(value);
        let (value, after) = value.split_at(end);
        let (first, last) = (value.first()?, value.last()?);
        members.push(Member {
            key: serde_json::from_str(key.text).ok()?,
            value: lines(value, 1),
            text: text.get(first.at..last.at + last.text.len())?.to_owned(),
        });
        rest = after.get(1..).unwrap_or_default();
    }
    Some(members)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// How many tokens the first value takes.
fn value_end(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// Cuts valid JSON into its pieces.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (kind, end) = match byte {
            b'{' | b'[' => (Kind::Open, at + 1),
            b'}' | b']' => (Kind::Close, at + 1),
            b',' => (Kind::Comma, at + 1),
            b':' => {
                if let Some(key) = tokens.last_mut() {
                    key.kind = Kind::Key;
                }
                (Kind::Colon, at + 1)
            }
            b'"' => (Kind::Text, string_end(bytes, at)),
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            _ => (Kind::Literal, literal_end(bytes, at)),
        };
        let text = text.get(at..end).unwrap_or_default();
        tokens.push(Token { kind, text, at });
        at = end;
    }
    tokens
}

fn string_end(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn literal_end(bytes: &[u8], begin: usize) -> usize {
    let after = bytes.get(begin..).unwrap_or_default();
    let length = after
        .iter()
        .position(|byte| b"{}[]:,\" \t\n\r".contains(byte));
    begin + length.unwrap_or(after.len()).max(1)
}

/// Lays tokens out; the first line is not set in.
fn lines(tokens: &[Token<'_>], indents: usize) -> Markup {
    let mut depth = indents;
    let mut count = 0;
    let mut out: Vec<(String, Token<'_>)> = Vec::with_capacity(tokens.len());
    let mut before = String::new();
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).map(|token| token.kind);
        let opened = index > 0
            && tokens
                .get(index - 1)
                .is_some_and(|last| last.kind == Kind::Open);
        if token.kind == Kind::Close {
            depth = depth.saturating_sub(1);
            if !opened {
                before = line_break(depth);
                count += 1;
            }
        }
        if count >= LINES_MAX {
            break;
        }
        out.push((std::mem::take(&mut before), *token));
        match token.kind {
            Kind::Open => {
                depth += 1;
                if next != Some(Kind::Close) {
                    before = line_break(depth);
                    count += 1;
                }
            }
            Kind::Comma => {
                before = line_break(depth);
                count += 1;
            }
            Kind::Colon => " ".clone_into(&mut before),
            _ => {}
        }
    }
    let cut = out.len() < tokens.len();
    html! {
        @for (before, token) in &out { (before) (piece(*token)) }
        @if cut { "\n…" }
    }
}

fn line_break(depth: usize) -> String {
    format!("\n{}", "  ".repeat(depth.min(INDENTS_MAX)))
}

fn piece(token: Token<'_>) -> Markup {
    let class = match token.kind {
        Kind::Key => "jk",
        Kind::Text => "js",
        Kind::Literal => "jn",
        _ => return html! { (token.text) },
    };
    html! { span class=(class) { (visible(token.text)) } }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.get(..HEX_BYTES_MAX).unwrap_or(bytes).chunks(16) {
        if !out.is_empty() {
            out.push('\n');
        }
        let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String = line
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '·',
            })
            .collect();
        let numbers = pairs.join(" ");
        out.push_str(&numbers);
        out.push_str(&" ".repeat(49 - numbers.len()));
        out.push_str(&shown);
    }
    if bytes.len() > HEX_BYTES_MAX {
        out.push_str("\n…");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of the markup.
    fn bare(markup: &Markup) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in markup.0.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out.replace("&quot;", "\"")
    }

    #[test]
    fn documents_are_laid_out_and_keep_their_wording() {
        let check = |text: &str, expected: &str| assert_eq!(bare(&json(text.as_bytes())), expected);
        check(
            r#"{"a":1.50,"b":[1,{"c":"x\u202e"}],"d":{},"e":[]}"#,
            "{\n  \"a\": 1.50,\n  \"b\": [\n    1,\n    {\n      \"c\": \"x\\u202e\"\n    }\n  ],\n  \"d\": {},\n  \"e\": []\n}",
        );
        check("12", "12");
        check("{\"a\": ", "{\"a\": ");
        check("\"a\\\"b\"", "\"a\\\"b\"");
        let shown = json("{\"<b>\":\"\u{202e}</pre>\"}".as_bytes()).0;
        assert!(
            shown.contains("&lt;b&gt;") && shown.contains("U+202E") && !shown.contains("\"</pre>")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        let shown = bare(&json(&[0xff, b'A', 0]));
        assert!(
            shown.starts_with("ff 41 00 ") && shown.ends_with("·A·"),
            "{shown}"
        );
        assert!(bare(&json(&[0xff; HEX_BYTES_MAX + 1])).ends_with('…'));
        assert!(!bare(&json(&[0xff; HEX_BYTES_MAX])).ends_with('…'));
    }

    #[test]
    fn long_documents_are_cut_at_the_limit() {
        let lines = |items: usize| {
            let text = format!("[{}0]", "0,".repeat(items - 1));
            bare(&json(text.as_bytes()))
        };
        assert!(!lines(LINES_MAX - 2).ends_with('…'));
        assert!(lines(LINES_MAX).ends_with('…'));
        assert!(bare(&json(&vec![b'['; 50_000])).len() < 60_000);
    }

    #[test]
    fn members_are_found_in_their_order() {
        let members = members(br#" {"b\"":{"x":[1,2]}, "a" : null} "#).unwrap();
        let found: Vec<(&str, &str)> = members
            .iter()
            .map(|member| (member.key.as_str(), member.text.as_str()))
            .collect();
        assert_eq!(found, [("b\"", r#"{"x":[1,2]}"#), ("a", "null")]);
        assert_eq!(
            bare(&members[0].value),
            "{\n    \"x\": [\n      1,\n      2\n    ]\n  }"
        );
        for other in ["[1]", "{", "", "3"] {
            assert!(super::members(other.as_bytes()).is_none(), "{other}");
        }
        assert!(super::members(b"{}").unwrap().is_empty());
    }
}
