//! The runs of the campaign, and their table.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::bail;

use super::deliveries::{self, Event, Row, Told};
use super::dice::Dice;
use super::judge::{Verdict, judge};
use super::process::{Process, wait_until};
use super::pusher::Pusher;
use super::receiver::Receiver;
use super::second;
use super::service::{Kept, Mock, PUSH_PATH, Service};
use crate::program::{cargo, release_binary};
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Runs of each kind in the test command, and when nobody says how many.
pub(crate) const KILLS_IN_TESTS: u64 = 50;
pub(crate) const TERMS_IN_TESTS: u64 = 10;
/// Runs at once: each of them waits most of the time.
const RUNS_AT_ONCE: usize = 4;
/// How long a stop may take: what is promised, and some for a busy machine.
const STOP_MAX: Duration = Duration::from_secs(12);
/// The seed of the first run when nobody names one; the runs behind it count up.
const SEED: u64 = 1;
/// Milliseconds that the service lives before it is killed.
const LIFE_MS: (u64, u64) = (50, 1_500);
/// Ends of one run.
const KILLS: (u64, u64) = (2, 5);
/// Milliseconds between two pokes: a restarted service polls at once, and then by request.
const POKE_MS: (u64, u64) = (20, 200);
/// Syncs after the last kill: the first may end the round that a kill cut off, the others see what
/// came late.
const QUIET_SYNCS: u32 = 3;

/// How long notifications may take to arrive once the receiver behaves: a lease, and some.
const TELL_MAX: Duration = Duration::from_secs(90);

/// How a life of the service ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// At once, as by a power cut.
    Kill,
    /// Asked to, under load: it has to succeed, and in time.
    Term,
}

