//! Runs tests with one change in force, and sees whether one of them fails.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::stopwatch::Stopwatch;

/// Tests that take longer, and many times what they take by themselves, have no end.
const LIMIT_MIN: Duration = Duration::from_secs(20);
/// How much longer than by themselves they may take; the machine may have become busier.
const LIMIT_TIMES: u32 = 6;
/// Memory that a change may take, in KiB: some only end when they have taken all.
const MEMORY_KIB: &str = "4194304";

/// What the tests said of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This test failed.
    Noticed(String),
    /// The tests did not end.
    Endless,
    /// All tests passed.
    Missed,
    /// It does not compile.
    Unviable,
}

/// Tests to run.
#[derive(Clone, Copy)]
pub(super) struct Tests<'a> {
    pub(super) folder: &'a Path,
    /// Those with one of these words in their name; all if there are none.
    pub(super) filter: &'a [&'a str],
}

impl Tests<'_> {
    /// Runs them as they are, and says how long they may take with a change.
    pub(super) fn limit(&self, program: &Path) -> anyhow::Result<Duration> {
        let stopwatch = Stopwatch::start();
        match self.run(program, None, Duration::from_mins(10))? {
            Verdict::Missed => Ok(limit_after(stopwatch.elapsed())),
            Verdict::Noticed(test) => bail!("`{test}` fails without any change"),
            Verdict::Endless | Verdict::Unviable => {
                bail!("the tests do not end without any change")
            }
        }
    }

    /// Runs them with one change until a test fails.
    pub(super) fn run(
        &self,
        program: &Path,
        change: Option<usize>,
        limit: Duration,
    ) -> anyhow::Result<Verdict> {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", MEMORY_KIB])
            .arg(program)
            .args(self.filter)
            .current_dir(self.folder)
            .env("CARGO_MANIFEST_DIR", self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(number) = change {
            command.env("CRESSET_CHANGE", number.to_string());
        }
        let mut child = command.spawn().context("run the tests")?;
        let output = child.stdout.take().context("read what the tests say")?;
        let verdict = listen(&lines(output), limit);
        finish(&mut child, verdict)
    }
}

/// How long tests that took so long by themselves may take with a change.
fn limit_after(unchanged: Duration) -> Duration {
    LIMIT_MIN.max(unchanged * LIMIT_TIMES)
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// What the lines say; `None` if they end without a failure.
fn listen(lines: &Receiver<String>, limit: Duration) -> Option<Verdict> {
    let stopwatch = Stopwatch::start();
    loop {
        match lines.recv_timeout(limit.saturating_sub(stopwatch.elapsed())) {
            Ok(line) => {
                if let Some(test) = failed(&line) {
                    return Some(Verdict::Noticed(test.to_owned()));
                }
            }
            Err(RecvTimeoutError::Timeout) => return Some(Verdict::Endless),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn failed(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("test ")?.split_once(" ... FAILED")?;
    Some(name)
}

fn finish(child: &mut Child, verdict: Option<Verdict>) -> anyhow::Result<Verdict> {
    if verdict.is_some() {
        child.kill().context("end the tests")?;
    }
    let status = child.wait().context("wait for the tests")?;
    Ok(match verdict {
        Some(verdict) => verdict,
        None if status.success() => Verdict::Missed,
        None => Verdict::Noticed(format!("the tests broke off ({status})")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, limit: Duration) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("tests");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let tests = Tests {
            folder: folder.path(),
            // The shell reads the script, so that nobody runs a file that is just being written.
            filter: &[&program.to_string_lossy()],
        };
        tests.run(Path::new("sh"), Some(7), limit).unwrap()
    }

    #[test]
    fn the_first_test_that_fails_has_noticed() {
        let long = Duration::from_mins(10);
        let noticed = |text: &str| Verdict::Noticed(text.to_owned());
        let script = "echo 'test a::b ... FAILED'; exec tail -f /dev/null";
        assert_eq!(check(script, long), noticed("a::b"));
        assert_eq!(check("echo 'test a ... ok'", long), Verdict::Missed);
        let script = "test \"$CRESSET_CHANGE\" = 7 && exit 3";
        let broke = noticed("the tests broke off (exit status: 3)");
        assert_eq!(check(script, long), broke);
    }

    #[test]
    fn slow_tests_may_take_longer() {
        let limit = |seconds| limit_after(Duration::from_secs(seconds)).as_secs();
        assert_eq!([0, 3, 4, 25].map(limit), [20, 20, 24, 150]);
    }

    #[test]
    fn tests_without_an_end_are_ended() {
        assert_eq!(
            check("while :; do :; done", Duration::ZERO),
            Verdict::Endless
        );
    }
}
