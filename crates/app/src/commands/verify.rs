//! `cresset verify`: recomputes the books of a data directory from its tables.

use std::path::{Path, PathBuf};

use cresset_connectors::stores::sqlite::{VerifyReport, verify};

use crate::cli::Verify;
use crate::exit::{Exit, Failure};
use crate::output::{Output, push, table};

/// The database of a data directory.
pub(super) const DATABASE: &str = "cresset.db";

/// Prints each check; the exit code is 1 when one fails.
pub(crate) fn run(flags: &Verify, output: &Output) -> anyhow::Result<Exit> {
    let path = database(&flags.data)?;
    let report = verify(&path).map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?;
    let checks: Vec<serde_json::Value> = report
        .checks
        .iter()
        .map(|check| {
            serde_json::json!({
                "check": check.name,
                "source": check.source,
                "expected": check.expected,
                "found": check.found,
                "ok": check.ok,
                "expected_is": check.expected_is,
                "found_is": check.found_is,
                "difference_means": check.difference_means,
            })
        })
        .collect();
    output.many(&checks, |checks| {
        let columns = [
            ("CHECK", "/check"),
            ("SOURCE", "/source"),
            ("EXPECTED", "/expected"),
            ("FOUND", "/found"),
            ("OK", "/ok"),
        ];
        let verdict = if report.is_ok() {
            "the books balance"
        } else {
            "the books do not balance"
        };
        format!(
            "{}{verdict}\n\n{}",
            table(checks, &columns),
            explained(&report)
        )
    })?;
    Ok(if report.is_ok() { Exit::Ok } else { Exit::No })
}

/// What each number is, once for all sources.
fn explained(report: &VerifyReport) -> String {
    let mut out = "What the numbers are:\n".to_owned();
    let mut said: Vec<&str> = Vec::new();
    for check in &report.checks {
        if said.contains(&check.name) {
            continue;
        }
        said.push(check.name);
        push(
            &mut out,
            format_args!(
                "\n{}\n  expected    {}\n  found       {}\n  if not ok   {}\n",
                check.name, check.expected_is, check.found_is, check.difference_means
            ),
        );
    }
    out
}

/// The database that a path names: a file, or the one in a data directory.
pub(super) fn database(path: &Path) -> anyhow::Result<PathBuf> {
    let path = if path.is_dir() {
        path.join(DATABASE)
    } else {
        path.to_owned()
    };
    if path.is_file() {
        return Ok(path);
    }
    let message = format!(
        "there is no database `{}`: name a data directory or its file",
        path.display()
    );
    Err(Failure::new(Exit::Invalid, message).into())
}
