//! Links from one document to another.

use super::finding::Finding;
use super::tree::Tree;

/// Every relative link of a document leads to a file of the tree.
pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.documents() {
        for (index, line) in file.text.lines().enumerate() {
            for target in targets(line) {
                let bare = target.split('#').next().unwrap_or(target);
                let outside = bare.contains(':') || bare.is_empty();
                let path = resolve(&file.path, bare);
                let folder = format!("{path}/");
                let mut files = tree.files.iter();
                if !outside && !files.any(|it| it.path == path || it.path.starts_with(&folder)) {
                    findings.push(file.finding(
                        index + 1,
                        format!("the link `{target}` leads nowhere; correct it, or write the file"),
                    ));
                }
            }
        }
    }
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|behind| behind.split(')').next())
}

/// The path of a link, from the root.
fn resolve(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
