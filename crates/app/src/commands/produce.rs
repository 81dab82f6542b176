//! `cresset produce`: invented events, to standard output, a file, or a running service.

use std::io::{ErrorKind, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::api_client::ApiClient;
use cresset_model::ports::Clock;
use cresset_sim::producer::{Pace, Producer, ProducerConfig};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::cli::{Produce, To};
use crate::clock::SystemClock;
use crate::exit::{Exit, Failure};
use crate::output::complain;
use crate::signals::Signals;

/// Events made at once.
const BATCH: u64 = 1_000;
/// Batches that wait to be written.
const BATCHES_WAITING_MAX: usize = 2;
/// The shortest time between two batches of a paced production.
const TICK: Duration = Duration::from_millis(100);
/// Tries of one push before the production gives up.
const PUSH_TRIES: u32 = 10;
/// Between two tries, if the service names no time.
const PUSH_PAUSE: Duration = Duration::from_secs(1);
/// The same at most, whatever the service names.
const PUSH_PAUSE_MAX: Duration = Duration::from_secs(30);
/// How often progress is told on a terminal.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// How long an interrupted production may take to write its last line to the end.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// Produces until the count is reached or somebody interrupts.
pub(crate) async fn run(flags: Produce, url: &str) -> anyhow::Result<Exit> {
    let signals = Signals::listen()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut target = Target::new(&flags, url, &*clock)?;
    let config = ProducerConfig {
        seed: flags.seed,
        talkers: flags.talkers,
    };
    let producer = Producer::new(config, clock);
    tokio::select! {
        // A production that never has to wait must not keep signals from being seen.
        biased;
        () = signals.stop() => {
            // A reader that has stopped reading must not keep the process from ending either.
            drop(tokio::time::timeout(STOP_WITHIN, target.finish()).await);
            return Ok(Exit::Interrupted);
        }
        ended = produce(&flags, producer, &mut target) => match ended {
            // Whoever reads has seen enough, as `head` has.
            Err(error) if is_broken_pipe(&error) => return Ok(Exit::Ok),
            ended => ended?,
        },
    }
    Ok(Exit::Ok)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

async fn produce(
    flags: &Produce,
    mut producer: Producer,
    target: &mut Target,
) -> anyhow::Result<()> {
    let mut progress = Progress::new();
    let mut pace = Pace::new(flags.rate);
    let (mut made, mut owed) = (0, 0);
    while flags.count.is_none_or(|count| made < count) {
        let left = flags.count.map_or(u64::MAX, |count| count - made);
        if flags.rate == 0 {
            owed = BATCH;
        } else {
            owed += pace.take(progress.begun.elapsed());
        }
        let due = owed.min(left).min(BATCH);
        if due == 0 {
            tokio::time::sleep(TICK).await;
            continue;
        }
        let mut events = Vec::new();
        producer.write_many(usize::try_from(due)?, &mut events);
        target.take(events, made).await?;
        made += due;
        owed -= due;
        progress.tell(made);
        tokio::task::yield_now().await;
    }
    target.finish().await?;
    progress.sum_up(made);
    Ok(())
}

/// Tells how it goes, on a terminal only.
struct Progress {
    begun: Instant,
    told: Instant,
    shown: bool,
}

impl Progress {
    fn new() -> Self {
        let begun = Instant::now();
        Self {
            begun,
            told: begun,
            shown: std::io::stderr().is_terminal(),
        }
    }

    fn tell(&mut self, made: u64) {
        if self.shown && self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            self.sum_up(made);
        }
    }

    fn sum_up(&self, made: u64) {
        if !self.shown {
            return;
        }
        let millis = self.begun.elapsed().as_millis().max(1);
        let rate = u128::from(made) * 1_000 / millis;
        complain(&format!("{made} events, {rate}/s"));
    }
}

/// Where events go.
enum Target {
    Lines(LineWriter),
    Service {
        client: ApiClient,
        path: String,
        run: i64,
    },
}

impl Target {
    fn new(flags: &Produce, url: &str, clock: &dyn Clock) -> anyhow::Result<Self> {
        Ok(match flags.to {
            To::Stdout => Self::Lines(LineWriter::start(Box::new(std::io::stdout()))?),
            To::File => {
                let path = flags.out.clone();
                let path = path.unwrap_or_else(|| PathBuf::from("events.ndjson"));
                let file = std::fs::File::create(&path)
                    .with_context(|| format!("create `{}`", path.display()))?;
                Self::Lines(LineWriter::start(Box::new(file))?)
            }
            To::Http => Self::Service {
                client: ApiClient::new(url)
                    .map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?,
                path: format!("/api/v1/events/{}", crate::client::escape(&flags.source)),
                run: clock.now().nanos(),
            },
        })
    }

    /// Hands a batch on; `first` is the number of its first event.
    async fn take(&mut self, events: Vec<u8>, first: u64) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines) => lines.take(events).await,
            Self::Service { client, path, run } => {
                let key = format!("produce-{run}-{first}");
                push(client, path, &key, events).await
            }
        }
    }

    /// Waits until everything is where it goes.
    async fn finish(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines) => lines.finish().await,
            Self::Service { .. } => Ok(()),
        }
    }
}

