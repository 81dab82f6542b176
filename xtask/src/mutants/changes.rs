//! The changes that are tried, as cargo-mutants lists them.

use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::program::root;

/// A place in a file, both from 1; the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The body of a function gives way to a value.
    Value,
    /// An operator between two operands is another one.
    Binary,
    /// An operator before an operand is left out.
    Unary,
    /// An arm of a match is left out.
    Arm,
    /// The guard of an arm always or never holds.
    Guard,
    /// A member is left to the base of its structure.
    Member,
}

/// One thing that is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// File, line and column, and what becomes of it.
    pub(super) name: String,
    pub(super) file: String,
    pub(super) kind: Kind,
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) replacement: String,
}

/// Lists the changes of some files.
pub(super) fn list(files: &[&str]) -> anyhow::Result<Vec<Change>> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["mutants", "--list", "--json", "--workspace"]);
    for file in files {
        command.args(["--file", file]);
    }
    let output = command
        .current_dir(root())
        .output()
        .context("run cargo-mutants")?;
    if !output.status.success() {
        bail!(
            "cargo-mutants lists no changes: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    parse(&output.stdout).context("read the list of cargo-mutants")
}

fn parse(text: &[u8]) -> anyhow::Result<Vec<Change>> {
    let Value::Array(list) = serde_json::from_slice(text)? else {
        bail!("an array is expected");
    };
    list.iter().map(one).collect()
}

fn one(value: &Value) -> anyhow::Result<Change> {
    let text = |key: &str| {
        let text = value.get(key).and_then(Value::as_str);
        text.map(str::to_owned)
            .with_context(|| format!("a change needs `{key}`"))
    };
    let place = |end: &str| {
        let number = |key: &str| {
            let number = value.pointer(&format!("/span/{end}/{key}"));
            let number = number
                .and_then(Value::as_u64)
                .with_context(|| format!("a change needs `{key}`"))?;
            usize::try_from(number).context("a place is too far away")
        };
        Ok::<_, anyhow::Error>(Place {
            line: number("line")?,
            column: number("column")?,
        })
    };
    let genre = text("genre")?;
    Ok(Change {
        name: text("name")?,
        file: text("file")?,
        kind: match genre.as_str() {
            "FnValue" => Kind::Value,
            "BinaryOperator" => Kind::Binary,
            "UnaryOperator" => Kind::Unary,
            "MatchArm" => Kind::Arm,
            "MatchArmGuard" => Kind::Guard,
            "StructField" => Kind::Member,
            _ => bail!("`{genre}` is a kind of change that is not known here"),
        },
        from: place("start")?,
        to: place("end")?,
        replacement: text("replacement")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_cargo_mutants_is_read() {
        let text = r#"[{"name": "a.rs:2:3: replace < with <= in f", "file": "a.rs", "genre": "BinaryOperator",
            "replacement": "<=", "package": "p", "function": null,
            "span": {"start": {"line": 2, "column": 3}, "end": {"line": 2, "column": 4}}}]"#;
        let changes = parse(text.as_bytes()).unwrap();
        let place = |column| Place { line: 2, column };
        assert_eq!((changes[0].from, changes[0].to), (place(3), place(4)));
        assert_eq!(
            (changes[0].kind, changes[0].replacement.as_str()),
            (Kind::Binary, "<=")
        );
    }

    #[test]
    fn a_kind_that_is_not_known_is_named() {
        let text = r#"[{"name": "n", "file": "a.rs", "genre": "Loop", "replacement": ""}]"#;
        let error = parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "`Loop` is a kind of change that is not known here");
    }
}
