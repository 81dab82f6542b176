//! A source put together of the fakes.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::Timestamp;
use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::limits::RecordLimits;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{Ask, Clock, Store, StoredSource, Upstream};
use cresset_model::source::{Checkpoint, SourceState, SyncStatus};
use cresset_pipeline::decode::ArraySlicer;
use cresset_pipeline::process::{Adapter, Pipeline, PipelineSpec, Scratch};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::clock::TestClock;
use super::journal::Journal;
use super::records::array;
use super::store::MemoryStore;
use super::upstream::{Answer, FakeUpstream};
use crate::poll::{Paging, Poll, PollConfig, PollPorts, PollRule};
use crate::{ControlConfig, LiveTables, Rules, RuntimeControl, SourceCell, Stages};

/// How finely tests watch a state.
const STEP: Duration = Duration::from_millis(5);
/// How long tests wait for a state, on the paused clock.
const PATIENCE: Duration = Duration::from_hours(2);

/// One source and what it works with.
pub(crate) struct Rig {
    pub(crate) journal: Arc<Journal>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) upstream: Arc<FakeUpstream>,
    pub(crate) id: SourceId,
    pub(crate) config: PollConfig,
    pub(crate) limits: RecordLimits,
    pub(crate) retention: Option<Duration>,
    pub(crate) interval_minutes: u32,
}

impl Rig {
    /// A source whose upstream gives these answers.
    pub(crate) fn scripted(answers: impl IntoIterator<Item = Answer>) -> Self {
        let journal = Arc::new(Journal::new());
        let upstream = FakeUpstream::scripted(Arc::clone(&journal), answers);
        Self::over(journal, upstream)
    }

    /// A source whose upstream answers as a function says.
    pub(crate) fn answering(respond: impl FnMut(Timestamp) -> Answer + Send + 'static) -> Self {
        let journal = Arc::new(Journal::new());
        let upstream = FakeUpstream::new(Arc::clone(&journal), respond);
        Self::over(journal, upstream)
    }

    /// A source whose upstream answers as a function of all that it is asked says.
    pub(crate) fn asked(respond: impl FnMut(&Ask) -> Answer + Send + 'static) -> Self {
        let journal = Arc::new(Journal::new());
        let upstream = FakeUpstream::asked(Arc::clone(&journal), respond);
        Self::over(journal, upstream)
    }

    fn over(journal: Arc<Journal>, upstream: FakeUpstream) -> Self {
        Self {
            clock: Arc::new(TestClock::new()),
            store: Arc::new(MemoryStore::new(Arc::clone(&journal))),
            upstream: Arc::new(upstream),
            journal,
            id: SourceId::new("upstream"),
            config: PollConfig {
                rule: PollRule {
                    sweep: None,
                    ..PollRule::default()
                },
                records: None,
                paging: Paging::Since,
                jitter_seed: 7,
            },
            limits: RecordLimits::default(),
            retention: None,
            interval_minutes: 30,
        }
    }

    pub(crate) fn pipeline(limits: RecordLimits) -> Arc<Pipeline> {
        Arc::new(Pipeline::new(PipelineSpec {
            limits,
            ..PipelineSpec::new(Adapter::SeedA)
        }))
    }

    /// What the pipeline makes of some records.
    pub(crate) async fn outcome(&self, records: &[String]) -> Outcome {
        let mut slicer = ArraySlicer::new(self.limits, None);
        slicer.feed(&array(records)).unwrap();
        let cut = slicer.take_rest().unwrap();
        let batch = RawBatch {
            source: self.id.clone(),
            sequence: 0,
            received: self.clock.now(),
            epoch: 0,
            fetch: 1,
            first_place: 0,
            identity: BatchIdentity::Vendor,
            bytes: cut.bytes,
            records: cut.records,
        };
        let decided = self.ports().stages.decide(batch, Scratch::default()).await;
        let settled = self.ports().stages.settle(decided.unwrap()).await;
        settled.unwrap().0
    }

