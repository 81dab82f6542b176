//! Builds a package's tests with all its changes in them, and finds out which changes do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::changes::{Change, Kind};
use super::weave::{SWITCH_SOURCE, Woven, replace, weave};
use crate::copy::{apart, copy_project};
use crate::program::{root, target};

/// How often changes that do not compile are taken out before something else must be wrong.
const ROUNDS_MAX: usize = 20;
/// What the compiler says of a change that it would also say if the change stood alone: types that do not
/// fit, and names and operators that are not there.
const SAME_ALONE: [&str; 9] = [
    "E0277", "E0282", "E0283", "E0308", "E0369", "E0425", "E0433", "E0599", "E0600",
];

/// A built test program, and what is not in it.
pub(super) struct Built {
    pub(super) program: PathBuf,
    /// Changes that do not compile.
    pub(super) unviable: BTreeSet<usize>,
    /// Changes that cannot stand behind a switch, or perhaps do not compile: to be built one by one.
    pub(super) alone: BTreeSet<usize>,
}

/// What the compiler made of it.
enum Outcome {
    Program(PathBuf),
    Errors(Vec<Value>),
}

/// Where a package is built.
pub(super) struct Place<'a> {
    pub(super) package: &'a str,
    /// Its folder in the project.
    pub(super) folder: &'a str,
}

impl Place<'_> {
    /// The folder that its tests run in.
    pub(super) fn run_in(&self) -> anyhow::Result<PathBuf> {
        Ok(copy()?.join(self.folder))
    }

    /// Builds the tests with all changes behind their switches.
    pub(super) fn all(&self, changes: &[Change]) -> anyhow::Result<Built> {
        let mut unviable = BTreeSet::new();
        // A hidden type is one type: two ways out of the function would give two.
        let hidden = |(_, change): &(usize, &Change)| {
            change.kind == Kind::Value && change.name.contains("-> impl ")
        };
        let numbered = changes.iter().enumerate().filter(hidden);
        let mut alone: BTreeSet<usize> = numbered.map(|(number, _)| number).collect();
        for _ in 0..ROUNDS_MAX {
            let mut left: BTreeMap<&str, Vec<(usize, &Change)>> = BTreeMap::new();
            for (number, change) in changes.iter().enumerate() {
                let of_file = left.entry(&change.file).or_default();
                if !unviable.contains(&number) && !alone.contains(&number) {
                    of_file.push((number, change));
                }
            }
            let mut woven = BTreeMap::new();
            for (file, changes) in left {
                let one = weave(&read(file)?, &changes).with_context(|| format!("in {file}"))?;
                alone.extend(&one.left);
                woven.insert(file.to_owned(), one);
            }
            let texts = woven
                .iter()
                .map(|(file, woven)| (file.clone(), woven.text.clone()));
            let mut texts: BTreeMap<String, String> = texts.collect();
            let lib = format!("{}/src/lib.rs", self.folder);
            let whole = format!("#![allow(warnings)]\n{}{SWITCH_SOURCE}", read(&lib)?);
            texts.insert(lib, whole);
            match self.build(&texts)? {
                Outcome::Program(program) => {
                    return Ok(Built {
                        program,
                        unviable,
                        alone,
                    });
                }
                Outcome::Errors(errors) => {
                    let found = blame(&errors, &woven);
                    if found.is_empty() {
                        bail!("{} does not compile: {}", self.package, told(&errors));
                    }
                    for (number, code) in found {
                        if SAME_ALONE.contains(&code.as_str()) {
                            unviable.insert(number);
                        } else {
                            alone.insert(number);
                        }
                    }
                }
            }
        }
        bail!("{} does not compile with its changes", self.package)
    }

    /// Builds the tests with one change; `None` if it does not compile.
    pub(super) fn one(&self, change: &Change) -> anyhow::Result<Option<PathBuf>> {
        let text =
            replace(&read(&change.file)?, change).context("a change lies outside its file")?;
        match self.build(&BTreeMap::from([(change.file.clone(), text)]))? {
            Outcome::Program(program) => Ok(Some(program)),
            Outcome::Errors(_) => Ok(None),
        }
    }

    fn build(&self, texts: &BTreeMap<String, String>) -> anyhow::Result<Outcome> {
        let copy = copy()?;
        copy_project(&copy, texts)?;
        let output = Command::new(env!("CARGO"))
            .args(apart()?)
            .args(["test", "--quiet", "--no-run", "--lib", "--package"])
            .args([self.package, "--message-format=json"])
            .env("CARGO_TARGET_DIR", target()?)
            .current_dir(&copy)
            .output()
            .context("run cargo")?;
        let mut errors = Vec::new();
        let mut program = None;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(said) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            match said["reason"].as_str() {
                Some("compiler-message") if said["message"]["level"] == "error" => {
                    errors.push(said["message"].clone());
                }
                Some("compiler-artifact") => {
                    if let Some(path) = said["executable"].as_str() {
                        program = Some(PathBuf::from(path));
                    }
                }
                _ => {}
            }
        }
        match program {
            Some(program) if output.status.success() => Ok(Outcome::Program(program)),
            _ if errors.is_empty() => bail!(
                "the tests of {} were not built: {}",
                self.package,
                String::from_utf8_lossy(&output.stderr)
            ),
            _ => Ok(Outcome::Errors(errors)),
        }
    }
}

