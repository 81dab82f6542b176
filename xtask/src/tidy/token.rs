//! Rust source as a list of words and signs.

use super::mask::mask;

/// A word, a number or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// Whether it belongs to tests.
    pub(crate) test: bool,
}

impl Token {
    pub(crate) fn is_word(&self) -> bool {
        self.text
            .starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
    }
}

/// Signs that are read as one.
const WIDE: [&str; 3] = ["::", "->", "=>"];

/// Cuts source into tokens; those of `#[cfg(test)]` items are marked.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = cut(&mask(source));
    mark_tests(&mut tokens);
    tokens
}

fn cut(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
            let name = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let width = match WIDE.iter().find(|wide| rest.starts_with(**wide)) {
                Some(wide) => wide.len(),
                None => name.max(1),
            };
            let (text, behind) = rest.split_at(width);
            tokens.push(Token {
                text: text.to_owned(),
                line: index + 1,
                test: false,
            });
            rest = behind.trim_start();
        }
    }
    tokens
}

fn mark_tests(tokens: &mut [Token]) {
    let mut at = 0;
    while at < tokens.len() {
        let end = if is_test_attribute(tokens, at) {
            end_of_item(tokens, at)
        } else {
            at
        };
        let marked = tokens.iter_mut().take(end).skip(at);
        marked.for_each(|token| token.test = true);
        at = end.max(at + 1);
    }
}

/// Whether `#[cfg(test)]` or `#[test]` stands there.
fn is_test_attribute(tokens: &[Token], at: usize) -> bool {
    starts_with(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"])
        || starts_with(tokens, at, &["#", "[", "test", "]"])
}

/// Where the item behind an attribute ends: after its braces or its semicolon.
fn end_of_item(tokens: &[Token], attribute: usize) -> usize {
    let mut at = attribute;
    while starts_with(tokens, at, &["#", "["]) {
        at = close_of(tokens, at + 1) + 1;
    }
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            ";" => return at + 1,
            "{" => return close_of(tokens, at) + 1,
            "(" | "[" => at = close_of(tokens, at) + 1,
            _ => at += 1,
        }
    }
    tokens.len()
}

/// Whether these texts stand there, one after another.
pub(crate) fn starts_with(tokens: &[Token], at: usize, texts: &[&str]) -> bool {
    let there = tokens.get(at..at + texts.len()).unwrap_or_default();
    there.len() == texts.len()
        && there
            .iter()
            .zip(texts)
            .all(|(token, text)| token.text == *text)
}

/// The place of the bracket that closes the one at `open`; the end if there is none.
pub(crate) fn close_of(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// The first words of what stands at `at`: one for `x::y`, several for `{x, y::z}`; what names the
/// place itself (`self`, `*`) is no word.
pub(crate) fn first_words(tokens: &[Token], at: usize) -> Vec<&Token> {
    let Some(first) = tokens.get(at) else {
        return Vec::new();
    };
    if first.text != "{" {
        return if first.is_word() {
            vec![first]
        } else {
            Vec::new()
        };
    }
    let (end, mut at, mut words) = (close_of(tokens, at), at + 1, Vec::new());
    while at < end {
        if let Some(word) = tokens
            .get(at)
            .filter(|token| token.is_word() && token.text != "self")
        {
            words.push(word);
        }
        while at < end && tokens.get(at).is_some_and(|token| token.text != ",") {
            at = match tokens.get(at) {
                Some(token) if token.text == "{" => close_of(tokens, at) + 1,
                _ => at + 1,
            };
        }
        at += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_tests(source: &str, expected: &[&str]) {
        let tokens = tokens(source);
        let marked: Vec<&str> = tokens
            .iter()
            .filter(|token| !token.test)
            .map(|token| token.text.as_str())
            .collect();
        assert_eq!(marked, expected, "{source}");
    }

    #[test]
    fn items_of_tests_are_marked() {
        check_tests(
            "a; #[cfg(test)] mod tests { fn b() { c } } d",
            &["a", ";", "d"],
        );
        check_tests("#[cfg(test)] mod tests; a", &["a"]);
        check_tests("#[cfg(test)] #[expect(x)] fn f(a: [u8; 2]) {} a", &["a"]);
        check_tests("#[test] fn f() {} a", &["a"]);
        check_tests(
            "#[cfg(not(test))] a",
            &["#", "[", "cfg", "(", "not", "(", "test", ")", ")", "]", "a"],
        );
    }

    fn check_first(source: &str, expected: &[&str]) {
        let tokens = tokens(source);
        let words: Vec<&str> = first_words(&tokens, 0)
            .iter()
            .map(|token| token.text.as_str())
            .collect();
        assert_eq!(words, expected, "{source}");
    }

    #[test]
    fn a_group_has_one_first_word_for_each_of_its_paths() {
        check_first("x::y::Z;", &["x"]);
        check_first("{x, y::{z, w}, v as u, self};", &["x", "y", "v"]);
        check_first("*;", &[]);
    }
}
