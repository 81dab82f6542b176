//! The command line: names, flags, help. What a command does is in `commands`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cresset_model::time::parse_duration;

/// Turns raw security events into the few alerts that matter, explained and delivered.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 fine, 1 ran and the answer is no, 2 usage, 3 configuration invalid,
4 cannot reach server or upstream, 5 conflict, 6 partly done, 130 interrupted";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The running service to talk to
    #[arg(
        long,
        global = true,
        env = "CRESSET_URL",
        default_value = "http://127.0.0.1:8000"
    )]
    pub(crate) url: String,
    /// Output: human on a terminal and ndjson when piped, unless set
    #[arg(short = 'o', long, global = true, value_enum)]
    pub(crate) format: Option<Format>,
    /// Log more: -v info, -vv debug, -vvv trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log form: text on a terminal and json otherwise, unless set
    #[arg(long, global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
}

/// How logs are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON document a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything at once: flaky upstream, service and page
    #[command(
        after_help = "Examples:\n  cresset demo\n  cresset demo --keep data/demo\n  HOST_PORT_INGESTOR=9000 cresset demo"
    )]
    Demo(Demo),
    /// Run the service
    #[command(after_help = "Example:\n  cresset run -c config/minimal.yaml")]
    Run(Run),
    /// Check a configuration and list every fault
    #[command(after_help = "Example:\n  cresset validate config/minimal.yaml")]
    Validate(Validate),
    /// Invent security events
    #[command(
        after_help = "Examples:\n  cresset produce --count 10\n  cresset produce --to file --out events.ndjson --count 1000000 --seed 7\n  cresset produce --to http --source nullify --rate 50"
    )]
    Produce(Produce),
    /// The core as a filter: events in, enriched events out, one a line
    #[command(
        after_help = "Examples:\n  cresset pipe -c config/nullify-embedded.yaml < events.ndjson > enriched.ndjson\n  cresset produce --count 1000 | cresset pipe -c config/nullify-embedded.yaml --rejected bad.ndjson"
    )]
    Pipe(Pipe),
    /// Run the flaky upstream alone
    #[command(
        after_help = "Examples:\n  cresset mock --failure-rate 0.5 --delay 1s\n  cresset mock --honest --pattern ok,500,500,ok"
    )]
    Mock(Mock),
    /// Recompute the books from the tables of a data directory
    #[command(after_help = "Example:\n  cresset verify data")]
    Verify(Verify),
    /// Copy the store of a data directory as a whole, while its service goes on
    #[command(
        after_help = "Example:\n  cresset backup data backups/monday\n\nTo restore, stop the service and put the file in place of the data directory's."
    )]
    Backup(Backup),
    /// Health, sources and counts of a running service
    Status,
    /// Run a sync now
    #[command(after_help = "Examples:\n  cresset sync\n  cresset sync upstream-alerts --wait")]
    Sync(Sync),
    /// List and show alerts
    #[command(subcommand)]
    Alerts(Alerts),
    /// List, show and redrive dead letters
    #[command(subcommand)]
    Dlq(Dlq),
    /// List, show and retry notifications, and test receivers
    #[command(subcommand)]
    Outbox(Outbox),
    /// Commands to a running service about its configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the data in this directory, and go on from there the next time
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Show events, threats and notifications instead of a polled upstream
    #[arg(long, conflicts_with_all = ["chaos", "fast"])]
    pub(crate) nullify: bool,
    /// How often the upstream fails, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.2, value_parser = share)]
    pub(crate) chaos: f64,
    /// A quick upstream: answers after 0.2 s instead of 3 s
    #[arg(long)]
    pub(crate) fast: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The configuration
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Produce {
    /// Where they go: a service is the one of --url
    #[arg(long, value_enum, default_value_t = To::Stdout)]
    pub(crate) to: To,
    /// The file of --to file; events.ndjson if absent
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The push source of --to http
    #[arg(long, value_name = "NAME", default_value = "nullify")]
    pub(crate) source: String,
    /// Events a second; 0 makes as many as it can
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) rate: u32,
    /// How many; without end if absent
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// The same seed makes the same events
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Harmless events come from this many addresses, few of which send most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) talkers: Option<u32>,
}

/// Where produced events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum To {
    /// Standard output.
    Stdout,
    /// A file.
    File,
    /// A running service, by push.
    Http,
}

