//! The intake of pushes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::id::hash128;
use cresset_model::limits::RecordLimits;
use cresset_model::ports::{
    BoxFuture, Clock, Commit, Encoding, EventSink, Intake, Lane, PUSH_ANSWER_AGE_MAX, PortError,
    PushBody, PushError, PushReceipt, Store, StoredPush,
};
use cresset_model::source::SyncStatus;
use cresset_model::{SourceId, Timestamp};
use cresset_pipeline::decode::{AnySlicer, Sliced};
use cresset_pipeline::process::Scratch;
use tracing::warn;

use super::answer;
use super::books::Named;
use super::slots::{Slot, Slots};
use super::unpack::{
    Batches, Checked, GATHERED_BYTES_MAX, PUSH_BODY_BYTES_MAX, UnpackLimits, check,
};
use crate::handover::Handover;
use crate::source_cell::SourceCell;
use crate::stages::{Stages, Workers};

/// Characters of an `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 255;
/// When to come again after the store or a sink did not take a push and named no time.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// What all push sources share.
#[derive(Clone)]
pub struct PushPorts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Gives a random number: what tells the records of a push without a key from all others.
    pub fresh_key: Arc<dyn Fn() -> u128 + Send + Sync>,
}

/// A source that takes pushes.
#[derive(Clone)]
pub struct PushSource {
    /// Its state, shown.
    pub cell: Arc<SourceCell>,
    /// The pure part with its tables.
    pub stages: Stages,
    /// Where its events go, if anywhere.
    pub sinks: Vec<Arc<dyn EventSink>>,
    /// The keys, joined with dots, that lead to the records in a body; `None`: the body is the records.
    pub records_path: Option<String>,
    /// How far its bodies are unpacked.
    pub unpack: UnpackLimits,
}

impl PushSource {
    fn slicer(&self, limits: RecordLimits) -> AnySlicer {
        AnySlicer::at_path(limits, self.records_path.as_deref())
    }
}

/// Takes pushes for all sources that do.
pub struct PushIntake {
    ports: PushPorts,
    sources: BTreeMap<SourceId, PushSource>,
    slots: Slots,
}

/// One push under way.
struct Push {
    ports: PushPorts,
    source: PushSource,
    body: PushBody,
    /// The bounds of records and batches when it began: checked and cut by the same.
    limits: RecordLimits,
    /// Held until the push has ended.
    _slot: Slot,
}

impl PushIntake {
    /// An intake without sources.
    pub fn new(ports: PushPorts) -> Self {
        Self {
            ports,
            sources: BTreeMap::new(),
            slots: Slots::new(),
        }
    }

    /// Adds a source.
    pub fn add(&mut self, source: PushSource) {
        self.sources.insert(source.cell.id().clone(), source);
    }

    /// Reads back what a former process stored of the sources.
    pub async fn recall(&self) -> Result<(), PortError> {
        for (id, source) in &self.sources {
            let stored = self.ports.store.source(id.clone()).await?;
            source.cell.recall(stored);
        }
        Ok(())
    }

    fn begin(&self, body: PushBody) -> Result<Push, PushError> {
        let Some(source) = self.sources.get(&body.source) else {
            return Err(PushError::UnknownSource(body.source.to_string()));
        };
        if body.body.len() > PUSH_BODY_BYTES_MAX {
            return Err(PushError::TooLarge {
                bytes_max: PUSH_BODY_BYTES_MAX as u64,
                when: "",
            });
        }
        check_key(body.key.as_deref())?;
        let key = body.key.as_deref();
        let slot = self.slots.take(&body.source, key, held_bytes(&body))?;
        Ok(Push {
            ports: self.ports.clone(),
            source: source.clone(),
            limits: source.stages.limits(),
            body,
            _slot: slot,
        })
    }
}

