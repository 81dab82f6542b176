//! Other programs, run in the project's folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::terminal::say;

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The target folder that this program itself was built into.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("find the target folder")?;
    let target = own
        .parent()
        .and_then(Path::parent)
        .context("find the target folder")?;
    Ok(target.to_path_buf())
}

/// The release binary.
pub(crate) fn release_binary() -> anyhow::Result<PathBuf> {
    Ok(target()?.join("release/cresset"))
}

/// Runs a program to its end, its output passed on; whether it succeeded.
pub(crate) fn run(program: &str, arguments: &[&str]) -> anyhow::Result<bool> {
    run_with(program, arguments, &[])
}

/// [`run`] with variables of its environment.
pub(crate) fn run_with(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> anyhow::Result<bool> {
    run_in(&root(), program, arguments, variables)
}

/// [`run_with`] in another folder, for a program that leaves something where it runs.
pub(crate) fn run_in(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> anyhow::Result<bool> {
    let name = Path::new(program).file_name().unwrap_or_default();
    say(&format!("$ {} {}", name.display(), arguments.join(" ")));
    let status = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .status()
        .with_context(|| format!("failed to run `{program}`; is it installed?"))?;
    Ok(status.success())
}

/// [`cargo`] with variables of its environment.
pub(crate) fn cargo_with(arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<bool> {
    say(&format!("$ cargo {}", arguments.join(" ")));
    let status = cargo_command()
        .args(arguments)
        .envs(variables.iter().copied())
        .status()
        .context("failed to run cargo")?;
    Ok(status.success())
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<bool> {
    cargo_with(arguments, &[])
}

/// Cargo in the project's folder, as whoever calls it from a terminal does: without what cargo has told this
/// program of its own package. Build scripts look at that, and would run again each time the two alternate.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let is_ours = name.to_str().is_some_and(of_own_package);
        if is_ours {
            command.env_remove(name);
        }
    }
    command.current_dir(root());
    command
}

fn of_own_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"]
        .iter()
        .any(|begin| variable.starts_with(begin))
        || matches!(
            variable,
            "CARGO_BIN_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &str, expected: bool) {
        assert_eq!(of_own_package(variable), expected, "{variable}");
    }

    #[test]
    fn what_cargo_says_of_this_package_is_kept_from_others() {
        check("CARGO_PKG_NAME", true);
        check("CARGO_MANIFEST_DIR", true);
        check("CARGO_TARGET_DIR", false);
        check("CARGO_HOME", false);
        check("CARGO_NET_OFFLINE", false);
        check("RUSTFLAGS", false);
    }

    #[test]
    fn cargo_is_called_without_it() {
        let command = cargo_command();
        let kept = command.get_envs().filter(|(_, value)| value.is_some());
        assert_eq!(kept.count(), 0);
        let removed: Vec<_> = command.get_envs().map(|(name, _)| name).collect();
        assert!(removed.iter().any(|name| *name == "CARGO_PKG_NAME"));
    }
}