impl Signal {
    /// Reads it from the command line.
    pub(crate) fn read(word: Option<&str>) -> anyhow::Result<Self> {
        match word {
            None | Some("kill") => Ok(Self::Kill),
            Some("term") => Ok(Self::Term),
            Some(other) => bail!("`--signal {other}`: kill or term is expected"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Term => "term",
        }
    }

    /// Answers of the receiver that may be lost with a life: after a clean stop none.
    fn lost_max(self) -> usize {
        match self {
            Self::Kill => deliveries::UNDER_WAY_MAX,
            Self::Term => 0,
        }
    }
}

/// What came out of a run.
struct Judged {
    kills: u64,
    /// The slowest stop.
    stop: Duration,
    alerts: usize,
    dead_letters: usize,
    verified: bool,
    verdict: Verdict,
    /// Notifications, how many of them came again, and pushes that were repeated.
    deliveries: [usize; 3],
    told: Told,
}

impl Judged {
    fn is_clean(&self) -> bool {
        self.verified && self.verdict.is_clean() && self.told.is_clean()
    }
}

/// Builds the binary as it is shipped.
pub(crate) fn build() -> anyhow::Result<bool> {
    cargo(&["build", "--release", "-p", "cresset"])
}

/// Runs the campaign; whether every run was clean. Without a program of its own it builds one.
pub(crate) fn run(
    runs: u64,
    seed: Option<u64>,
    signal: Signal,
    program: Option<&str>,
) -> anyhow::Result<bool> {
    let program = match program {
        Some(program) => std::path::absolute(program)?,
        None if build()? => release_binary()?,
        None => return Ok(false),
    };
    if signal == Signal::Term {
        second::check(&program)?;
    }
    let mut rows = vec![
        [
            "seed", "ends", "alerts", "dead", "lost", "doubled", "stale", "invented", "told",
            "again", "repushed", "mistold", "verify", "stop ms", "seconds", "result",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut results = run_all(&program, (seed.unwrap_or(SEED), runs), signal);
    results.sort_by_key(|(seed, ..)| *seed);
    let mut failed = Vec::new();
    for (seed, cells, clean) in results {
        rows.push(cells);
        if !clean {
            failed.push(seed);
        }
    }
    table(&rows);
    for seed in &failed {
        say(&format!(
            "seed {seed} failed; again: cargo x crash --signal {} --runs 1 --seed {seed}",
            signal.name()
        ));
    }
    Ok(failed.is_empty())
}

/// A run: its seed, its row and whether it was clean.
type Run = (u64, Vec<String>, bool);

/// A few runs at once, until all are through.
fn run_all(program: &Path, (first, runs): (u64, u64), signal: Signal) -> Vec<Run> {
    let next = AtomicU64::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        loop {
            let run = next.fetch_add(1, Ordering::SeqCst);
            if run >= runs {
                return;
            }
            let result = run_and_tell(program, first.wrapping_add(run), signal);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..RUNS_AT_ONCE {
            scope.spawn(work);
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn run_and_tell(program: &Path, seed: u64, signal: Signal) -> Run {
    let stopwatch = Stopwatch::start();
    let folder = tempfile::tempdir();
    let judged = match &folder {
        Ok(folder) => run_one(program, folder.path(), (seed, signal)),
        Err(error) => Err(anyhow::anyhow!("create a folder for the run: {error}")),
    };
    let clean = judged.as_ref().is_ok_and(Judged::is_clean);
    if let (false, Ok(folder)) = (clean, folder) {
        explain(seed, &judged, &folder.keep());
    }
    (seed, row(seed, &judged, stopwatch), clean)
}

fn row(seed: u64, judged: &anyhow::Result<Judged>, stopwatch: Stopwatch) -> Vec<String> {
    let mut cells = vec![seed.to_string()];
    let result = match judged {
        Err(_) => {
            cells.extend(["-"; 13].map(str::to_owned));
            "FAILED"
        }
        Ok(judged) => {
            let verdict = &judged.verdict;
            cells.extend([
                judged.kills.to_string(),
                judged.alerts.to_string(),
                judged.dead_letters.to_string(),
                verdict.lost.to_string(),
                verdict.doubled.to_string(),
                verdict.stale.to_string(),
                verdict.invented.to_string(),
            ]);
            cells.extend(judged.deliveries.map(|count| count.to_string()));
            cells.extend([
                judged.told.count().to_string(),
                if judged.verified { "ok" } else { "NO" }.to_owned(),
                judged.stop.as_millis().to_string(),
            ]);
            if judged.is_clean() { "clean" } else { "FAILED" }
        }
    };
    cells.extend([stopwatch.seconds(), result.to_owned()]);
    cells
}

fn explain(seed: u64, judged: &anyhow::Result<Judged>, kept: &Path) {
    match judged {
        Err(error) => say(&format!("seed {seed}: {error:#}")),
        Ok(judged) => {
            for example in judged.verdict.examples.iter().chain(&judged.told.examples) {
                say(&format!("seed {seed}: {example}"));
            }
        }
    }
    say(&format!(
        "seed {seed}: logs and data are kept in {}",
        kept.display()
    ));
}

fn run_one(program: &Path, folder: &Path, (seed, signal): (u64, Signal)) -> anyhow::Result<Judged> {
    let mut dice = Dice::new(seed);
    let mock = Mock::start(program, folder, seed)?;
    let receiver = Receiver::start(seed)?;
    let service = Service::new(program, folder, (mock.port, receiver.port))?;
    let producer = Pusher::start(service.port, PUSH_PATH);
    let kills = dice.between(KILLS.0, KILLS.1);
    let mut stop = Duration::ZERO;
    for _ in 0..kills {
        stop = stop.max(live_and_die(&service, &mut dice, signal)?);
        receiver.next_life()?;
    }
    mock.behave()?;
    receiver.behave();
    let mut process = service.start()?;
    service.wait_for_answers(&mut process)?;
    let pushed = producer.finish()?;
    for _ in 1..QUIET_SYNCS {
        service.sync()?;
    }
    let mut before = mock.truth()?;
    service.sync()?;
    let kept = service.kept()?;
    let mut after = mock.truth()?;
    if before.counts().0 == 0 || pushed.descriptions.is_empty() {
        bail!("nothing was issued or nothing was pushed, so the run proves nothing");
    }
    for description in &pushed.descriptions {
        before.add_pushed(description);
        after.add_pushed(description);
    }
    let (events, rows) = wait_until_told(&service, &receiver, (&kept, signal))?;
    end(process, mock)?;
    let (alerts, dead_letters) = kept.records.counts();
    Ok(Judged {
        kills,
        stop,
        alerts,
        dead_letters,
        verified: service.verify()?,
        verdict: judge(&before, &after, &kept.records),
        deliveries: [rows.len(), deliveries::repeats(&events), pushed.repeats],
        told: deliveries::judge(&events, &rows, &kept.alerts, signal.lost_max()),
    })
}

fn end(mut process: Process, mock: Mock) -> anyhow::Result<()> {
    process.check_running()?;
    process.stop()?;
    mock.stop()
}

/// What the receiver saw and the outbox says of it, at one moment.
type Seen = (Vec<Event>, Vec<Row>);

/// Waits until everybody has heard of everything, or the time for it is over: the judge says what is
/// missing. A group may still tell of what changed, so that both sides have to stand still while they are read.
fn wait_until_told(
    service: &Service,
    receiver: &Receiver,
    (kept, signal): (&Kept, Signal),
) -> anyhow::Result<Seen> {
    let stopwatch = Stopwatch::start();
    let mut seen = Seen::default();
    wait_until("everything is told", TELL_MAX * 2, || {
        let before = receiver.events().len();
        seen = (Vec::new(), service.outbox()?);
        seen.0 = receiver.events();
        let told = deliveries::judge(&seen.0, &seen.1, &kept.alerts, signal.lost_max());
        let is_still = before == seen.0.len();
        Ok(stopwatch.elapsed() > TELL_MAX || (is_still && told.untold == 0))
    })?;
    Ok(seen)
}

/// Starts the service, keeps it busy for a while, and ends it; says how long the end took.
fn live_and_die(service: &Service, dice: &mut Dice, signal: Signal) -> anyhow::Result<Duration> {
    let life = dice.millis(LIFE_MS.0, LIFE_MS.1);
    let mut process = service.start()?;
    if signal == Signal::Term {
        // Before it listens to signals there is nothing to stop.
        service.wait_for_answers(&mut process)?;
    }
    let stopwatch = Stopwatch::start();
    while let Some(left) = life.checked_sub(stopwatch.elapsed()) {
        thread::sleep(dice.millis(POKE_MS.0, POKE_MS.1).min(left));
        if stopwatch.elapsed() < life {
            service.poke();
        }
    }
    process.check_running()?;
    match signal {
        Signal::Kill => process.kill().map(|()| Duration::ZERO),
        Signal::Term => process.stop_within(STOP_MAX),
    }
}
