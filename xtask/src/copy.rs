//! A copy of the project, to put faults into.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::program::root;

/// See [`apart`]; cargo's own is 256.
const CODEGEN_UNITS: u16 = 255;

/// Copies what is under version control or may come under it, as it is in the project's folder, but for some
/// files that get another text; what is the same already stays, so that it is not built again.
pub(crate) fn copy_project(copy: &Path, others: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others"])
        .arg("--exclude-standard")
        .current_dir(root())
        .output();
    let listed = listed.context("list the files with git")?;
    let listed = String::from_utf8(listed.stdout).context("list the files with git")?;
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (root().join(file), copy.join(file));
        let bytes = match others.get(file) {
            Some(other) => other.clone().into_bytes(),
            None => match fs::read(&from) {
                Ok(bytes) => bytes,
                // Deleted, and not yet committed.
                Err(_) => continue,
            },
        };
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        let directory = to.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        fs::create_dir_all(directory)
            .and_then(|()| fs::write(&to, bytes))
            .with_context(|| format!("copy {file}"))?;
    }
    Ok(())
}

/// Keeps what is built of the copy apart from the project's own: by their places the two are the same for
/// cargo, and the next test of the project would be one of the copy. What others wrote is shared.
pub(crate) fn apart() -> anyhow::Result<Vec<String>> {
    let mut arguments = Vec::new();
    for entry in fs::read_dir(root().join("crates")).context("list the crates")? {
        let name = entry.context("list the crates")?.file_name();
        let name = match name.to_string_lossy().as_ref() {
            "app" => "cresset".to_owned(),
            name => format!("cresset-{name}"),
        };
        // Any setting does that nothing else has.
        let setting = format!("profile.dev.package.{name}.codegen-units={CODEGEN_UNITS}");
        arguments.extend(["--config".to_owned(), setting]);
    }
    Ok(arguments)
}
