//! Where functions begin and end, and how many arguments they take.

use super::token::{Token, close_of};

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line of its `fn`.
    pub(crate) line: usize,
    /// Lines from `fn` to the closing brace, both included.
    pub(crate) lines: usize,
    /// Lines between the braces.
    pub(crate) body_lines: usize,
    /// Arguments, `self` not counted.
    pub(crate) arguments: usize,
}

/// The functions that are no tests.
pub(crate) fn functions(tokens: &[Token]) -> Vec<Function> {
    let places = tokens.iter().enumerate();
    places
        .filter(|(_, token)| token.text == "fn" && !token.test)
        .filter_map(|(at, _)| function(tokens, at))
        .collect()
}

fn function(tokens: &[Token], at: usize) -> Option<Function> {
    let name = tokens.get(at + 1).filter(|name| name.is_word())?;
    let open = after_generics(tokens, at + 2);
    tokens.get(open).filter(|token| token.text == "(")?;
    let close = close_of(tokens, open);
    let line = tokens.get(at)?.line;
    let arguments = count(tokens.get(open + 1..close)?);
    let (body_lines, last) = match body(tokens, close + 1) {
        Some((begin, end)) => (end.saturating_sub(begin + 1), end),
        None => (0, tokens.get(close)?.line),
    };
    Some(Function {
        name: name.text.clone(),
        line,
        lines: last - line + 1,
        body_lines,
        arguments,
    })
}

/// The lines of the braces of a body; `None` for a declaration.
fn body(tokens: &[Token], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        match tokens.get(at)?.text.as_str() {
            ";" => return None,
            "(" | "[" => at = close_of(tokens, at) + 1,
            "{" => {
                let last = tokens.get(close_of(tokens, at)).or(tokens.last())?;
                return Some((tokens.get(at)?.line, last.line));
            }
            _ => at += 1,
        }
    }
}

fn after_generics(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "<" => depth += 1,
            ">" => depth = depth.saturating_sub(1),
            _ if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

/// Counts what stands between the commas outside of all brackets.
fn count(tokens: &[Token]) -> usize {
    let (mut depth, mut arguments, mut begun, mut own) = (0_usize, 0, false, false);
    for token in tokens {
        match token.text.as_str() {
            "(" | "[" | "{" | "<" => depth += 1,
            ")" | "]" | "}" | ">" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                arguments += usize::from(begun && !own);
                (begun, own) = (false, false);
                continue;
            }
            "self" if depth == 0 => own = true,
            _ => {}
        }
        begun = true;
    }
    arguments + usize::from(begun && !own)
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    fn check(source: &str, lines: usize, body_lines: usize, arguments: usize) {
        let found = functions(&tokens(source));
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.lines, found.body_lines, found.arguments))
            .collect();
        assert_eq!(found, [(lines, body_lines, arguments)], "{source}");
    }

    #[test]
    fn lines_and_arguments_are_counted() {
        check("fn a() {}", 1, 0, 0);
        check(
            "fn a(b: u8, c: (u8, u8),) -> [u8; 2] {\n  1;\n  2\n}",
            4,
            2,
            2,
        );
        check(
            "fn a<F: Fn(u8, u8) -> u8>(\n&mut self, f: F, m: Map<K, V>) where F: X {\n}",
            3,
            0,
            2,
        );
        check("fn a(self, b: &dyn Fn(u8, u8));", 1, 0, 1);
    }

    #[test]
    fn types_and_tests_are_no_functions() {
        assert_eq!(functions(&tokens("type A = fn(u8) -> u8;")), []);
        assert_eq!(functions(&tokens("#[cfg(test)] mod t { fn a() {} }")), []);
    }
}
