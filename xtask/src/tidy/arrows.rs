//! Which crate may depend on which.

use super::finding::Finding;
use super::tree::Tree;

/// Every crate, and what it may depend on; an arrow that is not here is a change of the design.
const ARROWS: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("detect", &["model"]),
    ("pipeline", &["model", "detect"]),
    ("runtime", &["model", "pipeline"]),
    ("connectors", &["model"]),
    ("server", &["model"]),
    ("sim", &["model", "pipeline", "runtime", "connectors"]),
    (
        "app",
        &[
            "model",
            "detect",
            "pipeline",
            "runtime",
            "connectors",
            "server",
            "sim",
        ],
    ),
    (
        "fuzz",
        &["model", "pipeline", "runtime", "connectors", "server"],
    ),
    ("xtask", &[]),
];

/// Dependencies for tests count as well: a test that needs another crate belongs further up.
pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for member in tree
        .crates
        .iter()
        .filter(|member| !member.manifest.package.is_empty())
    {
        let Some(file) = tree.file(&format!("{}/Cargo.toml", member.folder)) else {
            continue;
        };
        let known = ARROWS.iter().find(|(name, _)| *name == member.name);
        let Some((_, allowed)) = known else {
            findings.push(file.finding(
                1,
                format!(
                    "crate `{}` is not in the table of arrows; add it to `ARROWS` in \
                     xtask/src/tidy/arrows.rs and to ARCHITECTURE.md",
                    member.name
                ),
            ));
            continue;
        };
        for dependency in &member.manifest.dependencies {
            let own = tree.crates.iter().find(|own| {
                !own.manifest.package.is_empty() && own.manifest.package == dependency.package
            });
            if let Some(own) = own.filter(|own| !allowed.contains(&own.name.as_str())) {
                findings.push(file.finding(
                    dependency.line,
                    format!(
                        "`{}` may not depend on `{}`; allowed: {}. Move what both need down, or \
                         pass it in from `app`",
                        member.name,
                        own.name,
                        list(allowed)
                    ),
                ));
            }
        }
    }
}

fn list(allowed: &[&str]) -> String {
    match allowed {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}
