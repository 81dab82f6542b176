//! The real binary as a process: the service, the mock upstream, the demo.

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::clock::Clock;
use crate::http::{self, Answer};
use crate::ports::free_port;
use crate::wait::{wait_for, wait_until};

/// What is started, and how it is asked.
pub(crate) struct Service {
    directory: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    pub(crate) port: u16,
    /// Every port at which a page may ask for something.
    pub(crate) ports: Vec<u16>,
    ready: &'static str,
    child: RefCell<Option<Child>>,
}

impl Service {
    /// A mock upstream.
    pub(crate) fn mock(
        directory: &Path,
        flags: &[&str],
        clock: Option<&Clock>,
    ) -> anyhow::Result<Self> {
        let port = free_port();
        let text = port.to_string();
        let mut arguments = vec!["mock", "--port", &text];
        arguments.extend(flags);
        let mut service = Self::new(directory, &arguments, port, "/config");
        service.variables = clock.map(Clock::variables).unwrap_or_default();
        service.start()?;
        Ok(service)
    }

    /// The service with a configuration in which `PORT` stands for its port.
    pub(crate) fn run(
        directory: &Path,
        configuration: &str,
        clock: Option<&Clock>,
    ) -> anyhow::Result<Self> {
        let port = free_port();
        let name = write(directory, port, configuration)?;
        let mut service = Self::new(directory, &["run", "-c", &name], port, "/readyz");
        service.variables = clock.map(Clock::variables).unwrap_or_default();
        service.start()?;
        Ok(service)
    }

    /// What a newcomer starts, with further flags; the page is asked at the port of the dashboard.
    pub(crate) fn demo(
        directory: &Path,
        flags: &[&str],
        clock: Option<&Clock>,
    ) -> anyhow::Result<Self> {
        let ports = [free_port(), free_port(), free_port()];
        let mut arguments = vec!["demo"];
        arguments.extend(flags);
        let mut service = Self::new(directory, &arguments, ports[2], "/readyz");
        service.variables = clock.map(Clock::variables).unwrap_or_default();
        let names = [
            "HOST_PORT_INGESTOR",
            "HOST_PORT_MOCK_API",
            "HOST_PORT_DASHBOARD",
        ];
        for (name, port) in names.into_iter().zip(ports) {
            service.variables.push((name, port.to_string()));
        }
        service.ports = ports.to_vec();
        service.start()?;
        Ok(service)
    }

    fn new(directory: &Path, arguments: &[&str], port: u16, ready: &'static str) -> Self {
        Self {
            directory: directory.to_owned(),
            arguments: arguments.iter().map(|&one| one.to_owned()).collect(),
            variables: Vec::new(),
            port,
            ports: vec![port],
            ready,
            child: RefCell::new(None),
        }
    }

    /// Where it writes what it logs.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join(format!("log-{}.txt", self.port))
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(&self) -> anyhow::Result<()> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cresset"));
        command
            .args(&self.arguments)
            .current_dir(&self.directory)
            .env_remove("CRESSET_URL")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.log())?);
        *self.child.borrow_mut() = Some(command.spawn().context("start the binary")?);
        wait_until("the service is ready", || {
            let answer = http::request(self.port, "GET", self.ready, None);
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        })
        .with_context(|| std::fs::read_to_string(self.log()).unwrap_or_default())
    }

    /// Starts it again with another configuration.
    pub(crate) fn configure(&self, configuration: &str) -> anyhow::Result<()> {
        self.kill()?;
        write(&self.directory, self.port, configuration)?;
        self.start()
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.borrow_mut().take() {
            child.kill()?;
            child.wait()?;
            Clock::tidy(child.id());
        }
        Ok(())
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Answer> {
        http::request(self.port, "GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> anyhow::Result<Answer> {
        http::request(self.port, "POST", path, Some(body))
    }

    /// Pushes records to a source, and says how many of them were new.
    pub(crate) fn push(&self, source: &str, records: &[Value]) -> anyhow::Result<u64> {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let answer = self.post(&format!("/api/v1/events/{source}"), &lines.join("\n"))?;
        ensure!(answer.status == 200, "pushing was refused: {answer:?}");
        answer.json()?["new"].as_u64().context("no number of new")
    }

    /// Waits until `/health` satisfies a condition, and returns it.
    pub(crate) fn health(&self, what: &str, is: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        wait_for(what, || {
            let health = self.get("/health")?.json()?;
            Ok(is(&health).then_some(health))
        })
    }
}

/// Writes a configuration and returns the file's name.
fn write(directory: &Path, port: u16, configuration: &str) -> anyhow::Result<String> {
    let name = format!("cresset-{port}.yaml");
    let configuration = configuration.replace("PORT", &port.to_string());
    std::fs::write(directory.join(&name), configuration)?;
    Ok(name)
}

impl Drop for Service {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        drop(self.kill());
    }
}
