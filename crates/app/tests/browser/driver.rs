//! The browser's driver: one process for all tests, ended by its own handle.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::http;
use crate::ports::free_port;
use crate::wait::wait_until;

/// A running `chromedriver`, killed when dropped.
pub(crate) struct Driver {
    child: Child,
    pub(crate) port: u16,
}

impl Driver {
    /// Starts it on a free port and waits until it is ready.
    pub(crate) fn start(log: &Path) -> anyhow::Result<Self> {
        let port = free_port();
        let child = Command::new("chromedriver")
            .args([&format!("--port={port}"), "--log-level=WARNING"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn()
            .context("start `chromedriver`; `cargo x test` installs what is missing")?;
        let driver = Self { child, port };
        wait_until("the driver is ready", || {
            Ok(
                http::request(port, "GET", "/status", None)
                    .is_ok_and(|answer| answer.status == 200),
            )
        })?;
        Ok(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
