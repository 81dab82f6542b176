//! What the pure crates may not know: clocks, files, the environment, chance, async run times.

use super::finding::Finding;
use super::token::{Token, first_words, starts_with};
use super::tree::{File, Tree};

const PURE: [&str; 3] = ["model", "pipeline", "detect"];

/// Packages that bring one of these things along.
const PACKAGES: [&str; 16] = [
    "async-std",
    "axum",
    "chrono",
    "fastrand",
    "getrandom",
    "hyper",
    "jiff",
    "rand",
    "reqwest",
    "rusqlite",
    "smol",
    "tempfile",
    "time",
    "tokio",
    "ureq",
    "uuid",
];

/// Modules of the standard library that reach outside.
const MODULES: [&str; 4] = ["env", "fs", "os", "process"];

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for pure in tree
        .crates
        .iter()
        .filter(|member| PURE.contains(&member.name.as_str()))
    {
        for file in &tree.files {
            if pure.source_path(file).is_some() {
                check_source(&pure.name, file, findings);
            } else if file.path == format!("{}/Cargo.toml", pure.folder) {
                let dependencies = &pure.manifest.dependencies;
                let impure = dependencies
                    .iter()
                    .filter(|dependency| PACKAGES.contains(&dependency.package.as_str()));
                findings.extend(impure.map(|dependency| {
                    impurity(&pure.name, &dependency.package, file, dependency.line)
                }));
            }
        }
    }
}

fn check_source(name: &str, file: &File, findings: &mut Vec<Finding>) {
    for (at, token) in file.shipped() {
        if let Some(what) = impure(&file.tokens, at, token) {
            findings.push(impurity(name, &what, file, token.line));
        }
    }
}

fn impurity(name: &str, what: &str, file: &File, line: usize) -> Finding {
    file.finding(
        line,
        format!("`{name}` is pure and may not know `{what}`; take the value as an argument"),
    )
}

fn impure(tokens: &[Token], at: usize, token: &Token) -> Option<String> {
    match token.text.as_str() {
        "SystemTime" | "tokio" => Some(token.text.clone()),
        "Instant" if starts_with(tokens, at + 1, &["::", "now"]) => Some("Instant::now".to_owned()),
        "std" if starts_with(tokens, at + 1, &["::", "net", "::"]) => {
            let named = first_words(tokens, at + 4).into_iter();
            let socket =
                |name: &&Token| name.text.starts_with("Tcp") || name.text.starts_with("Udp");
            let mut sockets = named.filter(socket);
            sockets
                .next()
                .map(|name| format!("std::net::{}", name.text))
        }
        "std" if starts_with(tokens, at + 1, &["::"]) => {
            let mut named = first_words(tokens, at + 2).into_iter();
            let module = named.find(|name| MODULES.contains(&name.text.as_str()))?;
            Some(format!("std::{}", module.text))
        }
        _ => None,
    }
}
