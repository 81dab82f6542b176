//! A store in memory that keeps the contract of the port and fails when it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cresset_model::alert::{AlertDetail, Change, Position, Seq};
use cresset_model::batch::Reason;
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterGroup};
use cresset_model::id::hash128;
use cresset_model::outcome::{AlertDraft, Observation, Outcome, Rejected, Stage};
use cresset_model::ports::{
    AlertPage, BoxFuture, Commit, DeadLetterPage, FilePosition, PageRequest, PortError, Query,
    Receipt, Retained, Retention, SourceUpdate, Store, StoreFacts, StoredPush, StoredSource,
    Ticket, Upsert,
};
use cresset_model::query::Filter;
use cresset_model::source::Counters;
use cresset_model::{AlertId, ContentHash, DeadLetterId, SourceId, Timestamp};
use tokio::sync::watch;

use super::journal::{Journal, Note};

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It goes through.
    None,
    /// It fails, and may succeed later.
    Transient,
    /// It fails for good.
    Permanent,
    /// It goes through, but the answer is lost: whoever asked learns of a failure.
    Unknown,
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredAlert {
    pub(crate) content: ContentHash,
    pub(crate) observed: Observation,
    pub(crate) revision: u32,
    pub(crate) raw: Vec<u8>,
}

/// The store.
pub(crate) struct MemoryStore {
    journal: Arc<Journal>,
    tables: Mutex<Tables>,
    /// While false, commits with records wait.
    open: watch::Sender<bool>,
    /// While false, commits of a checkpoint alone wait.
    checkpoints_open: watch::Sender<bool>,
    /// While false, the end of a turn is not stored.
    state_open: watch::Sender<bool>,
    /// Commits with records that were asked for and not carried out yet.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Tables {
    alerts: BTreeMap<AlertId, StoredAlert>,
    letters: Vec<DeadLetter>,
    sources: BTreeMap<SourceId, StoredSource>,
    settings: BTreeMap<&'static str, String>,
    head: Position,
    pushes: BTreeMap<(SourceId, String), (Timestamp, StoredPush)>,
    positions: BTreeMap<SourceId, Vec<FilePosition>>,
    receipts: Vec<(SourceId, Ticket, Receipt)>,
    /// Questions for receipts that stay without an answer.
    receipts_lost: u32,
    faults: VecDeque<Fault>,
    checkpoint_faults: VecDeque<Fault>,
    down: bool,
    /// The epoch of each outcome that was committed.
    epochs: Vec<u64>,
    /// Vendor ids whose rows the store refuses.
    refused: BTreeSet<String>,
}

impl MemoryStore {
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            tables: Mutex::default(),
            open: watch::channel(true).0,
            checkpoints_open: watch::channel(true).0,
            state_open: watch::channel(true).0,
            waiting: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of the next commits that hold records; those after go through.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// The next questions for receipts get no answer.
    pub(crate) fn lose_receipts(&self, questions: u32) {
        self.lock().receipts_lost = questions;
    }

    /// The same for the next commits of a checkpoint alone.
    pub(crate) fn fail_next_checkpoints(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().checkpoint_faults.extend(faults);
    }

    /// Says that the change log has grown.
    pub(crate) fn set_head(&self, head: Position) {
        self.lock().head = head;
    }

    /// Nothing is answered while it is down.
    pub(crate) fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Commits with records wait while it is held.
    pub(crate) fn hold_commits(&self, held: bool) {
        self.open.send_replace(!held);
    }

    /// Commits of a checkpoint alone wait while it is held.
    pub(crate) fn hold_checkpoints(&self, held: bool) {
        self.checkpoints_open.send_replace(!held);
    }

    /// Changes of state wait while it is held.
    pub(crate) fn hold_states(&self, held: bool) {
        self.state_open.send_replace(!held);
    }

    /// From now on the row of this vendor id is refused.
    pub(crate) fn refuse(&self, upstream_id: &str) {
        self.lock().refused.insert(upstream_id.to_owned());
    }

    /// The epoch of each outcome that was committed, in their order.
    pub(crate) fn epochs(&self) -> Vec<u64> {
        self.lock().epochs.clone()
    }

    pub(crate) fn commits_waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn alerts(&self) -> BTreeMap<AlertId, StoredAlert> {
        self.lock().alerts.clone()
    }

