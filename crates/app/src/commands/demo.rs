//! `cresset demo`: the flaky upstream and the service in one process, on a fresh data directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::alert::{AlertRow, Change, ChangeKind};
use cresset_model::ports::Store as _;
use cresset_sim::mock_api::{self, MockConfig};
use tokio::net::TcpListener;

use crate::cli::Demo;
use crate::clock::SystemClock;
use crate::config::{Config, Environment, Ports};
use crate::exit::Exit;
use crate::output::{push, text, visible};
use crate::service::{Service, Start, bind};
use crate::signals::Signals;

/// How long the upstream takes for an answer, as the original's.
const DELAY: Duration = Duration::from_secs(3);
/// The same with `--fast`.
const DELAY_FAST: Duration = Duration::from_millis(200);
/// How often arrivals are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Arrivals printed at once; of more only the number is told.
const PRINT_MAX: usize = 20;

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(flags: Demo) -> anyhow::Result<Exit> {
    let environment = Environment::load()?;
    let ports = environment.ports()?;
    let signals = Signals::listen()?;
    let api = listen(ports.api, "HOST_PORT_INGESTOR").await?;
    let dashboard = listen(ports.dashboard, "HOST_PORT_DASHBOARD").await?;
    let data = DataDirectory::of(&flags)?;
    let (config, upstream, text_of) = if flags.nullify {
        (
            Config::demo_nullify(ports, &data.path),
            None,
            welcome_nullify(ports, &data),
        )
    } else {
        let delay = if flags.fast { DELAY_FAST } else { DELAY };
        let upstream = mock(&flags, ports, delay).await?;
        let welcome = welcome(ports, &data, &flags, delay);
        (Config::demo(ports, &data.path), Some(upstream), welcome)
    };
    let start = Start {
        config: &config,
        file: None,
        environment: &environment,
        hangups: None,
        listeners: vec![api, dashboard],
    };
    text(&text_of)?;
    let service = Service::start(start).await?;
    // The console receiver tells of seed B's threats itself.
    let arrivals =
        (!flags.nullify).then(|| tokio::spawn(print_arrivals(Arc::clone(&service.store))));
    service.until(signals.stop()).await?;
    if let Some(arrivals) = arrivals {
        arrivals.abort();
    }
    service.stop().await?;
    if let Some(upstream) = upstream {
        upstream.abort();
    }
    data.leave()?;
    Ok(Exit::Ok)
}

type Upstream = tokio::task::JoinHandle<Result<(), mock_api::MockError>>;

async fn mock(flags: &Demo, ports: Ports, delay: Duration) -> anyhow::Result<Upstream> {
    let listener = listen(ports.mock, "HOST_PORT_MOCK_API").await?;
    let mock = MockConfig {
        failure_rate: flags.chaos,
        delay,
        ..MockConfig::default()
    };
    let clock = Arc::new(SystemClock);
    let forever = std::future::pending::<()>();
    Ok(tokio::spawn(mock_api::serve(
        listener, mock, clock, forever,
    )))
}

fn welcome_nullify(ports: Ports, data: &DataDirectory) -> String {
    let Ports { api, dashboard, .. } = ports;
    let kept = data.kept();
    format!(
        "Cresset is running: invented events, enriched, tested for threats, told. Ctrl-C stops it.

  page      http://127.0.0.1:{api}/       and http://127.0.0.1:{dashboard}/
  API       http://127.0.0.1:{api}/docs
  events    {path}/events   every event with its place and its threat, one a line
  data      {path} ({kept})

Try it, from another terminal:
  cresset outbox list                            what was told to whom
  cresset alerts list 'severity:high'            the threats
  curl http://127.0.0.1:{api}/api/v1/deliveries  the same, as JSON

Notifications, as the console receiver logs them:
",
        path = data.path.display(),
    )
}

async fn listen(port: u16, variable: &str) -> anyhow::Result<TcpListener> {
    bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), variable).await
}

