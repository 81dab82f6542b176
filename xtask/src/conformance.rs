//! Checks the running service against the description of its API, with requests that fit it and requests
//! that do not: no server error, and every answer as it is described.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::crash::{Process, free_port, get, wait_until};
use crate::program::{self, release_binary};
use crate::python::Environment;

/// What makes the requests and judges the answers.
const TOOL: Environment = Environment {
    folder: "schemathesis",
    packages: &["schemathesis==4.32.5"],
    modules: "schemathesis",
};
/// Requests of each operation and phase; the same seed makes the same ones.
const EXAMPLES: &str = "25";
const SEED: &str = "1";
/// How long a program may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);

/// Runs the check; whether nothing was found.
pub(crate) fn run() -> anyhow::Result<bool> {
    let tool = TOOL.provide()?.join("bin/st");
    let program = release_binary()?;
    let folder = tempfile::tempdir().context("create a folder for the run")?;
    let (mock_port, port) = (free_port()?, free_port()?);
    let mock = format!(
        "mock --port {mock_port} --honest --seed 1 --rate 5 --failure-rate 0 --delay 0s --malformed 0.1"
    );
    let mock: Vec<String> = mock.split(' ').map(str::to_owned).collect();
    let mock = start(
        ("the mock", &program),
        folder.path(),
        &mock,
        (mock_port, "/config"),
    )?;
    let config = folder.path().join("cresset.yaml");
    let text = configuration(folder.path(), port, mock_port);
    std::fs::write(&config, text).context("write the configuration")?;
    let words = ["run", "-c", &config.to_string_lossy()].map(str::to_owned);
    let service = start(
        ("the service", &program),
        folder.path(),
        &words,
        (port, "/readyz"),
    )?;
    let settings = program::root().join("xtask/src/harness/schemathesis.toml");
    let passed = program::run_in(
        folder.path(),
        &tool.to_string_lossy(),
        &[
            "--config-file",
            &settings.to_string_lossy(),
            "run",
            &format!("http://127.0.0.1:{port}/openapi.json"),
            "--seed",
            SEED,
            "--max-examples",
            EXAMPLES,
            "--generation-database",
            "none",
            "--continue-on-failure",
            "--no-color",
        ],
        &[],
    )?;
    service.stop()?;
    mock.stop()?;
    Ok(passed)
}

fn start(
    (name, program): (&'static str, &Path),
    folder: &Path,
    words: &[String],
    (port, path): (u16, &str),
) -> anyhow::Result<Process> {
    let log = folder.join(format!("{}.log", name.replace(' ', "-")));
    let mut process = Process::start(name, program, words, &log)?;
    wait_until("it answers after its start", START_MAX, || {
        process.check_running()?;
        Ok(get(port, path).is_ok_and(|answer| answer.status == 200))
    })?;
    Ok(process)
}

/// One source of each kind that the API can command, and a receiver that takes everything.
fn configuration(folder: &Path, port: u16, mock: u16) -> String {
    format!(
        r#"version: 1
store: {{ sqlite: {{ path: "{}" }} }}
server: {{ listen: 127.0.0.1:{port} }}
retention: {{ alerts: never }}
pipelines:
  upstream:
    source:
      http_poll:
        url: "http://127.0.0.1:{mock}/alerts"
        allow_private: 127.0.0.1:{mock}
        chaos: {{ url: "http://127.0.0.1:{mock}/config", allow_private: 127.0.0.1:{mock} }}
    adapter: seed_a
  pushed: {{ source: {{ push: {{}} }}, adapter: nullify, alerts: all }}
route: {{ receiver: told }}
receivers: [ {{ name: told, console: {{}} }} ]
"#,
        folder.join("cresset.db").display()
    )
}