    pub(crate) fn letters(&self) -> Vec<DeadLetter> {
        self.lock().letters.clone()
    }

    /// Puts a dead letter in, whatever it says.
    pub(crate) fn add_letter(&self, letter: DeadLetter) {
        self.lock().letters.push(letter);
    }

    pub(crate) fn stored(&self, source: &SourceId) -> StoredSource {
        self.lock().sources.get(source).cloned().unwrap_or_default()
    }

    pub(crate) fn put(&self, source: &SourceId, stored: StoredSource) {
        self.lock().sources.insert(source.clone(), stored);
    }

    fn check_up(&self) -> Result<(), PortError> {
        if self.lock().down {
            return Err(PortError::transient("the disk is gone"));
        }
        Ok(())
    }

    fn apply(&self, request: &Commit) -> Result<Receipt, PortError> {
        let mut tables = self.lock();
        let fault = match &request.outcome {
            Some(_) => tables.faults.pop_front(),
            None => tables.checkpoint_faults.pop_front(),
        };
        let fault = fault.unwrap_or(Fault::None);
        match fault {
            Fault::Transient => return Err(PortError::transient("the disk is full")),
            Fault::Permanent => return Err(PortError::permanent("the schema is foreign")),
            Fault::None | Fault::Unknown => {}
        }
        let mut receipt = Receipt::default();
        if let Some(outcome) = &request.outcome {
            tables.settle(request, outcome, &mut receipt);
            tables.epochs.push(outcome.epoch);
        }
        let stored = tables.sources.entry(request.source.clone()).or_default();
        stored.counters.add(&receipt.counts);
        if request.checkpoint.is_some() {
            stored.checkpoint.clone_from(&request.checkpoint);
        }
        for position in &request.positions {
            let stored = tables.positions.entry(request.source.clone()).or_default();
            stored.retain(|other| other.fingerprint != position.fingerprint);
            stored.insert(0, *position);
        }
        if let Some(push) = request.push.clone() {
            let key = (request.source.clone(), push.key.clone());
            tables.pushes.insert(key, (request.at, push));
        }
        receipt.head = tables.head;
        if let Some(ticket) = request.ticket {
            let known = (request.source.clone(), ticket, receipt.clone());
            tables.receipts.push(known);
        }
        self.journal.add(Note::Commit {
            read: request.outcome.as_ref().map(|outcome| outcome.read),
            checkpoint: request.checkpoint.clone(),
        });
        if fault == Fault::Unknown {
            return Err(PortError::transient(
                "the connection was lost during the commit",
            ));
        }
        Ok(receipt)
    }
}

impl Tables {
    fn settle(&mut self, request: &Commit, outcome: &Outcome, receipt: &mut Receipt) {
        let counts = &mut receipt.counts;
        let read = u64::from(outcome.read);
        if request.redriven.is_empty() {
            counts.read = read;
        } else {
            assert_eq!(
                request.redriven.len() as u64,
                read,
                "one id for each record"
            );
            counts.redriven = read;
        }
        counts.passed = u64::from(outcome.passed);
        counts.filtered = u64::from(outcome.filtered);
        for draft in &outcome.alerts {
            let upsert = if self.refused.contains(outcome.text(draft.upstream_id)) {
                self.bury(request, outcome, refused(outcome, draft));
                Upsert::Dead
            } else {
                self.upsert(outcome, draft)
            };
            *count_of(counts, upsert) += 1;
            let is_late = |before| upsert == Upsert::New && draft.created_at < before;
            counts.late += u64::from(request.late_before.is_some_and(is_late));
            self.head += u64::from(matches!(upsert, Upsert::New | Upsert::Changed));
            if let (Some(id), true) = (redriven(request, draft.record), upsert != Upsert::Dead) {
                for letter in self.letters.iter_mut().filter(|letter| letter.id == id) {
                    letter.resolved_at = Some(request.at);
                    letter.alert = Some(draft.id);
                }
            }
            receipt.upserts.push(upsert);
        }
        self.resolve_passed(request, outcome);
        for rejected in &outcome.rejected {
            self.bury(request, outcome, rejected.clone());
            counts.dead += 1;
        }
        let (came, became) = counts.sides();
        assert_eq!(came, became, "the books of a commit balance");
    }

