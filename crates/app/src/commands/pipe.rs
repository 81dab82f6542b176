//! `cresset pipe`: the core as a filter. Lines in, enriched lines out; nothing is stored.

use std::io::{BufWriter, IsTerminal as _, Read as _, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use cresset_model::SourceId;
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::limits::RecordLimits;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Answers, Clock as _};
use cresset_model::tables::Tables;
use cresset_pipeline::decode::{LineSlicer, SlicedLines};
use cresset_pipeline::process::{AlertRule, Pipeline, Scratch};

use crate::cli::Pipe;
use crate::clock::SystemClock;
use crate::config::{self, Environment};
use crate::exit::{Exit, Failure};
use crate::output::complain;
use crate::plan::Plan;
use crate::signals::Signals;

/// Bytes read at once.
const READ_BYTES: usize = 256 << 10;
/// How long complete lines wait for a batch to fill.
const LINGER: Duration = Duration::from_millis(10);
/// Batches that wait for each worker.
const WAITING_MAX: usize = 2;
/// How often progress is told on a terminal.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Pieces of the input that are read ahead.
const PIECES_MAX: usize = 2;

/// What comes to whoever deals batches.
enum Input {
    Bytes(Vec<u8>),
    /// The input could not be read.
    Failed(std::io::Error),
    /// Somebody interrupts.
    Stop,
}

/// How the input ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Interrupted,
}

/// The workers, each with its queue of work and its queue of results.
struct Workers {
    work: Vec<SyncSender<SlicedLines>>,
    results: Vec<Receiver<Outcome>>,
}

