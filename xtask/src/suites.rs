//! The suites of the test command, one after another, each timed.

use crate::needs;
use crate::program::cargo;
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};
use crate::{bench, check, conformance, crash, edges, faults, real_servers, simulate};

/// One suite.
struct Suite {
    name: &'static str,
    /// Whether `--fast` leaves it out.
    slow: bool,
    /// What must be installed for it.
    needs: &'static [&'static str],
    /// A suite that must have passed before.
    after: Option<&'static str>,
    run: fn() -> anyhow::Result<bool>,
}

/// The browser tests, a target that `cargo test` leaves out, and what they need.
const BROWSER: [&str; 6] = ["test", "--quiet", "-p", "cresset", "--test", "browser"];
const BROWSER_NEEDS: [&str; 3] = ["chromium", "chromedriver", "faketime"];

/// The hostile upstream, a target that `cargo test` leaves out: it writes gigabytes, and wants the release build.
const NASTY: [&str; 7] = [
    "test",
    "--quiet",
    "--release",
    "-p",
    "cresset",
    "--test",
    "nasty",
];

/// Every suite there is, in the order in which they run.
const SUITES: [Suite; 15] = [
    Suite {
        name: "tidy",
        slow: false,
        needs: &[],
        after: None,
        run: check::tidy,
    },
    Suite {
        name: "format",
        slow: false,
        needs: &[],
        after: None,
        run: check::format,
    },
    Suite {
        name: "clippy",
        slow: false,
        needs: &[],
        after: None,
        run: check::clippy,
    },
    Suite {
        name: "tests",
        slow: false,
        needs: &[],
        after: None,
        run: || cargo(&["test", "--quiet", "--workspace", "--no-fail-fast"]),
    },
    Suite {
        name: "browser",
        slow: true,
        needs: &BROWSER_NEEDS,
        after: None,
        run: || cargo(&BROWSER),
    },
    Suite {
        name: "real servers",
        slow: true,
        needs: &["python3"],
        after: None,
        run: real_servers::run,
    },
    Suite {
        name: "release build",
        slow: true,
        needs: &[],
        after: None,
        run: crash::build,
    },
    Suite {
        name: "hostile upstream",
        slow: true,
        needs: &[],
        after: Some("release build"),
        run: || cargo(&NASTY),
    },
    Suite {
        name: "instruction counts",
        slow: true,
        needs: &["valgrind"],
        after: Some("release build"),
        run: || bench::count::run(false),
    },
    Suite {
        name: "simulation",
        slow: true,
        needs: &[],
        after: None,
        run: || simulate::run(0, simulate::SEEDS),
    },
    Suite {
        name: "crash",
        slow: true,
        needs: &[],
        after: Some("release build"),
        run: || crash::run(crash::KILLS_IN_TESTS, None, crash::Signal::Kill, None),
    },
    Suite {
        name: "stop",
        slow: true,
        needs: &[],
        after: Some("release build"),
        run: || crash::run(crash::TERMS_IN_TESTS, None, crash::Signal::Term, None),
    },
    Suite {
        name: "faults",
        slow: true,
        needs: &["strace", "cc"],
        after: Some("release build"),
        run: || faults::run(None, None, (None, None)),
    },
    Suite {
        name: "edges",
        slow: true,
        needs: &[],
        after: Some("release build"),
        run: edges::run_in_shell,
    },
    Suite {
        name: "schemathesis",
        slow: true,
        needs: &["python3"],
        after: Some("release build"),
        run: conformance::run,
    },
];

