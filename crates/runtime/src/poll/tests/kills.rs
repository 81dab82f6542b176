//! The whole loop, killed at any await and at any time and started again, against a modelled upstream.
//!
//! A killed process is a dropped loop and a store that takes nothing more from it: what it had sent and
//! was not yet applied is lost, what was applied stays, told or not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll as Polled};
use std::time::Duration;

use cresset_model::alert::{Change, Position};
use cresset_model::ports::{
    BoxFuture, Clock, Commit, FilePosition, PortError, Receipt, Retained, Retention, SourceUpdate,
    Store, StoredPush, StoredSource, Ticket,
};
use cresset_model::{SourceId, Timestamp};
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};

use super::world::{Item, Mishap, QUIET, Shape, World, mishaps, world};
use crate::SourceCell;
use crate::fakes::{MemoryStore, Rig, T0, TestClock, seconds};
use crate::poll::Poll;

/// Pages of one poll.
const PAGES_MAX: u32 = 4;
/// How long the last life runs after everything was said and all faults are over, beside two rounds.
const LAST_LIFE: Duration = Duration::from_mins(20);

/// How a life of the process ends, and how long it stays dead.
#[derive(Debug, Clone, Copy)]
struct Life {
    /// Polls of its future after which it is dropped.
    polls: u32,
    /// Milliseconds after which it is dropped, if it has not been by then.
    time_ms: u64,
    dead_ms: u64,
}

/// The store as one life of the process reaches it.
struct Mortal {
    store: Arc<MemoryStore>,
    is_dead: AtomicBool,
    commits: AtomicU64,
}

impl Mortal {
    /// What was not carried out when the process died never is.
    async fn alive(&self) {
        if self.is_dead.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    /// A disk takes its time, before and after the moment that counts.
    async fn disk(&self) {
        let wait = self.commits.fetch_add(1, Ordering::Relaxed) * 7 % 30;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        self.alive().await;
    }
}

impl Store for Mortal {
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>> {
        Box::pin(async move {
            self.disk().await;
            let receipt = self.store.commit(request).await;
            self.disk().await;
            receipt
        })
    }

    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>> {
        Box::pin(async move {
            self.alive().await;
            self.store.receipt(source, ticket).await
        })
    }

    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>> {
        Box::pin(async move {
            self.alive().await;
            self.store.source(source).await
        })
    }

    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            self.disk().await;
            self.store.update_source(update).await
        })
    }

    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>> {
        self.store.set_paused(source, paused)
    }

    fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>> {
        self.store.changes(after, limit)
    }

    fn head(&self) -> Position {
        self.store.head()
    }

    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>> {
        self.store.retain(rule)
    }

    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>> {
        self.store.setting(key)
    }

    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        self.store.set_setting(key, value)
    }

    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>> {
        self.store.stored_push(source, key, not_before)
    }

    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>> {
        self.store.positions(source)
    }
}

/// Ends after so many polls of the future within, wherever that stands then.
struct Dropped<F> {
    inner: Pin<Box<F>>,
    polls_left: u32,
}

impl<F: Future<Output = ()>> Future for Dropped<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled<()> {
        let polled = self.inner.as_mut().poll(context);
        self.polls_left = self.polls_left.saturating_sub(1);
        if self.polls_left == 0 {
            return Polled::Ready(());
        }
        polled
    }
}

/// One life of the process, to its violent end.
async fn live(rig: &Rig, polls: u32, time: Duration) {
    let store = Arc::new(Mortal {
        store: Arc::clone(&rig.store),
        is_dead: AtomicBool::new(false),
        commits: AtomicU64::new(0),
    });
    let cell = Arc::new(SourceCell::new(rig.id.clone(), "http_poll", String::new()));
    let ports = rig.ports_over(Arc::clone(&store) as Arc<dyn Store>);
    let poll = Poll::new(rig.config.clone(), ports, cell);
    let (_manual, commands) = mpsc::channel(1);
    let (_interval, changes) = watch::channel(rig.interval_minutes);
    let (_stop, stopped) = watch::channel(false);
    let life = Dropped {
        inner: Box::pin(poll.run(commands, changes, stopped)),
        polls_left: polls,
    };
    let outlived = tokio::time::timeout(time, life).await;
    store.is_dead.store(true, Ordering::Relaxed);
    drop(outlived);
}

