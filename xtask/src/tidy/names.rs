//! Names that say nothing, and code that is not finished.

use super::finding::Finding;
use super::token::starts_with;
use super::tree::{File, Tree};

/// Module names that collect what belongs elsewhere.
const EMPTY: [&str; 7] = [
    "common", "helper", "helpers", "manager", "managers", "util", "utils",
];

/// Macros that mark unfinished work.
const UNFINISHED: [&str; 3] = ["dbg", "todo", "unimplemented"];

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let mut parts = file
            .path
            .split('/')
            .map(|part| part.trim_end_matches(".rs"));
        if let Some(part) = parts.find(|part| EMPTY.contains(part)) {
            findings.push(file.finding(1, empty(part)));
        }
        check_tokens(file, findings);
    }
}

fn empty(name: &str) -> String {
    format!("a module named `{name}` says nothing; name it after the thing it holds")
}

fn check_tokens(file: &File, findings: &mut Vec<Finding>) {
    for (at, token) in file.tokens.iter().enumerate() {
        let behind = file.tokens.get(at + 1).map(|token| token.text.as_str());
        let text = token.text.as_str();
        if text == "mod" && behind.is_some_and(|name| EMPTY.contains(&name)) {
            findings.push(file.finding(token.line, empty(behind.unwrap_or_default())));
        }
        if UNFINISHED.contains(&text) && behind == Some("!") {
            findings.push(file.finding(
                token.line,
                format!("`{text}!` marks unfinished work; finish it, or leave it out"),
            ));
        }
        if starts_with(&file.tokens, at, &["#", "[", "ignore"]) {
            findings.push(file.finding(
                token.line,
                "an ignored test proves nothing; mend it, or delete it".to_owned(),
            ));
        }
    }
}
