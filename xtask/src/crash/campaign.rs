//! The runs of the campaign, and their table.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use super::deliveries::{self, Told};
use super::dice::Dice;
use super::judge::{Verdict, judge};
use super::process::{Process, wait_until};
use super::pusher::Pusher;
use super::receiver::Receiver;
use super::service::{Kept, Mock, PUSH_PATH, Service};
use crate::program::{cargo, release_binary};
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Runs when nobody says how many.
pub(crate) const RUNS: u64 = 20;
/// The seed of the first run when nobody names one; the runs behind it count up.
const SEED: u64 = 1;
/// Milliseconds that the service lives before it is killed.
const LIFE_MS: (u64, u64) = (50, 1_500);
/// Kills of one run.
const KILLS: (u64, u64) = (2, 5);
/// Milliseconds between two pokes: a restarted service polls at once, and then by request.
const POKE_MS: (u64, u64) = (20, 200);
/// Syncs after the last kill: the first may end the round that a kill cut off, the others see what
/// came late.
const QUIET_SYNCS: u32 = 3;

/// How long notifications may take to arrive once the receiver behaves: a lease, and some.
const TELL_MAX: Duration = Duration::from_secs(90);

/// What came out of a run.
struct Judged {
    kills: u64,
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

/// Runs the campaign; whether every run was clean.
pub(crate) fn run(runs: u64, seed: Option<u64>) -> anyhow::Result<bool> {
    if !build()? {
        return Ok(false);
    }
    let program = release_binary()?;
    let first = seed.unwrap_or(SEED);
    let mut rows = vec![
        [
            "seed", "kills", "alerts", "dead", "lost", "doubled", "stale", "invented", "told",
            "again", "repushed", "mistold", "verify", "seconds", "result",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut failed = Vec::new();
    for seed in (0..runs).map(|run| first.wrapping_add(run)) {
        let stopwatch = Stopwatch::start();
        let folder = tempfile::tempdir().context("create a folder for the run")?;
        let judged = run_one(&program, folder.path(), seed);
        let clean = judged.as_ref().is_ok_and(Judged::is_clean);
        rows.push(row(seed, &judged, stopwatch));
        if !clean {
            failed.push(seed);
            let kept = folder.keep();
            explain(seed, &judged, &kept);
        }
    }
    table(&rows);
    for seed in &failed {
        say(&format!(
            "seed {seed} failed; again: cargo x crash --runs 1 --seed {seed}"
        ));
    }
    Ok(failed.is_empty())
}

fn row(seed: u64, judged: &anyhow::Result<Judged>, stopwatch: Stopwatch) -> Vec<String> {
    let mut cells = vec![seed.to_string()];
    let result = match judged {
        Err(_) => {
            cells.extend(["-"; 12].map(str::to_owned));
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

fn run_one(program: &Path, folder: &Path, seed: u64) -> anyhow::Result<Judged> {
    let mut dice = Dice::new(seed);
    let mock = Mock::start(program, folder, seed)?;
    let receiver = Receiver::start(seed)?;
    let service = Service::new(program, folder, (mock.port, receiver.port))?;
    let producer = Pusher::start(service.port, PUSH_PATH);
    let kills = dice.between(KILLS.0, KILLS.1);
    for _ in 0..kills {
        live_and_die(&service, &mut dice)?;
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
    wait_until_told(&service, &receiver, &kept)?;
    let (rows, events) = (service.outbox()?, receiver.events());
    end(process, mock)?;
    let (alerts, dead_letters) = kept.records.counts();
    Ok(Judged {
        kills,
        alerts,
        dead_letters,
        verified: service.verify()?,
        verdict: judge(&before, &after, &kept.records),
        deliveries: [rows.len(), deliveries::repeats(&events), pushed.repeats],
        told: deliveries::judge(&events, &rows, &kept.alerts),
    })
}

fn end(mut process: Process, mock: Mock) -> anyhow::Result<()> {
    process.check_running()?;
    process.stop()?;
    mock.stop()
}

/// Waits until everybody has heard of everything, or the time for it is over: the judge says what is
/// missing.
fn wait_until_told(service: &Service, receiver: &Receiver, kept: &Kept) -> anyhow::Result<()> {
    let stopwatch = Stopwatch::start();
    wait_until("everything is told", TELL_MAX * 2, || {
        let told = || deliveries::judge(&receiver.events(), &[], &kept.alerts).untold == 0;
        Ok(stopwatch.elapsed() > TELL_MAX || (service.has_told()? && told()))
    })
}

/// Starts the service, keeps it busy for a while, and kills it.
fn live_and_die(service: &Service, dice: &mut Dice) -> anyhow::Result<()> {
    let life = dice.millis(LIFE_MS.0, LIFE_MS.1);
    let mut process = service.start()?;
    let stopwatch = Stopwatch::start();
    while let Some(left) = life.checked_sub(stopwatch.elapsed()) {
        thread::sleep(dice.millis(POKE_MS.0, POKE_MS.1).min(left));
        if stopwatch.elapsed() < life {
            service.poke();
        }
    }
    process.check_running()?;
    process.kill()
}
