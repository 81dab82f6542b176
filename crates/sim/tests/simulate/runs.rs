//! Runs of many worlds. Which ones, the environment says, as `cargo x simulate` sets it.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::world::run;

/// Seeds of the workspace's own tests; the test command runs many more of an optimized build.
const SEEDS: u64 = 60;

/// Faults that are put into the product on purpose, one line each.
const SABOTAGES: &str = include_str!("../../sabotages.json");

fn asked<T: FromStr>(name: &str) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "a test has no other arguments")]
    let value = std::env::var(name).ok()?;
    value.parse().ok()
}

/// Runs so many worlds on all processors; gives the first that ends badly, with what is wrong there.
fn first_bad(from: u64, seeds: u64) -> Option<(u64, Vec<String>)> {
    let (next, found) = (AtomicU64::new(from), Mutex::new(None::<(u64, Vec<String>)>));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let is_needless =
                |found: &Option<(u64, _)>| found.as_ref().is_some_and(|it| it.0 < seed);
            if seed >= from + seeds || is_needless(&found.lock().unwrap()) {
                return;
            }
            let faults = run(seed, false).faults;
            let mut found = found.lock().unwrap();
            if !faults.is_empty() && !is_needless(&found) {
                *found = Some((seed, faults));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn every_world_ends_well() {
    let from = asked("CRESSET_SIMULATE_FROM").unwrap_or(0);
    let seeds = asked("CRESSET_SIMULATE_SEEDS").unwrap_or(SEEDS);
    if let Some((seed, faults)) = first_bad(from, seeds) {
        let faults = faults.join("\n  ");
        panic!("seed {seed}:\n  {faults}\nits story: cargo x simulate --seed {seed}");
    }
}

/// Prints a story when it is asked for; else sees that stories repeat.
#[test]
fn the_same_seed_tells_the_same_story() {
    if let Some(seed) = asked("CRESSET_SIMULATE_STORY") {
        let story = run(seed, true).story;
        std::io::stdout()
            .lock()
            .write_all(story.as_bytes())
            .unwrap();
        return;
    }
    for seed in 0..8 {
        let (once, again) = (run(seed, true), run(seed, true));
        assert_eq!(once.story, again.story, "seed {seed}");
        assert!(once.story.lines().count() > 20);
    }
}

/// Otherwise a sabotage would be found by anything, or by nothing.
#[test]
fn every_sabotage_is_one_line_that_is_still_there() {
    let sabotages: serde_json::Value = serde_json::from_str(SABOTAGES).unwrap();
    let sabotages = sabotages.as_array().unwrap();
    assert!(sabotages.len() >= 15);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for sabotage in sabotages {
        let text = |key: &str| sabotage[key].as_str().unwrap();
        let (name, find, replace) = (text("name"), text("find"), text("replace"));
        let file = std::fs::read_to_string(root.join(text("file"))).unwrap();
        let lines = file.lines().filter(|line| *line == find).count();
        assert_eq!(lines, 1, "{name}");
        assert!(!replace.contains('\n') && replace != find, "{name}");
        assert!(!text("breaks").is_empty(), "{name}");
    }
}
