//! What can be said of the source without running it.

use crate::program::{self, cargo};
use crate::terminal::say;
use crate::tidy;

/// Format, clippy and tidy, one after another; all of them, whatever the first says.
pub(crate) fn all() -> anyhow::Result<bool> {
    let formatted = format()?;
    let linted = clippy()?;
    let tidy = tidy()?;
    Ok(formatted && linted && tidy)
}

/// Whether every file is formatted.
pub(crate) fn format() -> anyhow::Result<bool> {
    cargo(&["fmt", "--all", "--", "--check"])
}

/// Whether clippy has nothing to say. The browser tests are a target that `--all-targets` leaves out.
pub(crate) fn clippy() -> anyhow::Result<bool> {
    let of_all = ["clippy", "--quiet", "--workspace", "--all-targets"];
    let of_browser = ["clippy", "--quiet", "-p", "cresset", "--test", "browser"];
    let strict = ["--", "-D", "warnings"];
    let all = cargo(&[&of_all[..], &strict].concat())?;
    let browser = cargo(&[&of_browser[..], &strict].concat())?;
    Ok(all && browser)
}

/// Whether the house rules are kept.
pub(crate) fn tidy() -> anyhow::Result<bool> {
    let findings = tidy::findings(&program::root())?;
    for finding in &findings {
        say(&finding.to_string());
    }
    match findings.len() {
        0 => say("tidy: no findings"),
        count => say(&format!("tidy: {count} findings")),
    }
    Ok(findings.is_empty())
}
