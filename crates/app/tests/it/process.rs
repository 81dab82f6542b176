//! Starts the binary, talks to it over loopback, and ends it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

pub(super) use crate::ports::free_port;

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A process of the binary, killed when dropped.
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) port: u16,
}

/// An answer: status, all of its head, and body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// The binary with these arguments, in this directory, without the variables of the caller.
pub(super) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cresset"));
    command.args(arguments).current_dir(directory);
    for name in [
        "HOST_PORT_INGESTOR",
        "HOST_PORT_MOCK_API",
        "HOST_PORT_DASHBOARD",
        "CRESSET_URL",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(super) fn run(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a finished process wrote, with its exit code.
pub(super) fn said(output: &Output) -> (i32, String, String) {
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

impl Process {
    /// Starts a mock upstream and waits until it answers.
    pub(super) fn mock(directory: &Path, flags: &[&str]) -> Self {
        let port = free_port();
        let text = port.to_string();
        let mut arguments = vec!["mock", "--port", &text];
        arguments.extend(flags);
        Self::start(command(directory, &arguments), port, "/config")
    }

    /// Writes a configuration for this upstream, starts the service and waits until it is ready.
    pub(super) fn service(directory: &Path, upstream: u16) -> Self {
        let port = free_port();
        std::fs::write(
            directory.join("cresset.yaml"),
            configuration(port, upstream),
        )
        .unwrap();
        Self::start(
            command(directory, &["run", "-c", "cresset.yaml"]),
            port,
            "/readyz",
        )
    }

    /// Starts a command that listens on a port, and waits until a path answers with 200.
    pub(super) fn start(command: Command, port: u16, ready: &str) -> Self {
        Self::start_into(command, port, ready, Stdio::null())
    }

    /// [`Process::start`] with its standard output going elsewhere.
    pub(super) fn start_into(
        mut command: Command,
        port: u16,
        ready: &str,
        output: impl Into<Stdio>,
    ) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut process = Self { child, port };
        wait_until(|| {
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended before {ready}: {ended:?}");
            try_get(port, ready).is_some_and(|answer| answer.status == 200)
        });
        process
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        try_request(self.port, "GET", path, None).unwrap()
    }

    pub(super) fn post(&self, path: &str, body: Option<&str>) -> Answer {
        try_request(self.port, "POST", path, body).unwrap()
    }

    /// Waits until `/health` satisfies a condition, and returns it.
    pub(super) fn health(&self, mut is: impl FnMut(&Value) -> bool) -> Value {
        let mut health = Value::Null;
        wait_until(|| {
            health = self.get("/health").json();
            is(&health)
        });
        health
    }

    /// Ends it as a supervisor does, and returns its exit code.
    pub(super) fn terminate(mut self) -> i32 {
        signal(&self.child, "-TERM");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Ends it without a chance to tidy up.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a signal to a process that a test started.
pub(super) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A configuration that polls a mock on loopback.
pub(super) fn configuration(port: u16, upstream: u16) -> String {
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
  upstream:
    source:
      http_poll:
        url: http://127.0.0.1:{upstream}/alerts
        interval: 30m
        allow_private: 127.0.0.1:{upstream}
    adapter: seed_a
    enrich:
      - geo: {{ of: dst_ip, database: builtin }}
      - user: {{ of: src_ip, table: demo }}
    alerts: all
"
    )
}

/// Waits for a condition; fails the test when it never comes.
pub(super) fn wait_until(mut is: impl FnMut() -> bool) {
    let turns = PATIENCE.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..turns {
        if is() {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("waited {} s in vain", PATIENCE.as_secs());
}

pub(super) fn try_get(port: u16, path: &str) -> Option<Answer> {
    try_request(port, "GET", path, None)
}

fn try_request(port: u16, method: &str, path: &str, body: Option<&str>) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let body = body.unwrap_or_default();
    let mut request = head(port, method, path, body.len());
    if !body.is_empty() {
        request += "Content-Type: application/json\r\n";
    }
    request += &["\r\n", body].concat();
    stream.write_all(request.as_bytes()).ok()?;
    read_answer(stream)
}

/// The head of a request, without the empty line behind it.
pub(super) fn head(port: u16, method: &str, path: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n"
    )
}

/// Reads what comes until the connection ends.
pub(super) fn read_answer(mut stream: TcpStream) -> Option<Answer> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    let body = if chunked {
        unchunk(body)
    } else {
        body.to_owned()
    };
    Some(Answer {
        status,
        head: head.to_owned(),
        body,
    })
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    out
}
