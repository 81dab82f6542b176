//! The command line: names, flags, help. What a command does is in `commands`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cresset_model::time::parse_duration;

mod mock;

pub(crate) use mock::{Mock, NastyChoice};

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
    "Exit codes: 0 fine, 1 ran and the answer is no, 2 usage (doctor: something to mend), 3 configuration invalid,
4 cannot reach server or upstream, 5 conflict, 6 partly done, 130 interrupted";

const DOCTOR_HELP: &str = "Without DIR and --config the running service of --url is checked.

Exit codes: 0 all is well, 1 there are warnings, 2 something must be mended (or wrong usage, which checks
nothing).

Examples:
  cresset doctor data
  cresset doctor -c config/minimal.yaml
  cresset doctor --url http://127.0.0.1:8000 -o json";

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
        after_help = "Examples:\n  cresset mock --failure-rate 0.5 --delay 1s\n  cresset mock --honest --pattern ok,500,500,ok\n  cresset mock --nasty list\n  cresset mock --nasty slow_drip --port 8001"
    )]
    Mock(Mock),
    /// Recompute the books from the tables of a data directory
    #[command(after_help = "Example:\n  cresset verify data")]
    Verify(Verify),
    /// Check a data directory, a configuration with what it names, or the running service of --url
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Doctor),
    /// Copy the store of a data directory as a whole, while its service goes on
    #[command(
        after_help = "Example:\n  cresset backup data backups/monday\n\nTo restore, stop the service and put the file in place of the data directory's."
    )]
    Backup(Backup),
    /// Health, sources and counts of a running service
    Status,
    /// Run a sync now
    #[command(
        after_help = "Examples:\n  cresset sync\n  cresset sync upstream-alerts --wait\n  cresset sync upstream-alerts --force"
    )]
    Sync(Sync),
    /// List and show alerts
    #[command(subcommand)]
    Alerts(Alerts),
    /// List, count, show, export and redrive dead letters
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
pub(crate) struct Doctor {
    /// The data directory, or the database file in it
    #[arg(value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration: it, the tables it names, and its data directory
    #[arg(short, long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) config: Option<PathBuf>,
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
    /// Do not wait for an upstream that asked to be left alone (Retry-After)
    #[arg(long)]
    pub(crate) force: bool,
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
    #[command(after_help = "Example:\n  cresset dlq list --reason missing_field --since -6h")]
    List(DlqList),
    /// Count dead letters by reason and source, and say what was dropped
    #[command(after_help = "Example:\n  cresset dlq reasons --since -24h")]
    Reasons(DlqSelect),
    /// Show one dead letter with its raw record
    Show {
        /// Its id
        id: String,
    },
    /// Print dead letters with their raw records, one JSON document a line
    #[command(after_help = "Example:\n  cresset dlq export --source upstream-alerts > dead.ndjson")]
    Export(DlqSelect),
    /// Put dead letters through the pipeline of today again
    #[command(
        after_help = "Examples:\n  cresset dlq redrive --all --dry-run\n  cresset dlq redrive --reason missing_field --source upstream-alerts --since -6h --until -1h\n  cresset dlq redrive 3F8Z…"
    )]
    Redrive(DlqRedrive),
}

/// Which dead letters are meant.
#[derive(Debug, Args)]
pub(crate) struct DlqFilter {
    /// Only of this source
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Only with this reason, such as `missing_field`
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only those that came at this time or later, such as -6h or 2026-11-23T09:00:00Z
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Only those that first came before this time
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
}

impl DlqFilter {
    /// What is given, under its name.
    pub(crate) fn given(self) -> Vec<(&'static str, String)> {
        let all = [
            ("source", self.source),
            ("reason", self.reason),
            ("since", self.since),
            ("until", self.until),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct DlqList {
    #[command(flatten)]
    pub(crate) select: DlqSelect,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DlqSelect {
    #[command(flatten)]
    pub(crate) filter: DlqFilter,
    /// Resolved ones too
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DlqRedrive {
    /// The dead letters; all open ones that the other flags choose if absent
    #[arg(
        required_unless_present_any = ["all", "source", "reason", "since", "until"],
        conflicts_with_all = ["all", "source", "reason", "since", "until"]
    )]
    pub(crate) ids: Vec<String>,
    /// All open ones
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: DlqFilter,
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

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "write a whole number and a unit, such as 3s or 50ms".to_owned())
}
