//! The two programs of a run: the upstream that misbehaves, and the service under test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::deliveries::Row;
use super::http::{get, post};
use super::judge::Records;
use super::process::{Process, free_port, wait_until};

/// How long a program may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);
/// How long a sync may take to succeed once the upstream behaves.
const SYNC_MAX: Duration = Duration::from_mins(1);

/// Waits between the tries of a delivery: more than a run has tries.
const RETRIES: usize = 32;
/// The database, in the data directory.
pub(crate) const DATABASE: &str = "cresset.db";

/// The upstream.
pub(crate) struct Mock {
    process: Process,
    pub(crate) port: u16,
}

impl Mock {
    /// Starts it, busy and in a bad mood.
    pub(crate) fn start(program: &Path, folder: &Path, seed: u64) -> anyhow::Result<Self> {
        let port = free_port()?;
        let words = format!(
            "mock --port {port} --honest --seed {seed} --rate 60 --page-size 25 --delay 50ms \
             --failure-rate 0.3 --malformed 0.05 --duplicate 0.1 --late 0.1 --updated 0.1"
        );
        let arguments: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let log = folder.join("mock.log");
        let mut process = Process::start("the mock", program, &arguments, &log)?;
        wait_until("the mock answers", START_MAX, || {
            process.check_running()?;
            Ok(get(port, "/config").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self { process, port })
    }

    /// Lets every answer succeed from now on.
    pub(crate) fn behave(&self) -> anyhow::Result<()> {
        post(self.port, "/config", r#"{"failure_rate": 0.0}"#)?.ok()?;
        Ok(())
    }

    /// What it really issued so far.
    pub(crate) fn truth(&self) -> anyhow::Result<Records> {
        let answer = get(self.port, "/truth")?;
        read_truth(answer.ok()?)
    }

    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.process.stop()
    }
}

/// Reads a line for each distinct alert in its newest content, and the summary behind them.
pub(crate) fn read_truth(lines: &str) -> anyhow::Result<Records> {
    let mut records = Records::default();
    let mut malformed = None;
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).context("a line of the truth is no JSON")?;
        match row.get("summary") {
            Some(summary) => malformed = summary.get("malformed_raw").cloned(),
            None => records.add_alert(&row, "id")?,
        }
    }
    let malformed = malformed.context("the truth has no summary")?;
    let distinct: BTreeSet<&str> = malformed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for raw in distinct {
        records.add_malformed(raw);
    }
    Ok(records)
}

/// The service: what stays the same over its restarts.
pub(crate) struct Service {
    program: PathBuf,
    folder: PathBuf,
    pub(crate) port: u16,
}

/// Where records are pushed.
pub(crate) const PUSH_PATH: &str = "/api/v1/events/pushed";

/// What the service keeps.
pub(crate) struct Kept {
    pub(crate) records: Records,
    /// Its own ids of the alerts.
    pub(crate) alerts: BTreeSet<String>,
}

impl Service {
    /// Writes the configuration of the campaign.
    pub(crate) fn new(
        program: &Path,
        folder: &Path,
        (mock_port, hook_port): (u16, u16),
    ) -> anyhow::Result<Self> {
        Self::with(program, folder, &pipelines(mock_port, hook_port))
    }

    /// Writes a configuration of these pipelines, routes and receivers.
    pub(crate) fn with(program: &Path, folder: &Path, pipelines: &str) -> anyhow::Result<Self> {
        let service = Self {
            program: program.to_path_buf(),
            folder: folder.to_path_buf(),
            port: free_port()?,
        };
        let data = service.data();
        std::fs::create_dir_all(&data).context("create the data folder")?;
        let text = format!(
            "version: 1\nstore: {{ sqlite: {{ path: \"{}\" }} }}\n\
             server: {{ listen: 127.0.0.1:{} }}\n{pipelines}",
            data.join(DATABASE).display(),
            service.port
        );
        std::fs::write(service.config(), text).context("write the configuration")?;
        Ok(service)
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("cresset.yaml")
    }

    /// Starts it and does not wait.
    pub(crate) fn start(&self) -> anyhow::Result<Process> {
        self.start_behind(&[], &[])
    }

    /// Starts it behind the words of another program, which runs it, and with these variables.
    pub(crate) fn start_behind(
        &self,
        words: &[String],
        variables: &[(&str, String)],
    ) -> anyhow::Result<Process> {
        let mut line = words.to_vec();
        for word in [
            &self.program,
            Path::new("run"),
            Path::new("-c"),
            &self.config(),
        ] {
            line.push(word.to_string_lossy().into_owned());
        }
        let (program, arguments) = line.split_first().context("a line has a program")?;
        let mut command = Command::new(program);
        command.args(arguments);
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        Process::spawn("the service", command, &self.log())
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("service.log")
    }

