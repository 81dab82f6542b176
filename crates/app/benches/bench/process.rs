//! The shipped binary as a process: started, asked, measured, ended.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::cpu;
use crate::service::clock;

/// Between two looks at a process.
const WATCH_EVERY: Duration = Duration::from_millis(2);

/// A running service.
pub(crate) struct Service {
    child: Child,
    port: u16,
    pub(crate) database: PathBuf,
}

impl Service {
    /// Starts it on a directory against an upstream. It is not ready yet when this returns.
    pub(crate) fn start(directory: &Path, upstream: u16) -> anyhow::Result<Self> {
        let rest = format!(
            "pipelines:\n  upstream:\n    source: {{ http_poll: {{ url: \"http://127.0.0.1:{upstream}/alerts\", allow_private: \"127.0.0.1:{upstream}\" }} }}\n    adapter: seed_a\n    enrich: [ geo: {{ of: dst_ip, database: builtin }}, user: {{ of: src_ip, table: demo }} ]\n    alerts: all\n"
        );
        Self::start_with(directory, &rest)
    }

    /// The same with a configuration of one's own, but for store and server.
    pub(crate) fn start_with(directory: &Path, rest: &str) -> anyhow::Result<Self> {
        Self::spawn(directory, rest, &["--quiet"], Stdio::inherit())
    }

    /// The same with what the service says of its life in a file.
    pub(crate) fn start_logging(directory: &Path, rest: &str, log: &Path) -> anyhow::Result<Self> {
        let log = Stdio::from(File::create(log)?);
        Self::spawn(directory, rest, &["-v", "--log-format", "text"], log)
    }

    fn spawn(directory: &Path, rest: &str, flags: &[&str], log: Stdio) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let database = directory.join("data/cresset.db");
        let config = format!(
            "version: 1\nstore: {{ sqlite: {{ path: {} }} }}\nserver: {{ listen: 127.0.0.1:{port} }}\n{rest}",
            database.display()
        );
        let file = directory.join("cresset.yaml");
        std::fs::write(&file, config)?;
        let child = Command::new(env!("CARGO_BIN_EXE_cresset"))
            .args(flags)
            .args(["run", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("start the binary")?;
        Ok(Self {
            child,
            port,
            database,
        })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it says that it is ready.
    pub(crate) fn ready(&self) -> anyhow::Result<()> {
        for _ in 0..10_000 {
            if self.get("/readyz").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("the service did not get ready")
    }

    /// Waits until its source has ended a turn, and returns it.
    pub(crate) fn turn(&self) -> anyhow::Result<Value> {
        for _ in 0..6_000 {
            std::thread::sleep(Duration::from_millis(50));
            let Ok((200, body)) = self.get("/api/v1/sources/upstream") else {
                continue;
            };
            let source: Value = serde_json::from_slice(&body)?;
            if source["turns"].as_u64() > Some(0) {
                return Ok(source);
            }
        }
        bail!("the service did not end a turn")
    }

    /// Asks for a path.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        self.exchange(&format!("GET {path}"), "", &[])
    }

    /// Pushes JSON to a path, and says what was answered.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> anyhow::Result<u16> {
        let head = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let (status, _) = self.exchange(&format!("POST {path}"), &head, body)?;
        Ok(status)
    }

    fn exchange(&self, what: &str, head: &str, body: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let request = format!(
            "{what} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n{head}\r\n",
            self.port
        );
        stream.write_all(request.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .context("no head")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok((status, answer.split_off(end + 4)))
    }

    /// Processor time so far, user and system, in seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu::of_process(self.child.id())
    }

    /// Memory in MiB: `VmRSS` now or `VmHWM` at the peak.
    pub(crate) fn memory_mib(&self, name: &str) -> anyhow::Result<f64> {
        memory_mib(self.child.id(), name)
    }

    /// Lets `VmHWM` begin anew.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(
            format!("/proc/{}/clear_refs", self.child.id()),
            "5",
        )?)
    }

    /// Ends it in an orderly way.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let ended = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(ended.success(), "the service could not be told to stop");
        ensure!(self.child.wait()?.success(), "the service did not end well");
        Ok(())
    }
}

/// Memory of a process in MiB, by the name of a line of its status.
fn memory_mib(id: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .context("no such line")?;
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .context("no figure")?
        .parse()?;
    Ok(kib / 1_024.0)
}

/// What a process took from its start to its end.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// By the wall clock.
    pub(crate) wall_seconds: f64,
    /// User and system.
    pub(crate) cpu_seconds: f64,
    /// The most memory it had.
    pub(crate) peak_mib: f64,
    /// Its exit code.
    pub(crate) code: i32,
}

/// Starts the binary, lets `feed` have the process, and watches it until it ends: what it took of
/// processor and memory is seen to a few milliseconds.
pub(crate) fn watch(
    command: &mut Command,
    feed: impl FnOnce(&mut Child) -> anyhow::Result<()>,
) -> anyhow::Result<Usage> {
    let begun = clock();
    let mut child = command.spawn().context("start the binary")?;
    let mut usage = Usage::default();
    let id = child.id();
    let look = |usage: &mut Usage| {
        // A process that has ended has no memory any more: what was seen last counts.
        if let (Ok(cpu), Ok(peak)) = (cpu::of_process(id), memory_mib(id, "VmHWM")) {
            usage.cpu_seconds = cpu;
            usage.peak_mib = peak;
        }
    };
    feed(&mut child)?;
    let status = loop {
        look(&mut usage);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(WATCH_EVERY);
    };
    usage.wall_seconds = begun.elapsed().as_secs_f64();
    usage.code = status.code().context("the binary was killed")?;
    Ok(usage)
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
