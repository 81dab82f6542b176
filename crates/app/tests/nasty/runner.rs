//! Plays the scenarios, several at a time, and prints what became of each.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;
use cresset_sim::nasty::{SCENARIOS, find};
use tokio::runtime::Handle;

use crate::limits::Figures;
use crate::play::{play, play_pipelines};
use crate::table::{print, row, say};
use crate::watch::Stopwatch;

/// Scenarios under way at once. Most of their time is waiting.
const WORKERS: usize = 8;
/// Those that take longest, which begin first.
const LONG: [&str; 7] = [
    "huge_body_many",
    "flaky_90",
    "silence",
    "broken_http",
    "rate_limit",
    "slow_drip",
    "equal_ts_inclusive",
];

/// What is played beside the scenarios.
const PIPELINES: &str = "two_pipelines";

type Played = (&'static str, anyhow::Result<Figures>);

/// Plays those whose name contains one of the words, all of them without a word; whether all is well.
pub(crate) fn run(words: &[String], seed: u64) -> anyhow::Result<bool> {
    let wanted = wanted(words)?;
    say(&format!(
        "playing {} scenarios with seed {seed}",
        wanted.len()
    ));
    let stopwatch = Stopwatch::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let next = AtomicUsize::new(0);
    let played: Mutex<Vec<Played>> = Mutex::new(Vec::new());
    let work = || {
        while let Some(name) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = one(name, seed, runtime.handle());
            if let Err(error) = &result {
                say(&format!("{name} ... FAILED\n    {error:#}"));
            }
            if let Ok(mut played) = played.lock() {
                played.push((*name, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let played = played.into_inner().unwrap_or_default();
    report(&played);
    let failed = wanted.len() - played.iter().filter(|(_, result)| result.is_ok()).count();
    let seconds = stopwatch.elapsed().as_secs_f64();
    say(&format!(
        "{failed} of {} failed, {seconds:.1} s",
        wanted.len()
    ));
    if failed > 0 {
        say(&format!(
            "once more: cargo test --release -p cresset --test nasty -- --seed {seed} NAME"
        ));
    }
    Ok(failed == 0)
}

fn one(name: &str, seed: u64, runtime: &Handle) -> anyhow::Result<Figures> {
    if name == PIPELINES {
        return play_pipelines(seed, runtime);
    }
    play(find(name)?, seed, runtime)
}

/// Everything there is, in the order of the table.
fn names() -> impl Iterator<Item = &'static str> {
    let scenarios = SCENARIOS.iter().map(|scenario| scenario.name);
    scenarios.chain([PIPELINES])
}

fn wanted(words: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let fits =
        |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut names: Vec<&'static str> = names().filter(|name| fits(name)).collect();
    names.sort_by_key(|name| {
        let place = LONG.iter().position(|long| long == name);
        place.unwrap_or(LONG.len())
    });
    ensure!(
        !names.is_empty(),
        "no scenario has a name with {words:?} in it"
    );
    Ok(names)
}

/// The table, in the order of the scenarios.
fn report(played: &[Played]) {
    let mut rows = Vec::new();
    for known in names() {
        let own = played.iter().find(|(name, _)| *name == known);
        if let Some((name, Ok(figures))) = own {
            rows.push(row(name, figures));
        }
    }
    print(&rows);
}
