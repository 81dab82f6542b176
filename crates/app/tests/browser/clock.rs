//! A clock that a test moves: `libfaketime` adds an offset, read from a file, to every clock that the
//! service reads. The binary is the shipped one and knows nothing of it.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::wait::{now_seconds, wait_for};

/// A clock that is ahead of the machine's, or behind.
pub(crate) struct Clock {
    library: String,
    file: PathBuf,
    offset_seconds: Cell<i64>,
    moves_timers: bool,
}

impl Clock {
    /// A clock that goes as the machine's until it is moved; timers follow it.
    pub(crate) fn new(directory: &Path) -> anyhow::Result<Self> {
        Self::at(directory, 0, true)
    }

    /// A clock of so many hours ago, for a test that makes a past. Timers go as they do.
    pub(crate) fn hours_ago(directory: &Path, hours: i64) -> anyhow::Result<Self> {
        Self::at(directory, -3_600 * hours, false)
    }

    fn at(directory: &Path, offset_seconds: i64, moves_timers: bool) -> anyhow::Result<Self> {
        let clock = Self {
            library: library()?,
            file: directory.join("clock"),
            offset_seconds: Cell::new(offset_seconds),
            moves_timers,
        };
        clock.write()?;
        Ok(clock)
    }

    /// Removes what the library left behind of a process that was killed: named by its id, it would be
    /// in the way of a later one with the same id.
    pub(crate) fn tidy(process: u32) {
        for name in ["faketime_shm_", "sem.faketime_sem_"] {
            // Not there unless the process was killed.
            drop(std::fs::remove_file(format!("/dev/shm/{name}{process}")));
        }
    }

    /// What a process needs in its environment to follow the clock.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("LD_PRELOAD", self.library.clone()),
            (
                "FAKETIME_TIMESTAMP_FILE",
                self.file.to_string_lossy().into_owned(),
            ),
            // The file is read anew at each look at the clock.
            ("FAKETIME_NO_CACHE", "1".to_owned()),
        ];
        if !self.moves_timers {
            variables.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()));
        }
        variables
    }

    /// Moves it forward. A timer of the service is seen to have run out when the service is next woken,
    /// for one by a request.
    pub(crate) fn forward(&self, by: Duration) -> anyhow::Result<()> {
        let by = i64::try_from(by.as_secs())?;
        self.offset_seconds.set(self.offset_seconds.get() + by);
        self.write()
    }

    /// What it shows.
    pub(crate) fn now_seconds(&self) -> anyhow::Result<u64> {
        let now = now_seconds()?.checked_add_signed(self.offset_seconds.get());
        now.context("a time before 1970")
    }

    fn write(&self) -> anyhow::Result<()> {
        let fresh = self.file.with_extension("fresh");
        std::fs::write(&fresh, format!("{:+}\n", self.offset_seconds.get()))?;
        std::fs::rename(&fresh, &self.file)?;
        Ok(())
    }
}

/// Where the library lies: the wrapper knows, it differs between machines.
fn library() -> anyhow::Result<String> {
    wait_for("`faketime` names its library", || {
        let output = Command::new("faketime")
            .args(["-f", "+0", "printenv", "LD_PRELOAD"])
            .output()
            .context("run `faketime`; `cargo x test` installs what is missing")?;
        let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((!library.is_empty()).then_some(library))
    })
}