impl Intake for PushIntake {
    fn push(&self, push: PushBody) -> BoxFuture<'_, Result<PushReceipt, PushError>> {
        Box::pin(async move {
            let push = self.begin(push)?;
            // A task of its own: a client that goes away leaves no half of a push behind, and gets the stored
            // answer when it comes again with its key.
            let carried_out = tokio::spawn(push.carry_out()).await;
            carried_out.unwrap_or_else(|error| {
                let error = PortError::transient(format!("the push broke off: {error}"));
                Err(unavailable(error))
            })
        })
    }
}

/// Bytes that a push takes of those under way. A packed body is small and may hold as much unpacked as is kept of one.
fn held_bytes(body: &PushBody) -> usize {
    match body.encoding {
        Encoding::Identity => body.body.len(),
        Encoding::Gzip | Encoding::Zstd => body.body.len().max(GATHERED_BYTES_MAX),
    }
}

fn check_key(key: Option<&str>) -> Result<(), PushError> {
    let Some(key) = key else {
        return Ok(());
    };
    if (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let message =
        format!("an Idempotency-Key has 1 to {KEY_CHARS_MAX} visible ASCII characters, no blanks");
    Err(PushError::Malformed(message))
}

fn unavailable(error: PortError) -> PushError {
    let (message, after) = match error {
        PortError::Transient { message, after } => (message, after),
        PortError::Permanent { message } => (message, None),
    };
    PushError::Unavailable {
        message,
        after: after.unwrap_or(COME_AGAIN),
    }
}

impl Push {
    async fn carry_out(self) -> Result<PushReceipt, PushError> {
        let checked = self.check().await?;
        if let Some(receipt) = self.stored(&checked).await? {
            return Ok(receipt);
        }
        let taken = self.take(checked).await;
        if let Err(error) = &taken {
            let (cell, now) = (&self.source.cell, self.ports.clock.now());
            // What was committed before, and whether the last commit was, the stored books tell.
            cell.doubt();
            cell.failed(SyncStatus::Failed, error.to_string(), now);
            warn!(source.name = %cell.id(), error = %error, "push not taken");
        }
        taken.map_err(unavailable)
    }

    async fn check(&self) -> Result<Checked, PushError> {
        let (body, encoding) = (self.body.body.clone(), self.body.encoding);
        let slicer = self.source.slicer(self.limits);
        let bytes_max = self.source.unpack.of(body.len());
        let work = move || check(body, encoding, slicer, bytes_max);
        self.source
            .stages
            .workers()
            .run(work)
            .await
            .map_err(|error| PushError::Malformed(error.to_string()))?
    }

    /// The answer to an earlier push with this key.
    async fn stored(&self, checked: &Checked) -> Result<Option<PushReceipt>, PushError> {
        let Some(key) = &self.body.key else {
            return Ok(None);
        };
        let not_before = self.ports.clock.now().minus(PUSH_ANSWER_AGE_MAX);
        let (source, key) = (self.body.source.clone(), key.clone());
        let stored = self.ports.store.stored_push(source, key, not_before).await;
        let Some(stored) = stored.map_err(unavailable)? else {
            return Ok(None);
        };
        if stored.body_hash != checked.body_hash {
            return Err(PushError::KeyReused);
        }
        let unreadable = || PortError::permanent("the stored answer cannot be read");
        let receipt = answer::read(&stored.answer).ok_or_else(unreadable);
        receipt.map(Some).map_err(unavailable)
    }

    /// Takes all records in, batch after batch.
    async fn take(&self, checked: Checked) -> Result<PushReceipt, PortError> {
        let mut account = PushReceipt::default();
        let mut scratch = Scratch::default();
        let received = self.ports.clock.now();
        let key = self.identity_key();
        let mut sequence = 0;
        let mut base = 0;
        let slicer = self.source.slicer(self.limits);
        let bytes_max = self.source.unpack.of(self.body.body.len());
        let mut batches = Remaining::new(checked.gathered, (&self.body, bytes_max), slicer);
        let workers = self.source.stages.workers();
        while let Some(sliced) = batches.next(workers).await? {
            let records = sliced.records.len() as u64;
            let batch = self.batch(sliced, received, (key, base), sequence);
            let decided = self.source.stages.decide(batch, scratch).await?;
            let (outcome, used) = self.source.stages.settle(decided).await?;
            scratch = used;
            self.commit(outcome, base, &mut account).await?;
            base += records;
            sequence += 1;
        }
        self.keep_answer(&account, checked.body_hash).await?;
        Ok(account)
    }

    /// What tells records without an id of their own apart: the client's key, so that a repeat finds them
    /// again, or a random one.
    fn identity_key(&self) -> u128 {
        match &self.body.key {
            Some(key) => hash128(&[b"push", key.as_bytes()]),
            None => (self.ports.fresh_key)(),
        }
    }

    fn batch(
        &self,
        sliced: Sliced,
        received: Timestamp,
        (key, base): (u128, u64),
        sequence: u64,
    ) -> RawBatch {
        let now = self.ports.clock.now();
        let observed = self.source.cell.observe(now, sliced.records.len());
        RawBatch {
            source: self.body.source.clone(),
            sequence,
            received,
            epoch: 0,
            fetch: observed.fetch,
            first_place: observed.place,
            identity: BatchIdentity::Index { key, base },
            bytes: sliced.bytes,
            records: sliced.records,
        }
    }

    async fn commit(
        &self,
        outcome: cresset_model::outcome::Outcome,
        base: u64,
        account: &mut PushReceipt,
    ) -> Result<(), PortError> {
        let named = Named::of(&outcome, base);
        let now = self.ports.clock.now();
        let request = Commit {
            outcome: Some(outcome),
            ..self.empty_commit(now)
        };
        let receipt = self.handover().commit(request).await?;
        self.source.cell.took(&receipt.counts, now);
        named.enter(&receipt, account);
        Ok(())
    }

    /// Stores the answer for repeats: with a commit of its own, since it tells what the others did.
    async fn keep_answer(
        &self,
        account: &PushReceipt,
        body_hash: [u8; 32],
    ) -> Result<(), PortError> {
        let Some(key) = &self.body.key else {
            return Ok(());
        };
        let push = StoredPush {
            key: key.clone(),
            body_hash,
            answer: answer::write(account),
        };
        let request = Commit {
            push: Some(push),
            ..self.empty_commit(self.ports.clock.now())
        };
        self.handover().commit(request).await.map(drop)
    }

    fn handover(&self) -> Handover {
        Handover::new(Arc::clone(&self.ports.store), self.source.sinks.clone())
    }

    fn empty_commit(&self, at: Timestamp) -> Commit {
        Commit {
            source: self.body.source.clone(),
            lane: Lane::Push,
            at,
            outcome: None,
            checkpoint: None,
            late_before: None,
            redriven: Vec::new(),
            positions: Vec::new(),
            push: None,
            ticket: None,
        }
    }
}

/// The batches that have not been taken in.
enum Remaining {
    Gathered(std::vec::IntoIter<Sliced>),
    /// Unpacked again; absent while a worker has it.
    Packed(Option<Box<Batches>>),
}

impl Remaining {
    fn new(
        gathered: Option<Vec<Sliced>>,
        (body, bytes_max): (&PushBody, u64),
        slicer: AnySlicer,
    ) -> Self {
        if let Some(batches) = gathered {
            return Self::Gathered(batches.into_iter());
        }
        let batches = Batches::new(body.body.clone(), body.encoding, slicer, bytes_max);
        Self::Packed(Some(Box::new(batches)))
    }

    async fn next(&mut self, workers: Workers) -> Result<Option<Sliced>, PortError> {
        let batches = match self {
            Self::Gathered(batches) => return Ok(batches.next()),
            Self::Packed(batches) => batches,
        };
        let Some(mut unpacking) = batches.take() else {
            return Ok(None);
        };
        let work = move || {
            let next = unpacking.next();
            (unpacking, next)
        };
        let (unpacking, next) = workers.run(work).await?;
        *batches = Some(unpacking);
        // It was read to its end before: a fault now is none of the client's.
        next.map_err(|error| PortError::transient(error.to_string()))
    }
}