    pub(crate) fn ports(&self) -> PollPorts {
        self.ports_over(Arc::clone(&self.store) as Arc<dyn Store>)
    }

    /// The ports over another store.
    pub(crate) fn ports_over(&self, store: Arc<dyn Store>) -> PollPorts {
        PollPorts {
            upstream: Arc::clone(&self.upstream) as Arc<dyn Upstream>,
            store,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            stages: Stages::new(self.rules()),
            sinks: Vec::new(),
        }
    }

    /// What its pipeline does at the start.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            pipeline: Self::pipeline(self.limits),
            tables: Arc::new(LiveTables::default()),
            lookup: None,
            retention: self.retention,
        }
    }

    /// What a former process left.
    pub(crate) fn remember(&self, checkpoint: Checkpoint) {
        let stored = StoredSource {
            checkpoint: Some(checkpoint),
            ..StoredSource::default()
        };
        self.store.put(&self.id, stored);
    }

    pub(crate) fn stored(&self) -> StoredSource {
        self.store.stored(&self.id)
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.stored().checkpoint.expect("a checkpoint is stored")
    }

    /// An empty control over the fakes.
    pub(crate) fn control(&self) -> RuntimeControl {
        RuntimeControl::new(ControlConfig {
            store: Arc::clone(&self.store) as _,
            query: Arc::clone(&self.store) as _,
            clock: Arc::clone(&self.clock) as _,
        })
    }

    /// Starts the loop with a control of its own.
    pub(crate) fn start(&self) -> Running {
        let mut control = self.control();
        let (stop, task, cell) = self.start_under(&mut control);
        Running {
            control: Arc::new(control),
            cell,
            clock: Arc::clone(&self.clock),
            stop,
            task,
        }
    }

    /// Starts the loop under a control.
    pub(crate) fn start_under(
        &self,
        control: &mut RuntimeControl,
    ) -> (watch::Sender<bool>, JoinHandle<()>, Arc<SourceCell>) {
        let cell = Arc::new(SourceCell::new(
            self.id.clone(),
            "http_poll",
            self.upstream.address(),
        ));
        let (manual, interval) =
            control.add(Arc::clone(&cell), self.ports(), self.interval_minutes);
        let (stop, stopped) = watch::channel(false);
        let poll = Poll::new(self.config.clone(), self.ports(), Arc::clone(&cell));
        let task = tokio::spawn(poll.run(manual, interval, stopped));
        (stop, task, cell)
    }

    /// Runs until the first turn has ended.
    pub(crate) async fn first_turn(&self) -> Running {
        let running = self.start();
        running.turns(1).await;
        running
    }
}

/// A source whose loop runs.
pub(crate) struct Running {
    pub(crate) control: Arc<RuntimeControl>,
    pub(crate) cell: Arc<SourceCell>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn state(&self) -> SourceState {
        self.cell.state(self.clock.now())
    }

    /// Lets time pass until that many turns have ended.
    pub(crate) async fn turns(&self, turns: u64) {
        self.until(|state| state.turns >= turns).await;
    }

    /// Lets time pass until the state is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&SourceState) -> bool) {
        let begun = self.clock.elapsed();
        while !is_so(&self.state()) {
            let waited = self.clock.elapsed().saturating_sub(begun);
            assert!(waited < PATIENCE, "waited in vain");
            // Who waits for long need not look as often.
            tokio::time::sleep(STEP.max(waited / 10_000)).await;
        }
    }

    /// Lets time pass, and says when the status changed, beginning with the present one.
    pub(crate) async fn watch(&self, time: Duration) -> Vec<(Duration, SyncStatus)> {
        let begun = self.clock.elapsed();
        let mut seen = vec![(Duration::ZERO, self.state().status)];
        while self.clock.elapsed() < begun + time {
            tokio::time::sleep(STEP).await;
            let status = self.state().status;
            if seen.last().is_none_or(|(_, last)| *last != status) {
                seen.push((self.clock.elapsed().saturating_sub(begun), status));
            }
        }
        seen
    }

    /// Stops the loop and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.expect("the loop ends by itself");
    }
}
