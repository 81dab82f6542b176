//! Children that end with us.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::stopwatch::Stopwatch;

/// How long a child may take to end when asked to.
const STOP_MAX: Duration = Duration::from_secs(20);
/// How often a waiting loop looks again.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The ports that are given to children: so many from the first on.
const FIRST_PORT: u16 = 4_000;
const PORTS: u16 = 6_000;

/// A running child; killed when dropped.
pub(crate) struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// Starts a program; its output is added to a file.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments);
        Self::spawn(name, command, log)
    }

    /// Starts what was put together elsewhere.
    pub(crate) fn spawn(
        name: &'static str,
        mut command: Command,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let log = File::options().append(true).create(true).open(log);
        let log = log.context("open the log")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("share the log")?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {name}: {}", command.get_program().display()))?;
        Ok(Self { child, name })
    }

    /// Its id in the system.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().context("ask for a child's state")
    }

    /// Asks it to end and does not wait.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        asked.with_context(|| format!("ask {} to stop", self.name))?;
        Ok(())
    }

    /// Fails if it has ended by itself.
    pub(crate) fn check_running(&mut self) -> anyhow::Result<()> {
        match self.has_ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself: {status}", self.name),
        }
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child
            .kill()
            .with_context(|| format!("kill {}", self.name))?;
        self.child
            .wait()
            .with_context(|| format!("wait for {}", self.name))?;
        Ok(())
    }

    /// Asks it to end and waits; it has to succeed.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.stop_within(STOP_MAX).map(drop)
    }

    /// The same within a time; says how long it took.
    pub(crate) fn stop_within(mut self, limit: Duration) -> anyhow::Result<Duration> {
        self.terminate()?;
        let stopwatch = Stopwatch::start();
        loop {
            match self.has_ended()? {
                Some(status) if status.success() => return Ok(stopwatch.elapsed()),
                Some(status) => bail!("{} did not stop well: {status}", self.name),
                None if stopwatch.elapsed() > limit => {
                    bail!("{} did not stop within {} s", self.name, limit.as_secs())
                }
                None => thread::sleep(LOOK_AGAIN),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port of this machine that nothing listens on, and that no earlier call gave. It lies below the range from which the system takes
/// ports of outgoing connections, which could take it away before its process listens; campaigns at the same time begin at others.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first =
        u16::try_from(u64::from(std::process::id()) * 97 % u64::from(PORTS)).unwrap_or_default();
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        ensure!(given < PORTS, "no free port from {FIRST_PORT} on");
        let port = FIRST_PORT + (first + given) % PORTS;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
}

/// Asks again and again until the answer is yes.
pub(crate) fn wait_until(
    what: &str,
    limit: Duration,
    mut is_so: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let stopwatch = Stopwatch::start();
    while !is_so()? {
        if stopwatch.elapsed() > limit {
            bail!("{what}: not within {} s", limit.as_secs());
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}
