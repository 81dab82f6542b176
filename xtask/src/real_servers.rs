//! Runs the tests of clients against servers that others wrote.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::program::{self, run_with};
use crate::terminal::say;

/// What the servers are made of, in the versions that are known to work.
const PACKAGES: [&str; 2] = ["aiosmtpd==1.4.6", "cryptography>=44"];
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
    let servers = Servers::start(&python()?)?;
    let place = (VARIABLE, servers.places.as_str());
    let trusted = (ROOTS, servers.certificate()?);
    let strangers = test("real_servers", &[place])?;
    let friends = test("trusted_servers", &[place, trusted])?;
    Ok(strangers && friends)
}

fn test(target: &str, variables: &[(&str, &str)]) -> anyhow::Result<bool> {
    let words = ["test", "-p", "cresset-connectors", "--test", target];
    run_with(env!("CARGO"), &words, variables)
}

/// The interpreter of an environment with the packages, made when it is not there.
fn python() -> anyhow::Result<PathBuf> {
    let folder = program::target()?.join("servers");
    let python = folder.join("bin/python");
    if has_packages(&python) {
        return Ok(python);
    }
    say(&format!(
        "{} will be installed into {}:",
        PACKAGES.join(" and "),
        folder.display()
    ));
    let folder = folder.to_string_lossy();
    let interpreter = python.to_string_lossy();
    let made = program::run("python3", &["-m", "venv", "--clear", &folder])?;
    let mut words = vec!["-m", "pip", "install", "--quiet"];
    words.extend(PACKAGES);
    if !made || !program::run(&interpreter, &words)? || !has_packages(&python) {
        bail!("the packages could not be installed");
    }
    Ok(python)
}

fn has_packages(python: &Path) -> bool {
    Command::new(python)
        .args(["-c", "import aiosmtpd, cryptography"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