/// Reads standard input to its end.
pub(crate) fn run(flags: &Pipe) -> anyhow::Result<Exit> {
    let environment = Environment::load()?;
    let config = config::load(&flags.config, &environment)
        .map_err(|faults| Failure::new(Exit::Invalid, faults.to_string()))?;
    let pipeline = match &flags.pipeline {
        None => config.pipelines.first(),
        Some(name) => config
            .pipelines
            .iter()
            .find(|pipeline| pipeline.name == *name),
    };
    let Some(pipeline) = pipeline else {
        let names: Vec<&str> = config.pipelines.iter().map(|it| it.name.as_str()).collect();
        let message = format!(
            "there is no such pipeline: the configuration has {}",
            names.join(", ")
        );
        return Err(Failure::new(Exit::Invalid, message).into());
    };
    let mut plan = Plan::new(pipeline, &config, true)?;
    // Nobody keeps them here.
    plan.spec.alerts = AlertRule::Nothing;
    let limits = plan.spec.limits;
    let core = Core {
        pipeline: Arc::new(Pipeline::new(plan.spec)),
        tables: Arc::new(plan.tables),
        source: pipeline.id.clone(),
    };
    let rejected: Box<dyn Write + Send> = match &flags.rejected {
        Some(path) => Box::new(BufWriter::new(
            std::fs::File::create(path).with_context(|| format!("create `{}`", path.display()))?,
        )),
        None => Box::new(std::io::stderr()),
    };
    let threads = flags.threads.map_or_else(cores, usize::from);
    let workers = core.start(threads);
    let writer = std::thread::spawn(move || write_all(&workers.results, rejected));
    let read = open_input().and_then(|input| deal_all(&input, &workers.work, limits));
    drop(workers.work);
    let written = writer
        .join()
        .map_err(|_| anyhow::anyhow!("the writer failed"))?;
    match (read, written) {
        // Whoever reads has seen enough, as `head` has.
        (_, Err(error)) if is_broken_pipe(&error) => Ok(Exit::Ok),
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(End::Interrupted), Ok(_)) => Ok(Exit::Interrupted),
        (Ok(End::Whole), Ok(tally)) => Ok(if tally.rejected > 0 {
            Exit::Partly
        } else {
            Exit::Ok
        }),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The pure part with what it asks.
#[derive(Clone)]
struct Core {
    pipeline: Arc<Pipeline>,
    tables: Arc<Tables>,
    source: SourceId,
}

impl Core {
    /// Batches are dealt to the workers in turn, and their results are taken in turn: the order stays.
    fn start(self, threads: usize) -> Workers {
        let mut workers = Workers {
            work: Vec::new(),
            results: Vec::new(),
        };
        for _ in 0..threads.max(1) {
            let (work, queue) = sync_channel::<SlicedLines>(WAITING_MAX);
            let (done, results) = sync_channel(WAITING_MAX);
            let core = self.clone();
            std::thread::spawn(move || {
                let mut scratch = Scratch::default();
                for lines in queue {
                    if done.send(core.decide(lines, &mut scratch)).is_err() {
                        return;
                    }
                }
            });
            workers.work.push(work);
            workers.results.push(results);
        }
        workers
    }

    fn decide(&self, lines: SlicedLines, scratch: &mut Scratch) -> Outcome {
        let now = SystemClock.now();
        let batch = RawBatch {
            source: self.source.clone(),
            sequence: 0,
            received: now,
            epoch: 0,
            fetch: 0,
            first_place: 0,
            identity: BatchIdentity::Offset {
                key: 0,
                base: lines.base,
            },
            bytes: lines.bytes,
            records: lines.records,
        };
        let prepared = self.pipeline.prepare(batch, scratch);
        self.pipeline
            .finish(&self.tables, prepared, &Answers::default(), now, scratch)
    }
}

/// Reads the standard input, and listens for Ctrl-C and SIGTERM, each on a thread that nobody waits for: a
/// read of a pipe cannot be broken off.
fn open_input() -> anyhow::Result<Receiver<Input>> {
    let (sender, input) = sync_channel(PIECES_MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the listener for signals")?;
    let signals = {
        let _entered = runtime.enter();
        Signals::listen()?
    };
    let stop = sender.clone();
    std::thread::spawn(move || {
        runtime.block_on(async {
            signals.stop().await;
            // Whoever deals has ended already, if nobody takes it.
            drop(stop.send(Input::Stop));
            std::future::pending::<()>().await;
        });
    });
    std::thread::spawn(move || read_all(&sender));
    Ok(input)
}

/// Hands on what is read; an empty piece is the end.
fn read_all(sender: &SyncSender<Input>) {
    let mut input = std::io::stdin().lock();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let piece = match input.read(&mut buffer) {
            Ok(read) => Input::Bytes(buffer.get(..read).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => Input::Failed(error),
        };
        let is_last = match &piece {
            Input::Bytes(bytes) => bytes.is_empty(),
            Input::Failed(_) | Input::Stop => true,
        };
        if sender.send(piece).is_err() || is_last {
            return;
        }
    }
}

/// Deals batches until the input ends, somebody interrupts, or nobody takes them any more. What has come by
/// then goes through, but for a line whose end has not.
fn deal_all(
    input: &Receiver<Input>,
    work: &[SyncSender<SlicedLines>],
    limits: RecordLimits,
) -> anyhow::Result<End> {
    let mut slicer = LineSlicer::new(limits, 0);
    let mut turn = work.iter().cycle();
    let mut deal =
        |lines: SlicedLines| turn.next().is_some_and(|worker| worker.send(lines).is_ok());
    let mut end = End::Interrupted;
    loop {
        let piece = match input.recv_timeout(LINGER) {
            Err(RecvTimeoutError::Timeout) => {
                if slicer.take_complete().is_some_and(|lines| !deal(lines)) {
                    return Ok(End::Whole);
                }
                input.recv().ok()
            }
            piece => piece.ok(),
        };
        let bytes = match piece {
            Some(Input::Bytes(bytes)) => bytes,
            Some(Input::Failed(error)) => return Err(error).context("read standard input"),
            Some(Input::Stop) | None => break,
        };
        if bytes.is_empty() {
            slicer.finish();
            end = End::Whole;
            break;
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let taken = slicer.feed(rest);
            rest = rest.get(taken..).unwrap_or_default();
            while let Some(lines) = slicer.take_full() {
                if !deal(lines) {
                    return Ok(End::Whole);
                }
            }
        }
    }
    while let Some(lines) = slicer.take_rest() {
        if !deal(lines) {
            break;
        }
    }
    Ok(end)
}

/// What went through.
#[derive(Default)]
struct Tally {
    read: u64,
    written: u64,
    rejected: u64,
    misses: u64,
}

fn write_all(
    results: &[Receiver<Outcome>],
    mut rejected: Box<dyn Write + Send>,
) -> anyhow::Result<Tally> {
    let mut out = std::io::stdout().lock();
    let terminal = std::io::stderr().is_terminal();
    let begun = SystemClock.now();
    let (mut tally, mut told) = (Tally::default(), begun);
    let mut turn = results.iter().cycle();
    while let Some(Ok(outcome)) = turn.next().map(Receiver::recv) {
        // Every line of a pipe's outcome is an event: the buffer goes out as it is.
        out.write_all(&outcome.out)?;
        for letter in &outcome.rejected {
            writeln!(rejected, "{}", describe(&outcome, letter))?;
        }
        tally.read += u64::from(outcome.read);
        tally.written += outcome.events.len() as u64;
        tally.rejected += outcome.rejected.len() as u64;
        tally.misses += u64::from(outcome.enrich_misses);
        let now = SystemClock.now();
        if terminal && now.since(told) >= PROGRESS_EVERY {
            told = now;
            complain(&line(&tally, now.since(begun)));
        }
    }
    out.flush()?;
    rejected.flush()?;
    if terminal {
        complain(&line(&tally, SystemClock.now().since(begun)));
    }
    Ok(tally)
}

fn line(tally: &Tally, took: Duration) -> String {
    let Tally {
        read,
        written,
        rejected,
        misses,
    } = tally;
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = read.saturating_mul(1_000) / millis;
    format!(
        "{read} read, {written} written, {rejected} rejected, {misses} without geography, {rate}/s"
    )
}

fn describe(outcome: &Outcome, letter: &cresset_model::outcome::Rejected) -> serde_json::Value {
    serde_json::json!({
        "reason": letter.reason.as_str(),
        "detail": letter.detail,
        "bytes": letter.full_bytes,
        "raw": String::from_utf8_lossy(outcome.raw(letter.raw)),
    })
}