/// Where the demo keeps its data.
struct DataDirectory {
    path: PathBuf,
    kept: bool,
}

impl DataDirectory {
    fn of(flags: &Demo) -> anyhow::Result<Self> {
        if let Some(path) = &flags.keep {
            return Ok(Self {
                path: path.clone(),
                kept: true,
            });
        }
        let path = std::env::temp_dir().join(format!("cresset-demo-{}", std::process::id()));
        // A directory that is there already is somebody else's: never used, never removed.
        std::fs::create_dir(&path).with_context(|| format!("make `{}`", path.display()))?;
        Ok(Self { path, kept: false })
    }

    fn kept(&self) -> &'static str {
        if self.kept {
            "kept"
        } else {
            "removed at the end; --keep DIR keeps it"
        }
    }

    fn leave(self) -> anyhow::Result<()> {
        if self.kept {
            return Ok(());
        }
        std::fs::remove_dir_all(&self.path)
            .with_context(|| format!("remove `{}`", self.path.display()))
    }
}

fn welcome(ports: Ports, data: &DataDirectory, flags: &Demo, delay: Duration) -> String {
    let Ports {
        api,
        mock,
        dashboard,
    } = ports;
    let kept = data.kept();
    let seconds = delay.as_secs_f64();
    let chaos = flags.chaos * 100.0;
    format!(
        "Cresset is running. Ctrl-C stops it.

  page      http://127.0.0.1:{api}/       and http://127.0.0.1:{dashboard}/
  API       http://127.0.0.1:{api}/docs
  upstream  http://127.0.0.1:{mock}/docs   a mock: takes {seconds} s for an answer and fails {chaos:.0} % of the time
  data      {path} ({kept})

Try it, from another terminal:
  curl -X POST http://127.0.0.1:{api}/sync                                        fetch more alerts now
  curl 'http://127.0.0.1:{api}/alerts?severity=critical'                          the critical ones
  curl http://127.0.0.1:{mock}/config -H 'content-type: application/json' -d '{{\"failure_rate\": 1.0}}'
                                                                              let the upstream fail, sync, see red
  curl http://127.0.0.1:{api}/config -H 'content-type: application/json' -d '{{\"sync_interval_minutes\": 1}}'
                                                                              poll each minute instead of each 30

`cresset demo --nullify` shows the other side: events, threats, notifications.

Alerts as they arrive:
",
        path = data.path.display(),
    )
}

/// Follows the change log and prints what it says.
async fn print_arrivals(store: Arc<SqliteStore>) {
    let mut cursor = store.head();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let head = store.head();
        if head == cursor {
            continue;
        }
        let Ok(changes) = store.changes(cursor, PRINT_MAX).await else {
            continue;
        };
        cursor = head;
        let mut lines: String = changes.iter().filter_map(line).collect();
        let last = changes.last().map_or(head, |change| change.position);
        if head > last {
            push(&mut lines, format_args!("... and {} more\n", head - last));
        }
        if text(&lines).is_err() {
            return;
        }
    }
}

fn line(change: &Change) -> Option<String> {
    let AlertRow {
        severity,
        source,
        src_ip,
        user,
        dst_ip,
        country,
        description,
        created_at,
        ..
    } = change.row.as_ref()?;
    let dst_ip = dst_ip.map_or_else(|| "nowhere".to_owned(), cresset_model::ip::to_string);
    let kind = match change.kind {
        ChangeKind::New => "",
        ChangeKind::Changed => " (changed)",
    };
    Some(format!(
        "{time}  {severity:<8}  {source:<13}  {src_ip} ({user}) -> {dst_ip} ({country})  {text}{kind}\n",
        time = created_at.to_z().get(11..19).unwrap_or_default(),
        severity = severity.as_str(),
        user = visible(user.as_deref().unwrap_or("unknown")),
        country = country.as_deref().unwrap_or("no country"),
        text = visible(description),
    ))
}