#[derive(Debug, Args)]
pub(crate) struct Pipe {
    /// The configuration
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The pipeline; the first of the file if absent
    #[arg(long, value_name = "NAME")]
    pub(crate) pipeline: Option<String>,
    /// Where rejected records go; standard error if absent
    #[arg(long, value_name = "FILE")]
    pub(crate) rejected: Option<PathBuf>,
    /// Worker threads; one for each core if absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The configuration
    #[arg(value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The data directory, or the database file in it
    #[arg(value_name = "DATA_DIR")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The data directory, or the database file in it
    #[arg(value_name = "DATA_DIR")]
    pub(crate) data: PathBuf,
    /// The directory for the copy, made if it is missing
    #[arg(value_name = "TO_DIR")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The source; all of them if absent
    pub(crate) source: Option<String>,
    /// Wait until it has ended; exit 1 if it failed
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Alerts {
    /// List the newest alerts, all or those that match a query
    #[command(
        after_help = "Examples:\n  cresset alerts list 'severity:>=high country:RU,CN from:-6h'\n  cresset alerts list -o ndjson --limit 1000"
    )]
    List(AlertsList),
    /// Show one alert with everything that explains it
    Show {
        /// Its id
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AlertsList {
    /// The query
    pub(crate) query: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: u64,
    /// Exit 1 if nothing matches
    #[arg(long)]
    pub(crate) fail_empty: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List dead letters
    List(DlqList),
    /// Show one dead letter with its raw record
    Show {
        /// Its id
        id: String,
    },
    /// Put dead letters through the pipeline again
    #[command(
        after_help = "Examples:\n  cresset dlq redrive --all --dry-run\n  cresset dlq redrive 3F8Z…"
    )]
    Redrive(DlqRedrive),
}

#[derive(Debug, Args)]
pub(crate) struct DlqList {
    /// Only of this source
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Only with this reason, such as `missing_field`
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Resolved ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DlqRedrive {
    /// The dead letters
    #[arg(required_unless_present = "all", conflicts_with_all = ["all", "source", "reason"])]
    pub(crate) ids: Vec<String>,
    /// All open ones, or those of --source and --reason
    #[arg(long)]
    pub(crate) all: bool,
    /// With --all: only of this source
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// With --all: only with this reason
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List deliveries, newest first
    #[command(
        after_help = "Examples:\n  cresset outbox list --state dead\n  cresset outbox list --receiver soc"
    )]
    List(OutboxList),
    /// Show one delivery with its attempts and its body
    Show {
        /// Its id
        id: String,
    },
    /// Try dead and waiting deliveries again now
    #[command(after_help = "Example:\n  cresset outbox retry 3F8Z…")]
    Retry {
        /// The deliveries
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Send a test message by each notifier of a receiver
    #[command(after_help = "Example:\n  cresset outbox test soc")]
    Test {
        /// The receiver's name
        receiver: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OutboxList {
    /// Only to this receiver, such as soc, or by this notifier of it, such as soc/0
    #[arg(long)]
    pub(crate) receiver: Option<String>,
    /// Only in this state: pending, leased, sent or dead
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only those that tell of this alert
    #[arg(long, value_name = "ID")]
    pub(crate) alert: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Take over the changed file: all of it, or nothing and say why
    Reload,
}

#[derive(Debug, Args)]
pub(crate) struct Mock {
    /// The port; `HOST_PORT_MOCK_API` or 8001 if absent
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// A geography service in ip-api.com's form instead of the upstream
    #[arg(long)]
    pub(crate) geo: bool,
    /// How often an answer is a failure, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.2, value_parser = share)]
    pub(crate) failure_rate: f64,
    /// How long each answer takes
    #[arg(long, default_value = "3s", value_parser = duration)]
    pub(crate) delay: Duration,
    /// Keep what was issued, obey `since` and page
    #[arg(long)]
    pub(crate) honest: bool,
    /// A fixed sequence of answers, repeated, in place of the failure rate: ok, cut, or a status from 300
    /// to 599, such as ok,500,429,cut
    #[arg(long)]
    pub(crate) pattern: Option<String>,
    /// The same seed tells the same story
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// With --honest: alerts made each second; 0 makes 1 to 5 for each request
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// With --honest: the longest page
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) page_size: u32,
    /// With --honest: `since` excludes the instant it names
    #[arg(long)]
    pub(crate) exclusive: bool,
    /// Answer at most this many requests a minute; the others get a 429 with Retry-After
    #[arg(long, value_name = "N")]
    pub(crate) rate_limit: Option<u32>,
    /// Share of malformed records, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) malformed: f64,
    /// Share of repeated records, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) duplicate: f64,
    /// Share of records that come late, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) late: f64,
    /// Share of records dated in the future, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) future: f64,
    /// Share of records that update an earlier one, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) updated: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "a number from 0 to 1 is expected".to_owned())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("it lies outside 0 to 1".to_owned())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "a number is expected".to_owned())?;
    if (0.0..=100_000.0).contains(&value) {
        Ok(value)
    } else {
        Err("it lies outside 0 to 100000".to_owned())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "write a whole number and a unit, such as 3s or 50ms".to_owned())
}
