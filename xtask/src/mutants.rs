//! Changes one thing at a time in the modules that bear the contract, and asks the tests whether they
//! notice.
//!
//! cargo-mutants lists the changes. To build each of some hundreds by itself would take hours, so a package
//! is built once with all of them in it, each behind a switch, and its tests run once for each. Only those
//! that cannot stand behind a switch, in constants for example, are built one by one.

mod build;
mod changes;
mod judge;
mod weave;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use self::build::{Built, Place};
use self::changes::Change;
use self::judge::{Tests, Verdict};
use crate::needs;
use crate::program::target;
use crate::stopwatch::Stopwatch;
use crate::terminal::{say, table};

/// Of a hundred changes that the tests could notice, how many they must.
const CAUGHT_MIN_PERCENT: usize = 95;

/// A module that bears the contract.
struct Module {
    name: &'static str,
    /// The folder of the crate whose unit tests are asked.
    folder: &'static str,
    /// The tests that judge it: those with one of these words in their name, or all.
    tests: &'static [&'static str],
    /// Its files, within the crate's `src`.
    files: &'static [&'static str],
}

impl Module {
    fn paths(&self) -> Vec<String> {
        let files = self.files.iter();
        files
            .map(|file| format!("{}/src/{file}", self.folder))
            .collect()
    }
}

/// Those of a crate stand together, as they are built together, and what others build on comes last, as it
/// is built anew then.
const MODULES: [Module; 13] = [
    Module {
        name: "list-cursor",
        folder: "crates/server",
        tests: &["cursor", "api::", "fuzz"],
        files: &["api/cursor.rs"],
    },
    Module {
        name: "upsert",
        folder: "crates/connectors",
        tests: &["stores::sqlite"],
        files: &["stores/sqlite/upsert.rs"],
    },
    Module {
        name: "store-cursors",
        folder: "crates/connectors",
        tests: &["stores::sqlite"],
        files: &[
            "stores/sqlite/list.rs",
            "stores/sqlite/state.rs",
            "stores/sqlite/route.rs",
        ],
    },
    Module {
        name: "outbox-leases",
        folder: "crates/connectors",
        tests: &["stores::sqlite"],
        files: &["stores/sqlite/deliver.rs"],
    },
    Module {
        name: "poll-rule",
        folder: "crates/runtime",
        tests: &["poll::"],
        files: &["poll/rule.rs"],
    },
    Module {
        name: "source-cursors",
        folder: "crates/runtime",
        tests: &["poll::"],
        files: &[
            "poll/course.rs",
            "poll/page.rs",
            "poll/walk.rs",
            "poll/rewind.rs",
        ],
    },
    Module {
        name: "outbox-schedule",
        folder: "crates/runtime",
        tests: &["routing::"],
        files: &["routing/breaker.rs", "routing/waits.rs"],
    },
    Module {
        name: "delivery-desk",
        folder: "crates/runtime",
        tests: &["routing::"],
        files: &["routing/desk.rs"],
    },
    Module {
        name: "delivery",
        folder: "crates/runtime",
        tests: &["routing::"],
        files: &["routing/delivery.rs"],
    },
    Module {
        name: "decode-limits",
        folder: "crates/pipeline",
        tests: &["decode::", "fuzz"],
        files: &[
            "decode/bounds.rs",
            "decode/open_record.rs",
            "decode/slicer.rs",
        ],
    },
    Module {
        name: "router-step",
        folder: "crates/pipeline",
        tests: &["router::"],
        files: &["router/step.rs"],
    },
    Module {
        name: "identity",
        folder: "crates/model",
        tests: &["id::", "fuzz"],
        files: &["id.rs"],
    },
    Module {
        name: "query-cursor",
        folder: "crates/model",
        tests: &["query::", "fuzz"],
        files: &["query/parse/cursor.rs"],
    },
];

/// What became of the changes of a module.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    noticed: usize,
    /// Those after which the tests had no end, which nobody misses either.
    endless: usize,
    missed: usize,
    /// Changes that do not compile.
    unviable: usize,
}

