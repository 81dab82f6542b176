//! The store of the product, on a disk that fails: before a write, after it, for a while, or for long. Each
//! request is carried out at one instant.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::alert::{Change, Position};
use cresset_model::ports::{
    BoxFuture, Commit, FilePosition, PortError, Receipt, Retained, Retention, SourceUpdate, Store,
    StoredPush, StoredSource, Ticket,
};
use cresset_model::{SourceId, Timestamp};
use cresset_runtime::Stages;

use super::blocking::block_on;
use super::fate::Fate;
use super::state::{Actor, World};

/// The store as one life of the service reaches it.
pub(super) struct Disk {
    pub(super) world: Arc<World>,
    pub(super) fate: Arc<Fate>,
    pub(super) store: Arc<SqliteStore>,
    /// The rules of each source, for their epochs.
    pub(super) stages: BTreeMap<SourceId, Stages>,
    /// Whether this life has asked for the leases of a former one to be given back.
    pub(super) is_released: AtomicBool,
    /// Commits whose answers were lost and that nobody has asked for since.
    unknown: Mutex<BTreeMap<SourceId, Vec<Ticket>>>,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Full,
    Fails,
    Untold,
    Hangs,
}

impl Disk {
    pub(super) fn new(
        (world, fate): (&Arc<World>, &Arc<Fate>),
        store: Arc<SqliteStore>,
        stages: BTreeMap<SourceId, Stages>,
    ) -> Self {
        Self {
            world: Arc::clone(world),
            fate: Arc::clone(fate),
            store,
            stages,
            is_released: AtomicBool::new(false),
            unknown: Mutex::default(),
        }
    }

    fn unknown(&self) -> MutexGuard<'_, BTreeMap<SourceId, Vec<Ticket>>> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self) -> Fault {
        let world = &self.world;
        let now = world.time.elapsed();
        let is_within = |(from, to): &(Duration, Duration)| *from <= now && now < *to;
        if world.plan.full.iter().any(is_within) {
            return Fault::Full;
        }
        let odds = &world.plan.odds;
        let faults = [
            (odds.write_fails, Fault::Fails),
            (odds.write_untold, Fault::Untold),
            (odds.write_hangs, Fault::Hangs),
        ];
        let happens = |(odd, _): &&(u64, Fault)| world.mishap(Actor::Disk, *odd);
        let found = faults.iter().find(happens);
        found.map_or(Fault::None, |(_, fault)| *fault)
    }

    /// Carries a write out, or does not, and answers, or does not.
    pub(super) async fn write<'a, T>(
        &'a self,
        what: &str,
        carry_out: impl FnOnce(&'a SqliteStore) -> BoxFuture<'a, Result<T, PortError>>,
    ) -> Result<T, PortError> {
        self.fate.step().await;
        let fault = self.fault();
        let wait = match fault {
            Fault::Hangs => self.world.wait(Actor::Disk, 1_000, 90_000),
            _ => self.world.wait(Actor::Disk, 0, 20),
        };
        tokio::time::sleep(wait).await;
        self.fate.step().await;
        if let Some(failed) = not_carried_out(fault) {
            self.world.tell("store", || format!("{what}: {failed}"));
            return Err(failed);
        }
        let answer = block_on(carry_out(&self.store));
        if fault == Fault::Untold && answer.is_ok() {
            self.world.tell("store", || {
                format!("{what}: carried out, the answer is lost")
            });
            self.fate.step().await;
            return Err(PortError::transient(
                "the connection was lost during the commit",
            ));
        }
        if let Err(error) = &answer {
            self.world.tell("store", || format!("{what}: {error}"));
        }
        self.fate.step().await;
        answer
    }

    /// Reads, or fails to.
    pub(super) async fn read<'a, T>(
        &'a self,
        what: &str,
        read: impl FnOnce(&'a SqliteStore) -> BoxFuture<'a, Result<T, PortError>>,
    ) -> Result<T, PortError> {
        self.fate.step().await;
        if self
            .world
            .mishap(Actor::Disk, self.world.plan.odds.read_fails)
        {
            self.world
                .tell("store", || format!("{what}: cannot be read"));
            return Err(PortError::transient("the file cannot be read"));
        }
        block_on(read(&self.store))
    }

    /// A commit is on its way: what was decided under old rules must not be, and an unknown one must have
    /// been asked for before.
    fn watch_request(&self, request: &Commit) {
        let source = &request.source;
        if self.unknown().remove(source).is_some() {
            self.world.breach(format!(
                "{source} commits before it asks what became of the commit whose answer was lost"
            ));
        }
        let epoch = self.stages.get(source).map_or(0, Stages::epoch);
        let decided = request
            .outcome
            .as_ref()
            .map_or(epoch, |outcome| outcome.epoch);
        let now = self.world.time.elapsed();
        let was_before = self
            .world
            .seen()
            .reloaded
            .is_some_and(|reloaded| reloaded < now);
        if decided != epoch && was_before {
            self.world.breach(format!(
                "{source} commits what was decided in epoch {decided}, in epoch {epoch}"
            ));
        }
    }

    /// A commit was carried out.
    fn watch_commit(&self, request: &Commit) {
        let mut breaches = Vec::new();
        let mut seen = self.world.seen();
        if let (Some(outcome), "polled") = (&request.outcome, request.source.as_str())
            && !seen.batches.insert((outcome.fetch, outcome.sequence))
        {
            let (fetch, sequence) = (outcome.fetch, outcome.sequence);
            breaches.push(format!(
                "batch {sequence} of fetch {fetch} is committed twice"
            ));
        }
        if let Some(checkpoint) = &request.checkpoint {
            self.world.time.let_err();
            let before = seen.checkpoint.replace(checkpoint.clone());
            let before = before.unwrap_or_else(|| checkpoint.clone());
            if checkpoint.bookmark < before.bookmark || checkpoint.fetch < before.fetch {
                breaches.push(format!(
                    "a checkpoint goes back: {before:?}, then {checkpoint:?}"
                ));
            }
        }
        drop(seen);
        for breach in breaches {
            self.world.breach(breach);
        }
    }
}

