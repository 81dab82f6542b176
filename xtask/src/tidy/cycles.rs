//! Cycles between the top-level modules of a crate: whoever wants to understand or move one module of
//! a cycle has to understand or move all of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::finding::Finding;
use super::token::{Token, first_words, starts_with};
use super::tree::{Crate, File, Tree};

/// Which module names which, and where it first does.
type Arrows<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (&'a File, usize)>>;

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for member in &tree.crates {
        let arrows = arrows(member, tree);
        let mut reported: BTreeSet<&str> = BTreeSet::new();
        for module in arrows.keys() {
            let Some(cycle) = shortest_cycle(&arrows, module) else {
                continue;
            };
            if cycle.iter().any(|module| reported.contains(module)) {
                continue;
            }
            reported.extend(&cycle);
            findings.extend(finding(member, &arrows, &cycle));
        }
    }
}

fn finding(member: &Crate, arrows: &Arrows<'_>, cycle: &[&str]) -> Option<Finding> {
    let next = cycle.iter().cycle().skip(1);
    let places: Vec<String> = cycle
        .iter()
        .zip(next)
        .filter_map(|(from, to)| {
            let (file, line) = arrows.get(from)?.get(to)?;
            Some(format!("{from} -> {to} ({}:{line})", file.path))
        })
        .collect();
    let (first, second) = (cycle.first()?, cycle.get(1)?);
    let (file, line) = arrows.get(first)?.get(second)?;
    Some(file.finding(
        *line,
        format!(
            "modules of `{}` form a cycle: {}; move what both need into a module of its own, or \
             turn one arrow round",
            member.name,
            places.join(", ")
        ),
    ))
}

fn arrows<'a>(member: &Crate, tree: &'a Tree) -> Arrows<'a> {
    let files: Vec<(&str, &File)> = tree
        .files
        .iter()
        .filter_map(|file| Some((member.source_path(file)?, file)))
        .collect();
    let modules: BTreeSet<&str> = files
        .iter()
        .filter_map(|(path, _)| top_level(path))
        .collect();
    let mut exported: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, root) in files.iter().filter(|(path, _)| is_root(path)) {
        exported.extend(exports(root, &modules));
    }
    let mut arrows = Arrows::new();
    for (path, file) in files {
        let Some(own) = top_level(path) else {
            continue;
        };
        for (at, token) in file.shipped() {
            for word in named_from_root(&file.tokens, at, depth(path)) {
                let word = word.text.as_str();
                let to = modules.get(word).or_else(|| exported.get(word)).copied();
                if let Some(to) = to.filter(|to| *to != own) {
                    let places = arrows.entry(own).or_default();
                    places.entry(to).or_insert((file, token.line));
                }
            }
        }
    }
    arrows
}

fn is_root(path: &str) -> bool {
    matches!(path, "lib.rs" | "main.rs")
}

fn top_level(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    (!is_root(path) && first != "bin").then(|| first.trim_end_matches(".rs"))
}

/// How many modules deep a file lies: 1 for `x.rs` and `x/mod.rs`.
fn depth(path: &str) -> usize {
    let parts = path.split('/').count();
    if path.ends_with("/mod.rs") {
        parts - 1
    } else {
        parts
    }
}

/// What the crate's root re-exports, and from which module.
fn exports<'a>(root: &'a File, modules: &BTreeSet<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut exports = Vec::new();
    for (at, _) in root.shipped().filter(|(_, token)| token.text == "use") {
        let statement = root.tokens.iter().skip(at + 1);
        let words: Vec<&str> = statement
            .take_while(|token| token.text != ";")
            .filter(|token| token.is_word() && !matches!(token.text.as_str(), "self" | "crate"))
            .map(|token| token.text.as_str())
            .collect();
        if let Some((module, names)) = words.split_first()
            && let Some(module) = modules.get(module)
        {
            exports.extend(names.iter().map(|name| (*name, *module)));
        }
    }
    exports
}

/// The words behind `crate::`, or behind as many `super::` as lead to the crate's root.
fn named_from_root(tokens: &[Token], at: usize, depth: usize) -> Vec<&Token> {
    if starts_with(tokens, at, &["crate", "::"]) {
        return first_words(tokens, at + 2);
    }
    let is_inner = at >= 2 && starts_with(tokens, at - 2, &["super", "::"]);
    let (mut behind, mut up) = (at, 0);
    while !is_inner && starts_with(tokens, behind, &["super", "::"]) {
        behind += 2;
        up += 1;
    }
    if up > 0 && up == depth {
        first_words(tokens, behind)
    } else {
        Vec::new()
    }
}

/// The shortest way from a module back to itself.
fn shortest_cycle<'a>(arrows: &Arrows<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(module) = queue.pop_front() {
        for next in arrows
            .get(module)
            .into_iter()
            .flatten()
            .map(|(next, _)| *next)
        {
            if next == start {
                let mut cycle = vec![module];
                while let Some(before) = cycle.last().and_then(|last| came_from.get(last)) {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, module);
                queue.push_back(next);
            }
        }
    }
    None
}