    fn resolve_passed(&mut self, request: &Commit, outcome: &Outcome) {
        let alerts = outcome.alerts.iter().map(|draft| draft.record);
        let rejected = outcome.rejected.iter().map(|it| it.record);
        let settled: BTreeSet<u32> = alerts.chain(rejected).collect();
        for (_, id) in (0..)
            .zip(&request.redriven)
            .filter(|(record, _)| !settled.contains(record))
        {
            for letter in self.letters.iter_mut().filter(|letter| letter.id == *id) {
                letter.resolved_at = Some(request.at);
            }
        }
    }

    fn upsert(&mut self, outcome: &Outcome, draft: &AlertDraft) -> Upsert {
        let raw = outcome.raw(draft.raw).to_vec();
        let Some(alert) = self.alerts.get_mut(&draft.id) else {
            let alert = StoredAlert {
                content: draft.content,
                observed: draft.observed,
                revision: 1,
                raw,
            };
            self.alerts.insert(draft.id, alert);
            return Upsert::New;
        };
        if alert.content == draft.content {
            alert.observed = alert.observed.max(draft.observed);
            return Upsert::Same;
        }
        if draft.observed < alert.observed {
            return Upsert::Same;
        }
        *alert = StoredAlert {
            content: draft.content,
            observed: draft.observed,
            revision: alert.revision + 1,
            raw,
        };
        Upsert::Changed
    }

    fn bury(&mut self, request: &Commit, outcome: &Outcome, rejected: Rejected) {
        let id = redriven(request, rejected.record).unwrap_or(rejected.id);
        if let Some(letter) = self.letters.iter_mut().find(|letter| letter.id == id) {
            letter.count += 1;
            letter.last_seen = letter.last_seen.max(request.at);
            letter.stage = rejected.stage;
            letter.reason = rejected.reason;
            letter.detail = rejected.detail;
            return;
        }
        self.letters.push(DeadLetter {
            id,
            seq: self.letters.len() as u64 + 1,
            source_id: request.source.clone(),
            stage: rejected.stage,
            reason: rejected.reason,
            detail: rejected.detail,
            upstream_id: rejected.upstream_id.map(|id| outcome.text(id).to_owned()),
            count: 1,
            first_seen: request.at,
            last_seen: request.at,
            full_bytes: rejected.full_bytes,
            full_hash: String::new(),
            raw: outcome.raw(rejected.raw).to_vec(),
            resolved_at: None,
            alert: None,
        });
    }
}

/// Waits until a gate is open.
async fn opened(gate: &watch::Sender<bool>) {
    let mut gate = gate.subscribe();
    gate.wait_for(|open| *open).await.expect("the store lives");
}

fn count_of(counts: &mut Counters, upsert: Upsert) -> &mut u64 {
    match upsert {
        Upsert::New => &mut counts.new,
        Upsert::Changed => &mut counts.changed,
        Upsert::Same => &mut counts.same,
        Upsert::Dead => &mut counts.dead,
    }
}

fn redriven(request: &Commit, record: u32) -> Option<DeadLetterId> {
    request.redriven.get(record as usize).copied()
}

fn refused(outcome: &Outcome, draft: &AlertDraft) -> Rejected {
    let raw = outcome.raw(draft.raw);
    Rejected {
        record: draft.record,
        id: DeadLetterId(hash128(&[b"refused", raw])),
        stage: Stage::Store,
        reason: Reason::StoreRefused,
        detail: "the store refuses the row".to_owned(),
        upstream_id: Some(draft.upstream_id),
        raw: draft.raw,
        full_bytes: raw.len() as u64,
        full_hash: [0; 32],
    }
}

