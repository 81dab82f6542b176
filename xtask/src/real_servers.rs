//! Runs the tests of clients against servers that others wrote.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::program::{self, cargo_with};
use crate::python::Environment;

/// What the servers are made of.
const MADE_OF: Environment = Environment {
    folder: "servers",
    packages: &["aiosmtpd==1.4.6", "cryptography>=44"],
    modules: "aiosmtpd, cryptography",
};
/// Tells the tests where the servers are.
const VARIABLE: &str = "CRESSET_TEST_SERVERS";
/// Where the system's certificates are looked for instead of their usual place.
const ROOTS: &str = "SSL_CERT_FILE";

/// The servers, stopped when dropped.
struct Servers {
    child: Child,
    /// Their places, as they say them.
    places: String,
}

impl Servers {
    fn start(python: &Path) -> anyhow::Result<Self> {
        let script = program::root().join("xtask/src/harness/servers.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the servers")?;
        let mut places = String::new();
        let output = child.stdout.take().context("hear the servers")?;
        BufReader::new(output)
            .read_line(&mut places)
            .context("hear the servers")?;
        let servers = Self {
            child,
            places: places.trim().to_owned(),
        };
        if servers.places.is_empty() {
            bail!("the servers ended before they were ready");
        }
        Ok(servers)
    }

    /// The certificate that they show, which nobody trusts by default.
    fn certificate(&self) -> anyhow::Result<&str> {
        let part = self.places.split(',').nth(3);
        part.context("the servers name no certificate")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // They end with their input; the wait is for their folder to be gone.
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

/// Starts the servers and runs their tests: those where nobody trusts their certificate, and those where the
/// system does.
pub(crate) fn run() -> anyhow::Result<bool> {
    let servers = Servers::start(&MADE_OF.provide()?.join("bin/python"))?;
    let place = (VARIABLE, servers.places.as_str());
    let trusted = (ROOTS, servers.certificate()?);
    let strangers = test("real_servers", &[place])?;
    let friends = test("trusted_servers", &[place, trusted])?;
    Ok(strangers && friends)
}

fn test(target: &str, variables: &[(&str, &str)]) -> anyhow::Result<bool> {
    let words = ["test", "-p", "cresset-connectors", "--test", target];
    cargo_with(&words, variables)
}
