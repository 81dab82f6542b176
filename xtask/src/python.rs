//! Programs in Python, each in an environment of its own below the target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::program;
use crate::terminal::say;

/// An environment.
pub(crate) struct Environment {
    /// Its folder below the target folder.
    pub(crate) folder: &'static str,
    /// What is installed, in the versions that are known to work.
    pub(crate) packages: &'static [&'static str],
    /// What can be imported when it is there.
    pub(crate) modules: &'static str,
}

impl Environment {
    /// Its folder, made and filled when it is not there.
    pub(crate) fn provide(&self) -> anyhow::Result<PathBuf> {
        let folder = program::target()?.join(self.folder);
        let python = folder.join("bin/python");
        if self.has_modules(&python) {
            return Ok(folder);
        }
        say(&format!(
            "{} will be installed into {}:",
            self.packages.join(" and "),
            folder.display()
        ));
        let name = folder.to_string_lossy();
        let made = program::run("python3", &["-m", "venv", "--clear", &name])?;
        let mut words = vec!["-m", "pip", "install", "--quiet"];
        words.extend(self.packages);
        let interpreter = python.to_string_lossy();
        if !made || !program::run(&interpreter, &words)? || !self.has_modules(&python) {
            bail!("the packages could not be installed");
        }
        Ok(folder)
    }

    fn has_modules(&self, python: &Path) -> bool {
        Command::new(python)
            .args(["-c", &format!("import {}", self.modules)])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}
