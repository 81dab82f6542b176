//! The run of a world: lives, one after another, then a last one in which nothing fails, then the judge.

use std::sync::Arc;
use std::time::Duration;

use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::ports::Outbox as _;
use tempfile::TempDir;

use super::blocking::block_on;
use super::fate::Fate;
use super::judge;
use super::life::Life;
use super::plan::{LifePlan, Plan};
use super::state::{Pushed, World};
use super::time::T0;

/// How long the last life runs at least once nothing fails any more: three polls, and what groups wait.
const SETTLE_MIN: Duration = Duration::from_mins(4);
/// How long it may take until everything is told.
const SETTLE_MAX: Duration = Duration::from_hours(1);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How a world ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// What is wrong, if anything.
    pub(crate) faults: Vec<String>,
    /// What happened, if it was to be told.
    pub(crate) story: String,
}

/// Runs the world of a seed.
pub(crate) fn run(seed: u64, is_told: bool) -> Ending {
    let directory = directory();
    let plan = Plan::draw(seed);
    let world = World::new(plan, is_told);
    world.tell("plan", || format!("{:?}", world.plan));
    for life in world.plan.lives.clone() {
        if world.time.elapsed() < Plan::quiet() {
            live(&world, &directory, life);
        }
    }
    let faults = last_life(&world, &directory);
    Ending {
        faults,
        story: world.story.text(),
    }
}

/// A place in memory where there is one: what a disk does to files is another test's matter.
fn directory() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a directory can be made")
}

fn open(directory: &TempDir) -> Arc<SqliteStore> {
    let config = SqliteConfig {
        index_bytes_max: 0,
        ..SqliteConfig::new(directory.path().join("cresset.db"))
    };
    Arc::new(SqliteStore::open(config).expect("the store opens"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime starts")
}

/// One life, to its end at a step or at a time.
fn live(world: &Arc<World>, directory: &TempDir, plan: LifePlan) {
    let (runtime, store) = (runtime(), open(directory));
    let fate = Arc::new(Fate::new(plan.steps_max));
    world.tell("life", || format!("begins: {plan:?}"));
    runtime.block_on(async {
        world.time.begin_life();
        world.seen().reloaded = None;
        let whole = async {
            let life = Life::start(world, &fate, Arc::clone(&store)).await;
            let left = Plan::quiet().saturating_sub(world.time.elapsed());
            tokio::time::sleep(plan.time.min(left)).await;
            if plan.is_stopped {
                world.tell("life", || "is stopped".to_owned());
                life.stop().await;
            }
        };
        tokio::select! {
            biased;
            () = fate.over() => {}
            () = whole => {}
        }
        world.tell("life", || "ends".to_owned());
        world.time.end_life(plan.dead);
    });
    world.seen().life += 1;
    // Everything that runs is dropped where it stands.
    drop(runtime);
}

fn last_life(world: &Arc<World>, directory: &TempDir) -> Vec<String> {
    let (runtime, store) = (runtime(), open(directory));
    let fate = Arc::new(Fate::new(u64::MAX));
    world.tell("life", || "the last begins".to_owned());
    let faults = runtime.block_on(async {
        world.time.begin_life();
        world.seen().reloaded = None;
        let life = Life::start(world, &fate, Arc::clone(&store)).await;
        settle(world, &life, &store).await;
        let cells = [Arc::clone(&life.polled), Arc::clone(&life.pushed)];
        let clock = Arc::clone(&life.clock);
        life.stop().await;
        let shown = cells.map(|cell| cell.state(clock.now()));
        judge::judge(world, &store, (directory.path(), shown))
    });
    for fault in &faults {
        world.tell("judge", || fault.clone());
    }
    faults
}

/// Lets time pass until nothing is left to do.
async fn settle(world: &World, life: &Life, store: &SqliteStore) {
    let least = Plan::quiet() + SETTLE_MIN;
    tokio::time::sleep(least.saturating_sub(world.time.elapsed())).await;
    while world.time.elapsed() < Plan::quiet() + SETTLE_MAX {
        let tally = block_on(store.tally(T0)).expect("the store answers");
        let state = life.polled.state(life.clock.now());
        let is_polled = state.round.is_none() && !state.status.is_busy();
        let is_pushed = !world.seen().pushes.contains(&Pushed::No);
        if tally.pending + tally.leased == 0 && is_polled && is_pushed {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
