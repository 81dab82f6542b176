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
    run_with(env!("CARGO"), arguments, variables)
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<bool> {
    run(env!("CARGO"), arguments)
}