fn copy() -> anyhow::Result<PathBuf> {
    Ok(target()?.join("mutants/copy"))
}

fn read(file: &str) -> anyhow::Result<String> {
    let path: &Path = &root().join(file);
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// The changes that errors are about, with the codes of these.
fn blame(errors: &[Value], woven: &BTreeMap<String, Woven>) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    for error in errors {
        let code = error["code"]["code"].as_str().unwrap_or_default();
        let children = error["children"].as_array().into_iter().flatten();
        let all = std::iter::once(error).chain(children);
        let spans = all.filter_map(|said| said["spans"].as_array()).flatten();
        let (first, rest): (Vec<&Value>, Vec<&Value>) =
            spans.partition(|span| span["is_primary"] == true);
        let number = first.iter().chain(&rest).find_map(|span| at(span, woven));
        if let Some(number) = number {
            found.entry(number).or_insert_with(|| code.to_owned());
        }
    }
    found
}

/// The change whose text a span lies in, the smallest of them.
fn at(span: &Value, woven: &BTreeMap<String, Woven>) -> Option<usize> {
    let woven = woven.get(span["file_name"].as_str()?)?;
    let begin = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let around = woven
        .ranges
        .iter()
        .filter(|(range, _)| range.contains(&begin));
    around
        .min_by_key(|(range, _)| range.len())
        .map(|(_, number)| *number)
}

fn told(errors: &[Value]) -> String {
    let texts = errors.iter().filter_map(|error| error["rendered"].as_str());
    texts.take(3).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_the_fault_of_the_change_whose_text_it_lies_in() {
        let woven = Woven {
            text: String::new(),
            ranges: vec![(10..50, 1), (20..30, 2)],
            left: Vec::new(),
        };
        let woven = BTreeMap::from([("a.rs".to_owned(), woven)]);
        let span = |at: u64, is_primary: bool| json!({"file_name": "a.rs", "byte_start": at, "is_primary": is_primary});
        let error =
            |spans: &[Value]| json!({"code": {"code": "E0308"}, "spans": spans, "children": []});
        let errors = [
            error(&[span(25, false), span(12, true)]),
            error(&[span(70, true), span(29, false)]),
            error(&[span(70, true)]),
        ];
        let code = || "E0308".to_owned();
        assert_eq!(
            blame(&errors, &woven),
            BTreeMap::from([(1, code()), (2, code())])
        );
    }
}
