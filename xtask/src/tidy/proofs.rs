//! Tests that a document names as proofs.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::Tree;

/// Underscores from which on a name in a document is a sentence, and therefore a test.
const UNDERSCORES_MIN: usize = 4;

/// Every test that a document names is there.
pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    // Some tests get their names from a macro, so any word of the code may be one.
    let words: BTreeSet<&str> = tree
        .files
        .iter()
        .flat_map(|file| &file.tokens)
        .map(|token| token.text.as_str())
        .collect();
    for file in tree.documents() {
        for (index, line) in file.text.lines().enumerate() {
            let quoted = line.split('`').skip(1).step_by(2);
            for name in quoted.filter(|text| is_sentence(text) && !words.contains(text)) {
                findings.push(file.finding(
                    index + 1,
                    format!("there is no test `{name}`; name the one that proves it, or write it"),
                ));
            }
        }
    }
}

fn is_sentence(text: &str) -> bool {
    let is_name = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
    text.chars().all(is_name) && text.matches('_').count() >= UNDERSCORES_MIN
}