impl Store for MemoryStore {
    fn commit(&self, request: Commit) -> BoxFuture<'_, Result<Receipt, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            if request.outcome.is_some() {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                opened(&self.open).await;
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            } else {
                opened(&self.checkpoints_open).await;
            }
            self.apply(&request)
        })
    }

    fn receipt(
        &self,
        source: SourceId,
        ticket: Ticket,
    ) -> BoxFuture<'_, Result<Option<Receipt>, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            let mut tables = self.lock();
            if let Some(left) = tables.receipts_lost.checked_sub(1) {
                tables.receipts_lost = left;
                return Err(PortError::transient("the connection is not back yet"));
            }
            let receipts = tables.receipts.iter();
            let mut found = receipts.filter(|(of, other, _)| (of, *other) == (&source, ticket));
            Ok(found.next().map(|(_, _, receipt)| receipt.clone()))
        })
    }

    fn source(&self, source: SourceId) -> BoxFuture<'_, Result<StoredSource, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            Ok(self.stored(&source))
        })
    }

    fn update_source(&self, update: SourceUpdate) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            self.check_up()?;
            opened(&self.state_open).await;
            self.journal.add(Note::State(update.state.status));
            let mut tables = self.lock();
            let stored = tables.sources.entry(update.source).or_default();
            stored.state = update.state;
            if let Some(attempt) = update.attempt {
                stored.attempts.insert(0, attempt);
                stored.attempts.truncate(60);
            }
            Ok(())
        })
    }

    fn set_paused(&self, source: SourceId, paused: bool) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            self.check_up()?;
            self.lock().sources.entry(source).or_default().paused = paused;
            Ok(())
        })
    }

    fn changes(
        &self,
        _after: Position,
        _limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Change>, PortError>> {
        unreachable!("the runtime does not read the change log")
    }

    fn head(&self) -> Position {
        self.lock().head
    }

    fn retain(&self, rule: Retention) -> BoxFuture<'_, Result<Retained, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            self.journal.add(Note::Retain(rule));
            Ok(Retained::default())
        })
    }

    fn setting(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            Ok(self.lock().settings.get(key).cloned())
        })
    }

    fn stored_push(
        &self,
        source: SourceId,
        key: String,
        not_before: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredPush>, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            let tables = self.lock();
            let found = tables.pushes.get(&(source, key));
            let found = found.filter(|(at, _)| *at >= not_before);
            Ok(found.map(|(_, push)| push.clone()))
        })
    }

    fn positions(&self, source: SourceId) -> BoxFuture<'_, Result<Vec<FilePosition>, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            Ok(self
                .lock()
                .positions
                .get(&source)
                .cloned()
                .unwrap_or_default())
        })
    }

    fn set_setting(
        &self,
        key: &'static str,
        value: Option<String>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            self.check_up()?;
            let mut tables = self.lock();
            match value {
                Some(value) => tables.settings.insert(key, value),
                None => tables.settings.remove(key),
            };
            Ok(())
        })
    }
}

impl Query for MemoryStore {
    fn alerts(
        &self,
        _filter: Filter,
        _page: PageRequest,
    ) -> BoxFuture<'_, Result<AlertPage, PortError>> {
        unreachable!("the runtime does not list alerts")
    }

    fn alert(&self, _id: AlertId) -> BoxFuture<'_, Result<Option<AlertDetail>, PortError>> {
        unreachable!("the runtime does not show alerts")
    }

    fn dead_letters(
        &self,
        filter: DeadLetterFilter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<DeadLetterPage, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            let matches = |letter: &DeadLetter| {
                page.before.is_none_or(|before: Seq| letter.seq < before) && filter.matches(letter)
            };
            let mut items: Vec<DeadLetter> = self.letters().into_iter().filter(matches).collect();
            items.sort_by_key(|letter| std::cmp::Reverse(letter.seq));
            let more = items.len() > page.limit;
            items.truncate(page.limit);
            let next = items.last().filter(|_| more).map(|letter| letter.seq);
            Ok(DeadLetterPage {
                items,
                next,
                total: None,
            })
        })
    }

    fn dead_letter(
        &self,
        id: DeadLetterId,
    ) -> BoxFuture<'_, Result<Option<DeadLetter>, PortError>> {
        Box::pin(async move {
            self.check_up()?;
            Ok(self.letters().into_iter().find(|letter| letter.id == id))
        })
    }

    fn dead_letter_groups(
        &self,
        _filter: DeadLetterFilter,
    ) -> BoxFuture<'_, Result<Vec<DeadLetterGroup>, PortError>> {
        unreachable!("the runtime does not group dead letters")
    }

    fn facts(&self) -> BoxFuture<'_, Result<StoreFacts, PortError>> {
        unreachable!("the runtime does not ask for facts")
    }
}
