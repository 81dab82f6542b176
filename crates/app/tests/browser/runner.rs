//! Runs the tests, two at a time, and prints what became of each.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;

use crate::driver::Driver;
use crate::stage::Stage;
use crate::wait::Stopwatch;

/// A test: its name and what it does.
pub(crate) type Test = (&'static str, fn(&Stage) -> anyhow::Result<()>);

/// Tests under way at once. Each has a browser and a service, which is enough for two cores.
const WORKERS: usize = 2;

/// Where screenshots and documents of failed tests are kept.
pub(crate) fn evidence() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    own.parent().unwrap_or(own).join("browser")
}

/// Runs those whose name contains one of the words, all of them without a word; whether all passed.
pub(crate) fn run(tests: &[Test], words: &[String]) -> anyhow::Result<bool> {
    let wanted: Vec<Test> = tests
        .iter()
        .filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word)))
        .copied()
        .collect();
    ensure!(
        !wanted.is_empty(),
        "no test has a name with {words:?} in it"
    );
    let evidence = evidence();
    // What an earlier run kept says nothing of this one.
    drop(std::fs::remove_dir_all(&evidence));
    std::fs::create_dir_all(&evidence)?;
    say(&format!("running {} browser tests", wanted.len()));
    let stopwatch = Stopwatch::start();
    let driver = Driver::start(&evidence.join("chromedriver.txt"))?;
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some((name, test)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let stopwatch = Stopwatch::start();
            let result = run_one(driver.port, (name, *test), &evidence);
            let seconds = stopwatch.elapsed().as_secs_f64();
            match result {
                Ok(()) => say(&format!("{name} ... ok, {seconds:.1} s")),
                Err(error) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    say(&format!("{name} ... FAILED, {seconds:.1} s\n    {error:#}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner();
    say(&format!(
        "{} passed, {failed} failed, {:.1} s",
        wanted.len() - failed,
        stopwatch.elapsed().as_secs_f64()
    ));
    Ok(failed == 0)
}

/// Runs one test. The stage, and with it every process, ends with it.
pub(crate) fn run_one(driver: u16, (name, test): Test, evidence: &Path) -> anyhow::Result<()> {
    let stage = Stage::new(driver, name)?;
    stage.end(test(&stage), evidence)
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be listening any more.
    drop(writeln!(out, "{line}"));
}
