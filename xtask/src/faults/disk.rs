//! The bad disk below the service: a library in front of the C library, compiled where it is used.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::program;

/// What a life of the service has to bear.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// One call in so many fails; 0: none.
    pub(crate) one_in: u64,
    /// The power goes after so many calls; 0: never.
    pub(crate) cut_after: u64,
}

/// The compiled library and the directory that it is set on.
pub(crate) struct Disk {
    library: PathBuf,
    data: PathBuf,
    log: PathBuf,
    /// While this file is there, nothing grows.
    pub(crate) full: PathBuf,
}

/// What the disk did, over all lives that ended by themselves or by a cut.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) writes: u64,
    /// Calls that failed: writes, half of them too, and syncs.
    pub(crate) failed: u64,
    pub(crate) syncs_failed: u64,
    /// Writes that found no space.
    pub(crate) full: u64,
    /// Syncs of the log that succeeded.
    pub(crate) commits: u64,
    pub(crate) cuts: u64,
    /// Pages that cuts took back.
    pub(crate) lost: u64,
}

impl Disk {
    /// Compiles the library.
    pub(crate) fn compile(folder: &Path, data: &Path) -> anyhow::Result<Self> {
        let library = folder.join("disk.so");
        let source = program::root().join("xtask/src/harness/disk.c");
        let status = Command::new("cc")
            .args([
                "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
            ])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .context("run `cc`; the bundled database needs it too")?;
        ensure!(status.success(), "`{}` does not compile", source.display());
        Ok(Self {
            library,
            data: data.canonicalize().context("find the data directory")?,
            log: folder.join("disk.log"),
            full: folder.join("disk.full"),
        })
    }

    /// The variables that put the disk below a process.
    pub(crate) fn variables(&self, plan: Plan) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("CRESSET_DISK_DIR", text(&self.data)),
            ("CRESSET_DISK_SEED", plan.seed.to_string()),
            ("CRESSET_DISK_FAULTS", plan.one_in.to_string()),
            ("CRESSET_DISK_CUT", plan.cut_after.to_string()),
            ("CRESSET_DISK_FULL", text(&self.full)),
            ("CRESSET_DISK_LOG", text(&self.log)),
        ]
    }

    /// What it did so far.
    pub(crate) fn counts(&self) -> anyhow::Result<Counts> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut counts = Counts::default();
        for line in text.lines() {
            add(&mut counts, line)?;
        }
        Ok(counts)
    }
}

fn add(counts: &mut Counts, line: &str) -> anyhow::Result<()> {
    let line: Value = serde_json::from_str(line).context("a line of the disk is no JSON")?;
    let number = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or(0);
    counts.writes += number("writes");
    counts.failed += number("failed") + number("short") + number("syncs_failed");
    counts.syncs_failed += number("syncs_failed");
    counts.full += number("full");
    counts.commits += number("commits");
    counts.lost += number("lost");
    counts.cuts += u64::from(line.get("end").and_then(Value::as_str) == Some("cut"));
    Ok(())
}
