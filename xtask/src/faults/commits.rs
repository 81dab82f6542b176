//! Commits over a disk whose calls fail and whose power goes: nothing that was answered is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{bail, ensure};

use super::disk::{Disk, Plan};
use super::load::{Load, Pushed, Shape};
use super::report::Figures;
use crate::crash::dice::Dice;
use crate::crash::process::LOOK_AGAIN;
use crate::crash::service::{Service, text_of};
use crate::stopwatch::Stopwatch;

/// One call in so many fails.
const ONE_IN: u64 = 300;
/// Calls of one life, until the power goes.
const CUT_AFTER: (u64, u64) = (200, 12_000);
/// Lives in a row that bring no answer.
const BARREN_MAX: u32 = 60;
/// How long one life may take.
const LIFE_MAX: Duration = Duration::from_mins(1);
/// The pushes.
const SHAPE: Shape = Shape {
    clients: 4,
    records: 3,
    padding: 100,
};
/// The pipeline, and nobody who is told.
pub(crate) const PUSHED: &str = "pipelines:
  pushed:
    source: { push: {} }
    adapter: nullify
    detect: [ threat: { severity: high } ]
";
/// What the program says when it breaks a rule of its own.
const PANIC: &str = "panicked";

/// Pushes until so many pushes are answered, over as many lives as it takes.
pub(crate) fn run(program: &Path, folder: &Path, wanted: (u64, u64)) -> anyhow::Result<Figures> {
    let (commits, seed) = wanted;
    let service = Service::with(program, folder, PUSHED)?;
    let disk = Disk::compile(folder, &service.data())?;
    let load = Load::start(service.port, SHAPE);
    let mut dice = Dice::new(seed);
    let (mut lives, mut barren, mut refused) = (0_u64, 0, 0_u64);
    while load.pushes() < commits {
        let before = load.pushes();
        let plan = Plan {
            seed: dice.between(0, u64::MAX - 1),
            one_in: ONE_IN,
            cut_after: dice.between(CUT_AFTER.0, CUT_AFTER.1),
        };
        refused += u64::from(!live(&service, &disk, plan, (&load, commits))?);
        lives += 1;
        barren = if load.pushes() == before {
            barren + 1
        } else {
            0
        };
        ensure!(
            barren < BARREN_MAX,
            "no push was answered in {BARREN_MAX} lives"
        );
    }
    let mut process = service.start()?;
    service.wait_for_answers(&mut process)?;
    let pushed = load.finish()?;
    let (missing, doubled, invented) = judge(&service, &pushed)?;
    process.kill()?;
    let verified = service.verify()?;
    let log = std::fs::read_to_string(service.log()).unwrap_or_default();
    let counts = disk.counts()?;
    let panics = log.matches(PANIC).count();
    let sound = missing + doubled + invented + panics == 0 && verified && pushed.without_when == 0;
    Ok(Figures {
        passed: sound && counts.cuts > 0 && counts.syncs_failed > 0,
        text: format!(
            "{} pushes answered in {} commits over {lives} lives ({} power cuts took {} pages, {refused} starts \
             refused); {} of {} calls failed, {} of them syncs; {} answers 503; lost {missing}, doubled \
             {doubled}, invented {invented}, panics {panics}, verify {}",
            pushed.pushes,
            counts.commits,
            counts.cuts,
            counts.lost,
            counts.failed,
            counts.writes,
            counts.syncs_failed,
            pushed.statuses.get(&503).copied().unwrap_or(0),
            if verified { "ok" } else { "NO" },
        ),
    })
}

/// One life over a bad disk; whether it came as far as an answer or its cut.
fn live(service: &Service, disk: &Disk, plan: Plan, goal: (&Load, u64)) -> anyhow::Result<bool> {
    let mut process = service.start_behind(&[], &disk.variables(plan))?;
    let stopwatch = Stopwatch::start();
    while goal.0.pushes() < goal.1 {
        if let Some(status) = process.has_ended()? {
            // The cut says 137 itself; a start that the disk refused has a code of its own.
            return match status.code() {
                Some(137) => Ok(true),
                Some(code) if code != 0 && code != 101 => Ok(false),
                _ => bail!("the service ended by itself: {status}"),
            };
        }
        ensure!(stopwatch.elapsed() < LIFE_MAX, "a life took too long");
        thread::sleep(LOOK_AGAIN);
    }
    process.kill()?;
    Ok(true)
}

/// What is missing of what was answered, what is there twice, and what nobody pushed.
pub(crate) fn judge(service: &Service, pushed: &Pushed) -> anyhow::Result<(usize, usize, usize)> {
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    service.pages("/api/v1/alerts?pipeline=pushed", |item| {
        *kept.entry(text_of(item, "description")?).or_default() += 1;
        Ok(())
    })?;
    Ok(compare(&kept, pushed))
}

fn compare(kept: &BTreeMap<String, usize>, pushed: &Pushed) -> (usize, usize, usize) {
    let is_missing = |text: &&String| !kept.contains_key(*text);
    let missing = pushed.answered.iter().filter(is_missing).count();
    let doubled = kept.values().filter(|count| **count > 1).count();
    let known = pushed.answered.iter().chain(&pushed.open);
    let known: std::collections::BTreeSet<&String> = known.collect();
    let invented = kept.keys().filter(|text| !known.contains(text)).count();
    (missing, doubled, invented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_doubled_and_invented_is_counted() {
        let pushed = Pushed {
            answered: vec!["a".to_owned(), "b".to_owned()],
            open: vec!["c".to_owned(), "d".to_owned()],
            ..Pushed::default()
        };
        let check = |kept: &[(&str, usize)], expected| {
            let kept = kept
                .iter()
                .map(|(text, count)| ((*text).to_owned(), *count));
            assert_eq!(compare(&kept.collect(), &pushed), expected);
        };
        check(&[("a", 1), ("b", 1), ("c", 1)], (0, 0, 0));
        check(&[("a", 2), ("x", 1)], (1, 1, 1));
    }
}