/// Runs the world and its lives, then a long last one, and returns what there is then.
async fn run(world: Arc<World>, mishaps: Vec<Mishap>, lives: Vec<Life>) -> Rig {
    let clock = Arc::new(TestClock::new());
    let mishaps = Mutex::new(VecDeque::from(mishaps));
    let mut rig = Rig::asked({
        let (world, clock) = (Arc::clone(&world), Arc::clone(&clock));
        move |ask| {
            let mut mishaps = mishaps.lock().unwrap_or_else(PoisonError::into_inner);
            let mishap = mishaps.pop_front().unwrap_or(Mishap::None);
            let now = i64::try_from(clock.now().since(T0).as_secs()).unwrap();
            world.answer(ask, now, mishap)
        }
    });
    rig.clock = clock;
    rig.interval_minutes = 1;
    rig.limits.batch_records_max = 4;
    rig.config.rule.lookback = seconds(3_600);
    rig.config.rule.pages_max = PAGES_MAX;
    world.configure(&mut rig);
    for life in lives {
        live(&rig, life.polls, Duration::from_millis(life.time_ms)).await;
        tokio::time::sleep(Duration::from_millis(life.dead_ms)).await;
    }
    let quiet = seconds(QUIET.unsigned_abs()).saturating_sub(rig.clock.elapsed());
    // A round that was under way goes through everything before the one that hears of the last change.
    let pages_of_round = u32::try_from(world.items.len() / world.page_size).unwrap() + 1;
    let rounds = seconds(60) * 2 * pages_of_round.div_ceil(PAGES_MAX);
    // The last life ends between two polls, which come every minute: not in the middle of a round.
    let minutes = (quiet + LAST_LIFE + rounds).as_secs() / 60 + 1;
    live(&rig, u32::MAX, seconds(minutes * 60 + 30)).await;
    rig
}

/// Nothing lost, nothing doubled, nothing stale, and books that balance.
fn check(world: &World, rig: &Rig) -> Result<(), TestCaseError> {
    let alerts: BTreeMap<String, u32> = rig
        .store
        .alerts()
        .into_values()
        .map(|alert| (String::from_utf8(alert.raw).unwrap(), alert.revision))
        .collect();
    let due = |malformed: bool| -> BTreeSet<String> {
        let items = world.items.iter();
        items
            .filter(|item| item.malformed == malformed)
            .map(|item| item.json(i64::MAX))
            .collect()
    };
    let stored: BTreeSet<String> = alerts.keys().cloned().collect();
    prop_assert_eq!(
        &stored,
        &due(false),
        "every alert once, as it was said last"
    );
    let letters: Vec<String> = rig
        .store
        .letters()
        .into_iter()
        .map(|letter| String::from_utf8(letter.raw).unwrap())
        .collect();
    prop_assert_eq!(letters.len(), due(true).len());
    prop_assert_eq!(letters.into_iter().collect::<BTreeSet<_>>(), due(true));

    let counters = rig.stored().counters;
    let (came, became) = counters.sides();
    prop_assert_eq!(came, became);
    prop_assert_eq!(counters.new, stored.len() as u64);
    let revisions: u32 = alerts.values().map(|revision| revision - 1).sum();
    prop_assert_eq!(counters.changed, u64::from(revisions));
    let times: u64 = rig.store.letters().iter().map(|letter| letter.count).sum();
    prop_assert_eq!(counters.dead, times);

    let checkpoints = rig.journal.checkpoints();
    for pair in checkpoints.windows(2) {
        prop_assert!(
            pair[0].bookmark <= pair[1].bookmark,
            "a bookmark moved back"
        );
        prop_assert!(pair[0].fetch <= pair[1].fetch, "a fetch number came again");
    }
    prop_assert_eq!(rig.checkpoint().round, None);
    let is_late = |item: &&Item| item.is_very_late() && !item.malformed;
    let late = world.items.iter().filter(is_late).count() as u64;
    prop_assert!(counters.late <= late, "{} late of {late}", counters.late);
    prop_assert_eq!(counters.late > 0 && !world.sweeps, false);
    Ok(())
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let polls = prop_oneof![3 => 1..120_u32, 1 => Just(u32::MAX)];
    let life = (polls, 0..100_000_u64, 0..100_000_u64);
    let life = life.prop_map(|(polls, time_ms, dead_ms)| Life {
        polls,
        time_ms,
        dead_ms,
    });
    prop::collection::vec(life, 0..8)
}

/// Runs a world to its end and judges it.
fn judge(world: World, mishaps: Vec<Mishap>, lives: Vec<Life>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let world = Arc::new(world);
    let rig = runtime.block_on(run(Arc::clone(&world), mishaps, lives));
    check(&world, &rig)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn wherever_it_is_killed_nothing_is_lost_doubled_or_stale(
        world in world(&[Shape::Time], false),
        mishaps in mishaps(),
        lives in lives(),
    ) {
        judge(world, mishaps, lives)?;
    }

    /// To break it: forget the place of a stored round, or move the bookmark with each page.
    #[test]
    fn pages_by_link_and_cursor_bring_everything_wherever_it_is_killed(
        world in world(&[Shape::Link, Shape::Cursor], false),
        mishaps in mishaps(),
        lives in lives(),
    ) {
        judge(world, mishaps, lives)?;
    }

    /// To break it: never sweep, or let a sweep end where it was killed.
    #[test]
    fn late_arrivals_beyond_the_overlap_are_found_by_a_sweep(
        world in world(&[Shape::Time, Shape::Link, Shape::Cursor], true),
        mishaps in mishaps(),
        lives in lives(),
    ) {
        judge(world, mishaps, lives)?;
    }
}
