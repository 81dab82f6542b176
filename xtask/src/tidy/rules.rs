//! The rules, in one list.

use std::path::Path;

use super::finding::Finding;
use super::tree::Tree;
use super::{arrows, cycles, links, names, proofs, purity, size, words};

/// One rule.
type Rule = fn(&Tree, &mut Vec<Finding>);

const RULES: [Rule; 8] = [
    arrows::check,
    cycles::check,
    size::check,
    purity::check,
    names::check,
    words::check,
    links::check,
    proofs::check,
];

/// Reads the tree below a folder and applies every rule.
pub(crate) fn findings(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let mut findings = Vec::new();
    for rule in RULES {
        rule(&tree, &mut findings);
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}
