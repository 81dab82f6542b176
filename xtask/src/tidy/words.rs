//! Words that no committed file may hold: they work on one machine only.

use super::finding::Finding;
use super::tree::Tree;

/// The only place that a locked package may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Addresses of registries, cut in two so that this file does not hold them.
const HOSTS: [(&str, &str); 6] = [
    ("index.cr", "ates"),
    ("static.cr", "ates"),
    ("registry.np", "mjs"),
    ("proxy.gol", "ang"),
    ("files.python", "hosted"),
    ("repo.ma", "ven"),
];

/// Where the project lay on the machine that made it, cut in two as well.
const WORKPLACE: (&str, &str) = ("/wo", "rk/");

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let hosts = HOSTS.map(|(begin, end)| format!("{begin}{end}"));
    let path = [WORKPLACE.0, WORKPLACE.1].concat();
    for file in &tree.files {
        let is_lock = file.path.ends_with("Cargo.lock");
        for (index, line) in file.text.lines().enumerate() {
            let mut found = |what: String| findings.push(file.finding(index + 1, what));
            if let Some(host) = hosts.iter().find(|host| !is_lock && line.contains(*host)) {
                found(format!(
                    "`{host}` is the address of a registry; where packages come from is the \
                     business of the machine, leave it out"
                ));
            }
            if begins_path(line, &path) {
                found(format!(
                    "a path that begins with `{path}` exists on one machine only; write it from \
                     the project's folder"
                ));
            }
            let source = line.strip_prefix("source = ").filter(|_| is_lock);
            if let Some(source) = source.filter(|source| source.trim_matches('"') != REGISTRY) {
                found(format!(
                    "a locked package comes from {source}, allowed is only \"{REGISTRY}\"; lock it \
                     again without a replaced source"
                ));
            }
        }
    }
}

/// Whether an absolute path begins so in the line: what stands before it is no part of a path.
fn begins_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}~*".contains(c))
    })
}
