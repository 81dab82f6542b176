//! The shipped binary against one upstream.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::http::{self, Answer};
use crate::ports::free_port;
use crate::watch::wait_for;

/// A running service, killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) port: u16,
    data: PathBuf,
}

/// A pipeline that polls an upstream.
pub(crate) struct Pipeline<'a> {
    pub(crate) name: &'a str,
    /// The port of its upstream.
    pub(crate) upstream: u16,
    /// Lines of its source that it needs.
    pub(crate) settings: Vec<&'static str>,
}

impl Pipeline<'_> {
    fn write(&self, config: &mut String) -> std::fmt::Result {
        let Self { name, upstream, .. } = self;
        write!(
            config,
            "  {name}:
    adapter: seed_a
    enrich:
      - geo: {{ of: dst_ip, database: builtin }}
      - user: {{ of: src_ip, table: demo }}
    alerts: all
    source:
      http_poll:
        url: http://127.0.0.1:{upstream}/alerts
        allow_private: 127.0.0.1:{upstream}
        interval: 1m
"
        )?;
        for setting in &self.settings {
            writeln!(config, "        {setting}")?;
        }
        Ok(())
    }
}

impl Service {
    /// Starts it on an empty directory and waits until it is ready.
    pub(crate) fn start(directory: &Path, pipelines: &[Pipeline<'_>]) -> anyhow::Result<Self> {
        let port = free_port();
        let mut config = format!(
            "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
"
        );
        for pipeline in pipelines {
            pipeline.write(&mut config)?;
        }
        std::fs::write(directory.join("cresset.yaml"), &config)?;
        let log = std::fs::File::create(directory.join("log"))?;
        let mut command = command(directory, &["run", "-c", "cresset.yaml"]);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("start the binary")?;
        let mut service = Self {
            child,
            port,
            data: directory.join("data"),
        };
        wait_for("the service is ready", || {
            if let Some(status) = service.child.try_wait()? {
                let log = std::fs::read_to_string(directory.join("log"))?;
                bail!("the service ended with {status}: {log}");
            }
            let ready = http::ask(port, "GET", "/readyz", "");
            Ok(ready.is_ok_and(|answer| answer.status == 200).then_some(()))
        })?;
        Ok(service)
    }

    /// Asks for a document.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = http::ask(self.port, "GET", path, "")?;
        ensure!(answer.status == 200, "{path} answered {}", answer.status);
        answer.json()
    }

    /// Sends a command.
    pub(crate) fn post(&self, path: &str, body: &str) -> anyhow::Result<Answer> {
        http::ask(self.port, "POST", path, body)
    }

    /// The peak of its memory so far, in MiB.
    pub(crate) fn peak_mib(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib: u64 = kib.context("no VmHWM")?.trim().parse()?;
        Ok(kib.div_ceil(1_024))
    }

    /// Ends it as a supervisor does, and recomputes its books.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the service ended with {status}");
        let directory = self.data.parent().unwrap_or(&self.data);
        let verified = command(directory, &["verify", "data"]).output()?;
        ensure!(
            verified.status.success(),
            "the books are wrong: {}",
            String::from_utf8_lossy(&verified.stdout)
        );
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cresset"));
    command.args(arguments).current_dir(directory);
    for name in ["HOST_PORT_INGESTOR", "HOST_PORT_DASHBOARD", "CRESSET_URL"] {
        command.env_remove(name);
    }
    command
}
