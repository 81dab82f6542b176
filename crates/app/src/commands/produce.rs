//! `cresset produce`: invented events, to standard output, a file, or a running service.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::api_client::ApiClient;
use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use cresset_sim::producer::{Producer, ProducerConfig};

use crate::cli::{Produce, To};
use crate::clock::SystemClock;
use crate::exit::{Exit, Failure};
use crate::output::complain;
use crate::signals::Signals;

/// Events made at once.
const BATCH: u64 = 1_000;
/// The shortest time between two batches of a paced production.
const TICK: Duration = Duration::from_millis(100);
/// Tries of one push before the production gives up.
const PUSH_TRIES: u32 = 10;
/// How often progress is told on a terminal.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Where events go.
enum Target {
    Writer(Box<dyn Write + Send>),
    Service {
        client: ApiClient,
        path: String,
        run: i64,
    },
}

/// Produces until the count is reached or somebody interrupts.
pub(crate) async fn run(flags: Produce, url: &str) -> anyhow::Result<Exit> {
    let signals = Signals::listen()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut target = target(&flags, url, &*clock)?;
    let config = ProducerConfig {
        seed: flags.seed,
        talkers: flags.talkers,
    };
    let mut producer = Producer::new(config, Arc::clone(&clock));
    let production = produce(&flags, &mut producer, &mut target, &*clock);
    tokio::select! {
        ended = production => match ended {
            // Whoever reads has seen enough, as `head` has.
            Err(error) if is_broken_pipe(&error) => Ok(Exit::Ok),
            ended => ended.map(|()| Exit::Ok),
        },
        () = signals.stop() => Ok(Exit::Interrupted),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

fn target(flags: &Produce, url: &str, clock: &dyn Clock) -> anyhow::Result<Target> {
    Ok(match &flags.to {
        To::Stdout => Target::Writer(Box::new(std::io::stdout())),
        To::File => {
            let path = flags
                .out
                .clone()
                .unwrap_or_else(|| PathBuf::from("events.ndjson"));
            let file = std::fs::File::create(&path)
                .with_context(|| format!("create `{}`", path.display()))?;
            Target::Writer(Box::new(file))
        }
        To::Http => Target::Service {
            client: ApiClient::new(url)
                .map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?,
            path: format!("/api/v1/events/{}", crate::client::escape(&flags.source)),
            run: clock.now().nanos(),
        },
    })
}

async fn produce(
    flags: &Produce,
    producer: &mut Producer,
    target: &mut Target,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let begun = clock.now();
    let (mut made, mut told) = (0, begun);
    while flags.count.is_none_or(|count| made < count) {
        let left = flags.count.map_or(u64::MAX, |count| count - made);
        let due = due(flags.rate, clock.now().since(begun), made)
            .min(left)
            .min(BATCH);
        if due == 0 {
            tokio::time::sleep(TICK).await;
            continue;
        }
        let mut events = Vec::new();
        producer.write_many(usize::try_from(due)?, &mut events);
        target.take(events, made).await?;
        made += due;
        tell(made, begun, &mut told, clock);
    }
    if let Target::Writer(writer) = target {
        writer.flush()?;
    }
    Ok(())
}

/// Events that are due now at this rate; without one, as many as can be made.
fn due(rate: u64, elapsed: Duration, made: u64) -> u64 {
    if rate == 0 {
        return BATCH;
    }
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    (rate.saturating_mul(millis) / 1_000 + 1).saturating_sub(made)
}

fn tell(made: u64, begun: Timestamp, told: &mut Timestamp, clock: &dyn Clock) {
    let now = clock.now();
    if !std::io::stderr().is_terminal() || now.since(*told) < PROGRESS_EVERY {
        return;
    }
    *told = now;
    let millis = u64::try_from(now.since(begun).as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    complain(&format!(
        "{made} events, {}/s",
        made.saturating_mul(1_000) / millis
    ));
}

impl Target {
    async fn take(&mut self, events: Vec<u8>, first: u64) -> anyhow::Result<()> {
        match self {
            Self::Writer(writer) => Ok(writer.write_all(&events)?),
            Self::Service { client, path, run } => {
                push(client, path, &format!("produce-{run}-{first}"), events).await
            }
        }
    }
}

/// Pushes a batch, again and again under the same key while the service is busy or away.
async fn push(client: &ApiClient, path: &str, key: &str, events: Vec<u8>) -> anyhow::Result<()> {
    let mut last = String::new();
    for attempt in 0..PUSH_TRIES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        match client.push(path, key, events.clone()).await {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Ok(answer) if matches!(answer.status, 409 | 429 | 503) => {
                last = format!("HTTP {}", answer.status);
            }
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                return Err(
                    Failure::new(Exit::No, format!("the service refuses events: {text}")).into(),
                );
            }
            Err(error) => last = error.to_string(),
        }
    }
    let message = format!("the service took nothing in {PUSH_TRIES} tries: {last}");
    Err(Failure::new(Exit::Unreachable, message).into())
}