/// How a suite ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ended {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Runs the suites and prints a table; whether all of them passed. A suite that could not run counts
/// as one that failed.
pub(crate) fn run(fast: bool) -> bool {
    let whole = Stopwatch::start();
    let mut rows = vec![["suite", "result", "seconds"].map(str::to_owned).to_vec()];
    let results = run_each(SUITES.iter().filter(|suite| !(fast && suite.slow)));
    for (suite, ended, seconds) in &results {
        let result = match ended {
            Ended::Passed => "passed".to_owned(),
            Ended::Failed(why) => format!("FAILED {why}").trim_end().to_owned(),
            Ended::Skipped(why) => format!("SKIPPED {why}"),
        };
        rows.push(vec![(*suite).to_owned(), result, seconds.clone()]);
    }
    let passed = results.iter().all(|(_, ended, _)| *ended == Ended::Passed);
    let result = if passed { "passed" } else { "FAILED" };
    rows.push(vec!["all".to_owned(), result.to_owned(), whole.seconds()]);
    say("");
    table(&rows);
    passed
}

/// Takes a picture of every page.
pub(crate) fn screenshots(directory: &str) -> anyhow::Result<bool> {
    needs::provide(&BROWSER_NEEDS).map_err(anyhow::Error::msg)?;
    let directory = std::path::absolute(directory)?;
    let directory = directory.to_string_lossy();
    cargo(&[&BROWSER[..], &["--", "--screenshots", &directory]].concat())
}

fn run_each<'a>(suites: impl Iterator<Item = &'a Suite>) -> Vec<(&'static str, Ended, String)> {
    let mut results: Vec<(&'static str, Ended, String)> = Vec::new();
    for suite in suites {
        say(&format!("\n=== {} ===", suite.name));
        let stopwatch = Stopwatch::start();
        let has_passed = |name| {
            let mut before = results.iter();
            before.any(|(suite, ended, _)| *suite == name && *ended == Ended::Passed)
        };
        let ended = match suite.after {
            Some(name) if !has_passed(name) => Ended::Skipped(format!("as `{name}` did not pass")),
            _ => run_one(suite),
        };
        results.push((suite.name, ended, stopwatch.seconds()));
    }
    results
}

fn run_one(suite: &Suite) -> Ended {
    if let Err(why) = needs::provide(suite.needs) {
        return Ended::Skipped(why);
    }
    match (suite.run)() {
        Ok(true) => Ended::Passed,
        Ok(false) => Ended::Failed(String::new()),
        Err(error) => Ended::Failed(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(name: &'static str, run: fn() -> anyhow::Result<bool>) -> Suite {
        Suite {
            name,
            slow: false,
            needs: &[],
            after: None,
            run,
        }
    }

    fn check(suites: &[Suite], expected: &[Ended]) {
        let ended: Vec<Ended> = run_each(suites.iter())
            .into_iter()
            .map(|(_, ended, _)| ended)
            .collect();
        assert_eq!(ended, expected);
    }

    #[test]
    fn a_failing_suite_does_not_stop_the_others() {
        let suites = [suite("a", || Ok(false)), suite("b", || Ok(true))];
        check(&suites, &[Ended::Failed(String::new()), Ended::Passed]);
    }

    #[test]
    fn what_rests_on_a_failed_suite_is_skipped_and_named() {
        let mut second = suite("b", || Ok(true));
        second.after = Some("a");
        check(
            &[suite("a", || anyhow::bail!("broken")), second],
            &[
                Ended::Failed("broken".to_owned()),
                Ended::Skipped("as `a` did not pass".to_owned()),
            ],
        );
    }

    #[test]
    fn a_suite_whose_need_cannot_be_met_is_skipped_and_named() {
        let mut needy = suite("a", || Ok(true));
        needy.needs = &["abacus"];
        check(
            &[needy],
            &[Ended::Skipped(
                "`abacus` is not in the table of needs".to_owned(),
            )],
        );
    }

    #[test]
    fn whatever_a_suite_rests_on_comes_before_it_and_is_no_slower() {
        for (at, suite) in SUITES.iter().enumerate() {
            if let Some(name) = suite.after {
                let before = SUITES.iter().take(at).find(|before| before.name == name);
                assert!(
                    before.is_some_and(|before| !before.slow || suite.slow),
                    "{name}"
                );
            }
        }
    }
}