fn not_carried_out(fault: Fault) -> Option<PortError> {
    match fault {
        Fault::Full => Some(PortError::transient("the disk is full")),
        Fault::Fails => Some(PortError::transient("the write failed")),
        Fault::None | Fault::Untold | Fault::Hangs => None,
    }
}

/// A commit in a few words.
fn told(request: &Commit) -> String {
    let outcome = request.outcome.as_ref().map(|outcome| {
        let (fetch, sequence, read) = (outcome.fetch, outcome.sequence, outcome.read);
        format!(", {read} records ({fetch}.{sequence})")
    });
    let checkpoint = request.checkpoint.as_ref().map(|checkpoint| {
        let since = checkpoint.round.as_ref();
        let since = since.map(|round| round.since.to_string());
        let since = since.unwrap_or_default();
        format!(", bookmark {} round [{since}]", checkpoint.bookmark)
    });
    let push = request.push.as_ref();
    let push = push.map(|push| format!(", answer under {}", push.key));
    let parts: String = [outcome, checkpoint, push].into_iter().flatten().collect();
    format!("commit of {}{parts}", request.source)
}

impl Store for Disk {
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>> {
        Box::pin(async move {
            self.watch_request(&request);
            let (source, ticket) = (request.source.clone(), request.ticket);
            let what = told(&request);
            let mut is_done = false;
            let answer = self
                .write(&what, |store| {
                    is_done = true;
                    self.watch_commit(&request);
                    store.commit(request)
                })
                .await;
            if let (true, Err(PortError::Transient { .. }), Some(ticket)) =
                (is_done, &answer, ticket)
            {
                self.unknown().entry(source).or_default().push(ticket);
            }
            if let Ok(receipt) = &answer {
                let counts = &receipt.counts;
                self.world.tell("store", || {
                    let (new, changed) = (counts.new, counts.changed);
                    let (same, dead) = (counts.same, counts.dead);
                    format!("{what}: {new} new, {changed} changed, {same} same, {dead} dead")
                });
            }
            answer
        })
    }

    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>> {
        Box::pin(async move {
            self.unknown().retain(|of, tickets| {
                tickets.retain(|other| *of != source || *other != ticket);
                !tickets.is_empty()
            });
            let found = self
                .read("receipt", |store| store.receipt(source, ticket))
                .await;
            self.world.tell("store", || {
                let found = found.as_ref().map(Option::is_some);
                format!("receipt asked for: found {found:?}")
            });
            found
        })
    }

    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>> {
        Box::pin(self.read("source", |store| store.source(source)))
    }

    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(self.write("state of a source", |store| store.update_source(update)))
    }

    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(self.write("pause", move |store| store.set_paused(source, paused)))
    }

    fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>> {
        Box::pin(self.read("changes", move |store| store.changes(after, limit)))
    }

    fn head(&self) -> Position {
        self.store.head()
    }

    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>> {
        Box::pin(self.write("retention", |store| store.retain(rule)))
    }

    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>> {
        Box::pin(self.read("setting", move |store| store.setting(key)))
    }

    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(self.write("setting", move |store| store.set_setting(key, value)))
    }

    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>> {
        Box::pin(self.read("answer of a push", move |store| {
            store.stored_push(source, key, not_before)
        }))
    }

    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>> {
        Box::pin(self.read("positions", |store| store.positions(source)))
    }
}
