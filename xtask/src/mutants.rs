//! Changes one thing at a time in the modules that bear the contract, and asks the tests whether they
//! notice.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::needs;
use crate::program::{root, run_with};
use crate::terminal::{say, table};

/// Of a hundred changes that the tests could notice, how many they must.
const CAUGHT_MIN_PERCENT: usize = 95;
/// Seconds after which tests that do not end count as having noticed.
const TIMEOUT_S: &str = "60";

/// A module that bears the contract.
struct Module {
    name: &'static str,
    /// The package whose unit tests are asked.
    package: &'static str,
    files: &'static [&'static str],
}

const MODULES: [Module; 8] = [
    Module {
        name: "identity",
        package: "cresset-model",
        files: &["crates/model/src/id.rs"],
    },
    Module {
        name: "query-cursor",
        package: "cresset-model",
        files: &["crates/model/src/query/parse/cursor.rs"],
    },
    Module {
        name: "decode-limits",
        package: "cresset-pipeline",
        files: &[
            "crates/pipeline/src/decode/bounds.rs",
            "crates/pipeline/src/decode/open_record.rs",
            "crates/pipeline/src/decode/slicer.rs",
        ],
    },
    Module {
        name: "router-step",
        package: "cresset-pipeline",
        files: &["crates/pipeline/src/router/step.rs"],
    },
    Module {
        name: "poll-rule",
        package: "cresset-runtime",
        files: &["crates/runtime/src/poll/rule.rs"],
    },
    Module {
        name: "outbox-schedule",
        package: "cresset-runtime",
        files: &["crates/runtime/src/routing/breaker.rs"],
    },
    Module {
        name: "list-cursor",
        package: "cresset-server",
        files: &["crates/server/src/api/cursor.rs"],
    },
    Module {
        name: "upsert",
        package: "cresset-connectors",
        files: &["crates/connectors/src/stores/sqlite/upsert.rs"],
    },
];

/// What became of the changes of a module.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    caught: usize,
    /// The changes that no test noticed.
    missed: Vec<String>,
    /// Changes that do not compile.
    unviable: usize,
}

impl Counts {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let lines = |name: &str| -> anyhow::Result<Vec<String>> {
            let path = folder.join("mutants.out").join(name);
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        Ok(Self {
            // A test that hangs has noticed.
            caught: lines("caught.txt")?.len() + lines("timeout.txt")?.len(),
            missed: lines("missed.txt")?,
            unviable: lines("unviable.txt")?.len(),
        })
    }

    fn is_enough(&self) -> bool {
        self.caught * 100 >= (self.caught + self.missed.len()) * CAUGHT_MIN_PERCENT
    }
}

/// Tries every change of one module or of all; whether enough of them were noticed.
pub(crate) fn run(name: Option<&str>) -> anyhow::Result<bool> {
    let chosen: Vec<&Module> = MODULES
        .iter()
        .filter(|module| name.is_none_or(|name| name == module.name))
        .collect();
    if chosen.is_empty() {
        let names = MODULES.map(|module| module.name).join(", ");
        bail!("there is no module `{}`: {names}", name.unwrap_or_default());
    }
    needs::provide(&["cargo-mutants"]).map_err(anyhow::Error::msg)?;
    let mut rows = vec![
        ["module", "caught", "missed", "unviable"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut enough = true;
    for module in chosen {
        let counts = run_one(module)?;
        enough &= counts.is_enough();
        let numbers = [counts.caught, counts.missed.len(), counts.unviable];
        let numbers = numbers.map(|number| number.to_string());
        rows.push([&[module.name.to_owned()][..], &numbers].concat());
        for missed in counts.missed {
            say(&format!("not noticed: {missed}"));
        }
    }
    say("");
    table(&rows);
    Ok(enough)
}

fn run_one(module: &Module) -> anyhow::Result<Counts> {
    let folder = root().join("target/mutants").join(module.name);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let folder_text = folder.to_string_lossy();
    let mut arguments = vec!["mutants", "--package", module.package];
    arguments.extend([
        "--jobs",
        "1",
        "--timeout",
        TIMEOUT_S,
        "--output",
        &folder_text,
    ]);
    for file in module.files {
        arguments.extend(["--file", file]);
    }
    arguments.extend(["--", "--lib"]);
    // It fails when a change was not noticed; how many were is decided here. A run that broke off has left
    // no files to count.
    run_with(env!("CARGO"), &arguments, &[])?;
    Counts::read(&folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_there_and_has_a_name_of_its_own() {
        for (index, module) in MODULES.iter().enumerate() {
            let before = &MODULES[..index];
            assert!(before.iter().all(|other| other.name != module.name));
            for file in module.files {
                assert!(root().join(file).exists(), "{file}");
            }
        }
    }

    #[test]
    fn nineteen_of_twenty_are_enough() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("mutants.out");
        fs::create_dir(&out).unwrap();
        for (name, text) in [
            ("caught.txt", "a\n".repeat(18)),
            ("timeout.txt", "t\n".to_owned()),
            ("missed.txt", "m\n".to_owned()),
            ("unviable.txt", String::new()),
        ] {
            fs::write(out.join(name), text).unwrap();
        }
        let counts = Counts::read(folder.path()).unwrap();
        assert_eq!((counts.caught, counts.unviable), (19, 0));
        assert_eq!(counts.missed, ["m"]);
        assert!(counts.is_enough());
        let fewer = Counts {
            caught: 18,
            ..counts
        };
        assert!(!fewer.is_enough());
    }

    #[test]
    fn a_module_that_is_not_there_is_named_with_those_that_are() {
        let error = run(Some("x")).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no module `x`: identity, "),
            "{error}"
        );
    }
}