    /// Waits until it answers.
    pub(crate) fn wait_for_answers(&self, process: &mut Process) -> anyhow::Result<()> {
        wait_until("the service answers", START_MAX, || {
            process.check_running()?;
            Ok(get(self.port, "/health").is_ok_and(|answer| answer.status == 200))
        })
    }

    /// Asks for a sync and does not care whether it hears.
    pub(crate) fn poke(&self) {
        post(self.port, "/sync", "").ok();
    }

    /// Runs a sync from its beginning to its success.
    pub(crate) fn sync(&self) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}", self.port);
        wait_until("a sync succeeds", SYNC_MAX, || {
            self.command(&["sync", "upstream", "--wait", "--url", &url])
        })
    }

    /// Whether the tables prove the books.
    pub(crate) fn verify(&self) -> anyhow::Result<bool> {
        self.command(&["verify", &self.data().to_string_lossy()])
    }

    /// Runs a command of the program; whether it succeeded.
    pub(crate) fn command(&self, arguments: &[&str]) -> anyhow::Result<bool> {
        Ok(self.command_code(arguments)? == Some(0))
    }

    /// Runs a command of the program; its exit code.
    pub(crate) fn command_code(&self, arguments: &[&str]) -> anyhow::Result<Option<i32>> {
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("commands.log"))
            .context("open the log")?;
        let status = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("share the log")?)
            .stderr(log)
            .status()
            .context("run a command")?;
        Ok(status.code())
    }

    /// Everything it kept, page by page: alerts, and the records of dead letters.
    pub(crate) fn kept(&self) -> anyhow::Result<Kept> {
        let mut records = Records::default();
        let mut alerts = BTreeSet::new();
        self.pages("/api/v1/alerts?pipeline=upstream", |item| {
            alerts.insert(text_of(item, "id")?);
            records.add_alert(item, "upstream_id")
        })?;
        self.pages("/api/v1/alerts?pipeline=pushed", |item| {
            alerts.insert(text_of(item, "id")?);
            records.add_pushed(&text_of(item, "description")?);
            Ok(())
        })?;
        self.pages("/api/v1/dead-letters?", |item| {
            let id = text_of(item, "id")?;
            let letter = get(self.port, &format!("/api/v1/dead-letters/{id}"))?.json()?;
            let raw = letter.pointer("/raw/text").and_then(Value::as_str);
            records.add_malformed(raw.context("a dead letter has no record")?);
            Ok(())
        })?;
        Ok(Kept { records, alerts })
    }

    /// Its outbox.
    pub(crate) fn outbox(&self) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.pages("/api/v1/deliveries?", |item| {
            rows.push(Row::read(item)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Every item of a list.
    pub(crate) fn pages(
        &self,
        path: &str,
        mut take: impl FnMut(&Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut next = format!("{path}&limit=1000");
        loop {
            let page = get(self.port, &next)?.json()?;
            let items = page.get("items").and_then(Value::as_array);
            for item in items.context("a page has no `items`")? {
                take(item)?;
            }
            match page.get("next").and_then(Value::as_str) {
                None => return Ok(()),
                Some(cursor) => next = format!("{path}&limit=1000&cursor={cursor}"),
            }
        }
    }
}

pub(crate) fn text_of(item: &Value, name: &str) -> anyhow::Result<String> {
    let value = item.get(name).and_then(Value::as_str).map(str::to_owned);
    value.with_context(|| format!("an item has no `{name}`: {item}"))
}

/// One polled and one pushed pipeline. What was pushed and what is critical is told one by one, the rest in
/// groups, whose notifications have an order. No poll comes by itself while the judge looks.
fn pipelines(mock: u16, hook: u16) -> String {
    let receiver = |name: &str| {
        format!(
            "{{ name: {name}, retry: [ {} ], webhook: {{ url: \"http://127.0.0.1:{hook}/{name}\", \
             allow_private: \"127.0.0.1:{hook}\", timeout: 300ms }} }}",
            ["200ms"; RETRIES].join(", ")
        )
    };
    format!(
        r#"pipelines:
  upstream:
    source: {{ http_poll: {{ url: "http://127.0.0.1:{mock}/alerts", interval: 30m, max_pages: 1000,
                           allow_private: 127.0.0.1:{mock} }} }}
    adapter: seed_a
    enrich: [ geo: {{ of: dst_ip, database: builtin }}, user: {{ of: src_ip, table: demo }} ]
    alerts: all
  pushed:
    source: {{ push: {{}} }}
    adapter: nullify
    detect: [ threat: {{ severity: high }} ]
route:
  receiver: groups
  group_by: [ severity, source ]
  group_wait: 0s
  group_interval: 1s
  routes:
    - {{ receiver: each, group_by: [ "..." ], matchers: [ 'pipeline="pushed"' ] }}
    - {{ receiver: each, group_by: [ "..." ], matchers: [ 'severity="critical"' ] }}
receivers:
  - {}
  - {}
"#,
        receiver("groups"),
        receiver("each"),
    )
}