impl Counts {
    fn of<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Noticed(_) => &mut counts.noticed,
                Verdict::Endless => &mut counts.endless,
                Verdict::Missed => &mut counts.missed,
                Verdict::Unviable => &mut counts.unviable,
            } += 1;
        }
        counts
    }

    fn is_enough(&self) -> bool {
        let caught = self.noticed + self.endless;
        caught * 100 >= (caught + self.missed) * CAUGHT_MIN_PERCENT
    }

    fn row(&self, name: &str) -> Vec<String> {
        let caught = self.noticed + self.endless;
        let share = match caught + self.missed {
            0 => "-".to_owned(),
            all => format!("{}.{} %", caught * 100 / all, caught * 1_000 / all % 10),
        };
        let all = caught + self.missed + self.unviable;
        let numbers = [all, self.noticed, self.endless, self.missed, self.unviable];
        let mut row = vec![name.to_owned()];
        row.extend(numbers.map(|number| number.to_string()));
        row.push(share);
        row
    }
}

/// Tries every change of one module or of all; whether enough of them were noticed.
pub(crate) fn run(name: Option<&str>) -> anyhow::Result<bool> {
    let chosen: Vec<&Module> = MODULES
        .iter()
        .filter(|module| name.is_none_or(|name| name == module.name))
        .collect();
    if chosen.is_empty() {
        let names = MODULES.map(|module| module.name).join(", ");
        bail!("there is no module `{}`: {names}", name.unwrap_or_default());
    }
    needs::provide(&["cargo-mutants"]).map_err(anyhow::Error::msg)?;
    let head = [
        "module",
        "changes",
        "noticed",
        "endless",
        "missed",
        "do not compile",
        "caught",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut short = Vec::new();
    for modules in chosen.chunk_by(|a, b| a.folder == b.folder) {
        for (module, counts) in try_crate(modules)? {
            rows.push(counts.row(module));
            if !counts.is_enough() {
                short.push(module);
            }
        }
    }
    say("");
    table(&rows);
    if !short.is_empty() {
        say(&format!(
            "fewer than {CAUGHT_MIN_PERCENT} of 100 were caught in {}: write a test that fails with each change that was missed",
            short.join(", ")
        ));
    }
    Ok(short.is_empty())
}

/// Tries the changes of modules of one crate.
fn try_crate(modules: &[&'static Module]) -> anyhow::Result<Vec<(&'static str, Counts)>> {
    let folder = modules.first().context("no module is chosen")?.folder;
    let package = folder.replace("crates/", "cresset-");
    let place = Place {
        package: &package,
        folder,
    };
    let paths: Vec<String> = modules.iter().flat_map(|module| module.paths()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let changes = changes::list(&paths)?;
    let stopwatch = Stopwatch::start();
    say(&format!(
        "=== {package}: {} changes, building",
        changes.len()
    ));
    let built = place.all(&changes)?;
    say(&format!("built in {} s", stopwatch.seconds()));
    let (mut verdicts, mut limits) = (BTreeMap::new(), BTreeMap::new());
    for module in modules {
        let (limit, of_module) = try_built(module, &place, &built, &changes)?;
        limits.insert(module.name, limit);
        verdicts.extend(of_module);
    }
    verdicts.extend(
        built
            .unviable
            .iter()
            .map(|number| (*number, Verdict::Unviable)),
    );
    for number in &built.alone {
        let module = modules
            .iter()
            .find(|it| it.paths().contains(&changes[*number].file));
        let module = module.context("a change is in no module")?;
        let verdict = try_alone(module, &place, &changes[*number], limits[module.name])?;
        tell(&changes[*number], &verdict);
        verdicts.insert(*number, verdict);
    }
    let mut counted = Vec::new();
    for module in modules {
        let paths = module.paths();
        let of_module = |(number, _): &(&usize, &Verdict)| paths.contains(&changes[**number].file);
        let of_module: Vec<(&usize, &Verdict)> = verdicts.iter().filter(of_module).collect();
        write_down(module, &changes, &of_module)?;
        let counts = Counts::of(of_module.iter().map(|(_, verdict)| *verdict));
        counted.push((module.name, counts));
    }
    Ok(counted)
}

/// Tries the changes of a module that stand behind switches, some at a time. Says as well how long its tests
/// may take with one.
fn try_built(
    module: &Module,
    place: &Place<'_>,
    built: &Built,
    changes: &[Change],
) -> anyhow::Result<(Duration, Vec<(usize, Verdict)>)> {
    let paths = module.paths();
    let due: Vec<usize> = (0..changes.len())
        .filter(|number| paths.contains(&changes[*number].file))
        .filter(|number| !built.unviable.contains(number) && !built.alone.contains(number))
        .collect();
    let folder = place.run_in()?;
    let tests = Tests {
        folder: &folder,
        filter: module.tests,
    };
    let stopwatch = Stopwatch::start();
    let limit = tests.limit(&built.program)?;
    say(&format!(
        "--- {}: {} changes, each {} s at most",
        module.name,
        due.len(),
        limit.as_secs()
    ));
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> anyhow::Result<()> {
        while let Some(number) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
            let verdict = tests.run(&built.program, Some(*number), limit)?;
            tell(&changes[*number], &verdict);
            let mut verdicts = verdicts.lock().expect("nobody panics with it");
            verdicts.push((*number, verdict));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut ends = workers.into_iter().map(thread::ScopedJoinHandle::join);
        ends.try_for_each(|end| end.expect("a worker does not panic"))
    })?;
    say(&format!(
        "--- {} took {} s",
        module.name,
        stopwatch.seconds()
    ));
    let verdicts = verdicts.into_inner().expect("nobody panics with it");
    Ok((limit, verdicts))
}

/// Builds one change by itself and tries it.
fn try_alone(
    module: &Module,
    place: &Place<'_>,
    change: &Change,
    limit: Duration,
) -> anyhow::Result<Verdict> {
    let Some(program) = place.one(change)? else {
        return Ok(Verdict::Unviable);
    };
    let folder = place.run_in()?;
    let tests = Tests {
        folder: &folder,
        filter: module.tests,
    };
    tests.run(&program, None, limit)
}

fn tell(change: &Change, verdict: &Verdict) {
    match verdict {
        Verdict::Missed => say(&format!("missed: {}", change.name)),
        Verdict::Endless => say(&format!("endless: {}", change.name)),
        Verdict::Noticed(_) | Verdict::Unviable => {}
    }
}

/// Leaves a file that says of each change of a module what became of it.
fn write_down(
    module: &Module,
    changes: &[Change],
    verdicts: &[(&usize, &Verdict)],
) -> anyhow::Result<()> {
    let mut lines = String::new();
    for (number, verdict) in verdicts {
        let told = match verdict {
            Verdict::Noticed(by) => format!("noticed by {by}"),
            Verdict::Endless => "endless".to_owned(),
            Verdict::Missed => "MISSED".to_owned(),
            Verdict::Unviable => "does not compile".to_owned(),
        };
        lines.extend([changes[**number].name.as_str(), ": ", &told, "\n"]);
    }
    let path = target()?.join(format!("mutants/{}.txt", module.name));
    write(&path, &lines).with_context(|| format!("write {}", path.display()))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::root;

    #[test]
    fn a_module_is_there_and_has_a_name_of_its_own() {
        for (index, module) in MODULES.iter().enumerate() {
            let before = &MODULES[..index];
            assert!(before.iter().all(|other| other.name != module.name));
            for file in module.paths() {
                assert!(root().join(&file).exists(), "{file}");
            }
        }
    }

    #[test]
    fn nineteen_of_twenty_are_enough() {
        let noticed = Verdict::Noticed("a".to_owned());
        let mut verdicts = vec![noticed; 18];
        verdicts.extend([Verdict::Endless, Verdict::Missed, Verdict::Unviable]);
        let counts = Counts::of(verdicts.iter());
        assert!(counts.is_enough());
        assert_eq!(counts.row("m").join(" "), "m 21 18 1 1 1 95.0 %");
        let fewer = Counts::of(verdicts[1..].iter());
        assert!(!fewer.is_enough());
    }

    #[test]
    fn a_module_that_is_not_there_is_named_with_those_that_are() {
        let error = run(Some("x")).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no module `x`: list-cursor, "),
            "{error}"
        );
    }
}