/// Writes on a thread of its own that nobody joins: a pipe that nobody reads would hold up the process.
struct LineWriter {
    /// `None` after the end.
    batches: Option<mpsc::Sender<Vec<u8>>>,
    ended: oneshot::Receiver<std::io::Result<()>>,
}

impl LineWriter {
    fn start(mut writer: Box<dyn Write + Send>) -> std::io::Result<Self> {
        let (batches, mut waiting) = mpsc::channel::<Vec<u8>>(BATCHES_WAITING_MAX);
        let (end, ended) = oneshot::channel();
        let mut write_all = move || {
            while let Some(batch) = waiting.blocking_recv() {
                writer.write_all(&batch)?;
            }
            writer.flush()
        };
        let thread = std::thread::Builder::new().name("writer".to_owned());
        thread.spawn(move || {
            // Nobody may be waiting any more.
            drop(end.send(write_all()));
        })?;
        Ok(Self {
            batches: Some(batches),
            ended,
        })
    }

    async fn take(&mut self, events: Vec<u8>) -> anyhow::Result<()> {
        if let Some(batches) = &self.batches
            && batches.send(events).await.is_ok()
        {
            return Ok(());
        }
        // The writer has ended before its time, and says why.
        self.finish().await
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        self.batches = None;
        let ended = (&mut self.ended).await;
        Ok(ended.context("the writer failed")??)
    }
}

/// Pushes a batch, again and again under the same key while the service is busy or away.
async fn push(client: &ApiClient, path: &str, key: &str, events: Vec<u8>) -> anyhow::Result<()> {
    let mut last = String::new();
    for attempt in 1..=PUSH_TRIES {
        let mut pause = PUSH_PAUSE;
        match client.push(path, key, events.clone()).await {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Ok(answer) if matches!(answer.status, 409 | 429 | 503) => {
                pause = answer.retry_after.unwrap_or(pause).min(PUSH_PAUSE_MAX);
                last = format!("HTTP {}", answer.status);
            }
            Ok(answer) => {
                let text = crate::output::visible(&String::from_utf8_lossy(&answer.body));
                let message = format!(
                    "the service refuses events (HTTP {}): {text}",
                    answer.status
                );
                return Err(Failure::new(Exit::No, message).into());
            }
            Err(error) => last = error.to_string(),
        }
        if attempt < PUSH_TRIES {
            tokio::time::sleep(pause).await;
        }
    }
    let message = format!("the service took nothing in {PUSH_TRIES} tries: {last}");
    Err(Failure::new(Exit::Unreachable, message).into())
}
