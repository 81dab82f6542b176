//! A source of lines over fakes: what is committed when, and what a kill leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cresset_model::SourceId;
use cresset_model::limits::RecordLimits;
use cresset_model::ports::{
    BoxFuture, FilePosition, LINE_CHECK_BYTES, LINE_FILES_MAX, LineChunk, LineSource, PortError,
    Store as _, line_check,
};
use cresset_model::source::{Counters, SyncStatus};
use cresset_pipeline::process::{Adapter, AlertRule, Detector, Pipeline, PipelineSpec};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::lane::BATCHES_MAX;
use super::*;
use crate::fakes::{Fault, Journal, MemorySink, MemoryStore, Note, SinkFault, TestClock};
use crate::{LiveTables, Rules, SourceCell, Stages};

/// Records of a batch.
const BATCH_RECORDS: usize = 3;
/// Bytes that the source gives at once: some lines and a piece of one.
const CHUNK: usize = 500;
/// How long tests wait for a state, on the paused clock.
const PATIENCE: Duration = Duration::from_hours(1);

/// What the source has acknowledged and given.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<Vec<FilePosition>>,
    given: AtomicUsize,
}

/// Files in memory, each begun at its stored position; chunks of the files in turn.
struct MemoryFiles {
    files: Vec<(u128, Vec<u8>, usize)>,
    /// Errors given first.
    errors: Vec<PortError>,
    /// Whether a file ends with its last byte.
    ends: bool,
    turn: usize,
    seen: Arc<Seen>,
    /// Told after each chunk that was given.
    told: mpsc::UnboundedSender<usize>,
}

impl MemoryFiles {
    fn chunk(&mut self) -> Option<LineChunk> {
        let count = self.files.len();
        let open = |step: &usize| {
            let (_, bytes, at) = &self.files[(self.turn + step) % count];
            *at < bytes.len()
        };
        let index = (self.turn + (0..count).find(open)?) % count;
        self.turn = index + 1;
        let (fingerprint, bytes, at) = &mut self.files[index];
        let begin = *at;
        *at = (begin + CHUNK).min(bytes.len());
        self.seen.given.fetch_add(*at - begin, Ordering::Relaxed);
        Some(LineChunk {
            fingerprint: *fingerprint,
            offset: begin as u64,
            bytes: Bytes::copy_from_slice(&bytes[begin..*at]),
            before: Bytes::copy_from_slice(&bytes[begin.saturating_sub(LINE_CHECK_BYTES)..begin]),
            inode: 9,
            ends_file: self.ends && *at == bytes.len(),
        })
    }
}

impl LineSource for MemoryFiles {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<LineChunk>, PortError>> {
        Box::pin(async move {
            if let Some(error) = self.errors.pop() {
                return Err(error);
            }
            match self.chunk() {
                Some(chunk) => {
                    self.told.send(chunk.bytes.len()).unwrap_or_default();
                    Ok(Some(chunk))
                }
                None if self.ends => Ok(None),
                None => std::future::pending().await,
            }
        })
    }

    fn acknowledge(&mut self, position: FilePosition) {
        self.seen.acknowledged.lock().unwrap().push(position);
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}

/// A source of lines over fakes, which outlive its process.
struct World {
    journal: Arc<Journal>,
    store: Arc<MemoryStore>,
    sink: Arc<MemorySink>,
    has_sink: bool,
    files: Vec<(u128, Vec<u8>)>,
    errors: Vec<PortError>,
    ends: bool,
}

/// A process that reads.
struct Running {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    cell: Arc<SourceCell>,
    seen: Arc<Seen>,
    told: mpsc::UnboundedReceiver<usize>,
}

impl World {
    fn new(has_sink: bool, files: &[Vec<String>]) -> Self {
        let journal = Arc::new(Journal::new());
        let text = |lines: &Vec<String>| lines.join("\n").into_bytes();
        let files = files.iter().map(text);
        Self {
            store: Arc::new(MemoryStore::new(Arc::clone(&journal))),
            sink: Arc::new(MemorySink::new(Arc::clone(&journal))),
            journal,
            has_sink,
            files: (1..).map(|n| n * 7).zip(files).collect(),
            errors: Vec::new(),
            ends: true,
        }
    }

    fn id() -> SourceId {
        SourceId::new("files")
    }

    async fn start(&self) -> Running {
        let positions = self.store.positions(Self::id()).await.unwrap();
        let (told, hears) = mpsc::unbounded_channel();
        let seen = Arc::new(Seen::default());
        let begin = |fingerprint: u128| {
            let mut known = positions
                .iter()
                .filter(|known| known.fingerprint == fingerprint);
            known
                .next()
                .map_or(0, |known| usize::try_from(known.offset).unwrap())
        };
        let files = self.files.iter();
        let source = MemoryFiles {
            files: files
                .map(|(name, text)| (*name, text.clone(), begin(*name)))
                .collect(),
            errors: self.errors.clone(),
            ends: self.ends,
            turn: 0,
            seen: Arc::clone(&seen),
            told,
        };
        let limits = RecordLimits {
            batch_records_max: BATCH_RECORDS,
            ..RecordLimits::default()
        };
        let spec = PipelineSpec {
            detect: vec![Detector::Threat {
                severity: vec![cresset_model::Severity::High],
                list: None,
            }],
            alerts: AlertRule::Detected,
            write: self.has_sink,
            limits,
            ..PipelineSpec::new(Adapter::Nullify)
        };
        let cell = Arc::new(SourceCell::new(Self::id(), "file", String::new()));
        let ports = LinePorts {
            store: Arc::clone(&self.store) as _,
            clock: Arc::new(TestClock::new()),
            stages: Stages::new(Rules {
                pipeline: Arc::new(Pipeline::new(spec)),
                tables: Arc::new(LiveTables::default()),
                lookup: None,
                retention: None,
            }),
            sinks: if self.has_sink {
                vec![Arc::clone(&self.sink) as _]
            } else {
                Vec::new()
            },
            cell: Arc::clone(&cell),
        };
        let (stop, stopped) = watch::channel(false);
        let runner = LineRunner::new(ports, Box::new(source));
        Running {
            task: tokio::spawn(runner.run(stopped)),
            stop,
            cell,
            seen,
            told: hears,
        }
    }

    /// Runs a process to its end.
    async fn run(&self) -> Running {
        let mut running = self.start().await;
        tokio::time::timeout(PATIENCE, &mut running.task)
            .await
            .expect("it ends")
            .unwrap();
        running
    }

    fn books(&self) -> Counters {
        self.store.stored(&Self::id()).counters
    }

    /// Everything was read once: the books, the alerts and the positions say so.
    async fn check(&self) {
        let lines: usize = self.files.iter().map(|(_, text)| lines_of(text)).sum();
        let books = self.books();
        assert_eq!(books.read, lines as u64, "nothing lost, nothing doubled");
        assert_eq!(books.sides().0, books.sides().1, "the books balance");
        assert_eq!(books.new, self.store.alerts().len() as u64);
        assert_eq!(books.same, 0, "no line was read again after its commit");
        for position in self.store.positions(Self::id()).await.unwrap() {
            let mut files = self.files.iter();
            let (_, text) = files
                .find(|(name, _)| *name == position.fingerprint)
                .unwrap();
            assert_eq!(position.offset, text.len() as u64);
            assert_eq!((position.check, position.inode), (line_check(text), 9));
        }
    }
}

fn lines_of(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .count()
}

/// So many events of a file, of which every third is an alert.
fn events(file: &str, count: usize) -> Vec<String> {
    let event = |index: usize| {
        let severity = if index.is_multiple_of(3) {
            "high"
        } else {
            "low"
        };
        format!(
            "{{\"timestamp\":\"2026-11-23T10:00:00Z\",\"source_ip\":\"203.0.113.7\",\
             \"destination_ip\":\"10.0.0.1\",\"event_type\":\"port_scan\",\
             \"severity\":\"{severity}\",\"description\":\"{file} {index}\"}}"
        )
    };
    (0..count).map(event).collect()
}

#[tokio::test(start_paused = true)]
async fn every_line_is_settled_once_and_its_place_stored_with_it() {
    let world = World::new(false, &[events("a", 20), events("b", 7)]);
    let running = world.run().await;
    world.check().await;
    let acknowledged = running.seen.acknowledged.lock().unwrap().clone();
    let lasts = [0, 1].map(|index| {
        let (name, text) = &world.files[index];
        let mut of_file = acknowledged.iter().rev();
        (
            of_file.find(|position| position.fingerprint == *name),
            text.len() as u64,
        )
    });
    for (last, size) in lasts {
        assert_eq!(last.map(|last| last.offset), Some(size));
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_line_is_one_dead_letter_and_blank_ones_move_the_place() {
    let mut lines = events("a", 4);
    lines[1] = "no event".to_owned();
    lines.insert(2, String::new());
    lines.push(String::new());
    let world = World::new(false, &[lines]);
    world.run().await;
    world.check().await;
    assert_eq!(world.books().dead, 1);
}

/// Broken on purpose by acknowledging what is pushed into the lane.
#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_before_its_commit_and_what_waits_is_bounded() {
    let world = World::new(false, &[events("a", 2_000)]);
    world.store.hold_commits(true);
    let mut running = world.start().await;
    // Everything that can go on without a commit has gone on when nothing is given any more.
    while tokio::time::timeout(Duration::from_mins(1), running.told.recv())
        .await
        .is_ok_and(|told| told.is_some())
    {}
    assert_eq!(*running.seen.acknowledged.lock().unwrap(), []);
    assert_eq!(world.store.positions(World::id()).await.unwrap(), []);
    let line = events("a", 1)[0].len() + 10;
    let bound = (BATCHES_MAX + 1) * BATCH_RECORDS * line + 2 * CHUNK;
    let given = running.seen.given.load(Ordering::Relaxed);
    assert!(
        given <= bound,
        "{given} of at most {bound} bytes were read ahead"
    );
    world.store.hold_commits(false);
    tokio::time::timeout(PATIENCE, &mut running.task)
        .await
        .expect("it ends")
        .unwrap();
    world.check().await;
}

/// Broken on purpose by giving the claims the positions, or by writing to the sinks last.
#[tokio::test(start_paused = true)]
async fn sinks_take_the_events_before_the_positions_move() {
    let world = World::new(true, &[events("a", 3)]);
    world.sink.fail_next([SinkFault::Down]);
    let mut running = world.start().await;
    while world.store.alerts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.store.positions(World::id()).await.unwrap(), []);
    assert_eq!(*running.seen.acknowledged.lock().unwrap(), []);
    tokio::time::timeout(PATIENCE, &mut running.task)
        .await
        .expect("it ends")
        .unwrap();
    let commit = |read| Note::Commit {
        read: Some(read),
        checkpoint: None,
    };
    assert_eq!(
        world.journal.notes(),
        [commit(1), Note::Events(3), commit(2)]
    );
    world.check().await;
    assert_eq!(world.sink.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_waited_for_and_nothing_is_doubled() {
    for fault in [Fault::Transient, Fault::Permanent, Fault::Unknown] {
        for has_sink in [false, true] {
            let world = World::new(has_sink, &[events("a", 10)]);
            world.store.fail_next([Fault::None, fault, fault]);
            world.run().await;
            let books = world.books();
            assert_eq!(books.sides().0, books.sides().1);
            assert_eq!(world.store.alerts().len(), 4, "{fault:?}");
            if has_sink {
                assert_eq!(world.sink.lines().len(), 10, "{fault:?}");
            } else {
                world.check().await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_holds_only_its_own_source_up() {
    let world = World::new(true, &[events("a", 10)]);
    world
        .sink
        .fail_next([SinkFault::Down, SinkFault::Hang, SinkFault::Down]);
    let mut running = world.start().await;
    while running.cell.state(crate::fakes::T0).status != SyncStatus::SystemFailure {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let other = World::new(true, &[events("b", 10)]);
    other.run().await;
    other.check().await;
    tokio::time::timeout(PATIENCE, &mut running.task)
        .await
        .expect("it ends")
        .unwrap();
    world.check().await;
    let lines = world.sink.lines();
    assert_eq!(lines.len(), 10);
    for (index, line) in lines.iter().enumerate() {
        assert!(
            line.contains(&format!("a {index}")),
            "in their order: {line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_be_read_for_a_while_goes_on() {
    let mut world = World::new(false, &[events("a", 4)]);
    world.errors = vec![PortError::transient("cannot list"); 3];
    world.run().await;
    world.check().await;
    world.errors = vec![PortError::permanent("gone")];
    let running = world.run().await;
    let state = running.cell.state(crate::fakes::T0);
    assert_eq!(state.status, SyncStatus::Failed);
    assert!(state.last_error.is_some_and(|error| error.contains("gone")));
}

#[tokio::test(start_paused = true)]
async fn a_stop_commits_what_is_on_its_way() {
    let mut world = World::new(false, &[events("a", 7), vec![String::new()]]);
    world.ends = false;
    let running = world.start().await;
    while world.books().read < 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop.send_replace(true);
    tokio::time::timeout(PATIENCE, running.task)
        .await
        .expect("it ends")
        .unwrap();
    // The last line has no end and none was said: the next process reads it.
    assert_eq!(world.books().read, 6);
    world.ends = true;
    world.run().await;
    world.check().await;
}

#[test]
fn files_are_bounded_and_a_place_alone_is_stored_whatever_is_open() {
    let chunk = |fingerprint: u128, ends_file: bool| LineChunk {
        fingerprint,
        offset: 7,
        bytes: Bytes::new(),
        before: Bytes::from_static(b"before\n"),
        inode: 9,
        ends_file,
    };
    let mut files = super::files::Files::default();
    let mut cuts = Vec::new();
    let limits = RecordLimits::default();
    for n in 0..LINE_FILES_MAX as u128 {
        files.feed(&chunk(n, false), limits, &mut cuts).unwrap();
    }
    files.feed(&chunk(1_000, true), limits, &mut cuts).unwrap();
    assert_eq!(cuts.len(), LINE_FILES_MAX + 1);
    let expected = FilePosition {
        fingerprint: 1_000,
        offset: 7,
        inode: 9,
        check: line_check(b"before\n"),
    };
    assert_eq!(cuts.last().unwrap().position, expected);
    let error = files
        .feed(&chunk(1_001, false), limits, &mut cuts)
        .unwrap_err();
    assert!(
        error.to_string().contains("more than 64 files open"),
        "{error}"
    );
    files.feed(&chunk(1, true), limits, &mut cuts).unwrap();
    files.feed(&chunk(1_001, false), limits, &mut cuts).unwrap();
}

#[test]
fn other_limits_hold_from_the_next_whole_line() {
    let limits = RecordLimits {
        batch_records_max: 2,
        ..RecordLimits::default()
    };
    let mut files = super::files::Files::default();
    let mut cuts = Vec::new();
    let mut offset = 0;
    for (bytes, limits, batches) in [
        (&b"{}\n{"[..], RecordLimits::default(), 0),
        // The half line keeps the limits that it began with.
        (b"}\n{}\n", limits, 0),
        // All three lines so far go, and the next ones two at a time.
        (b"{}\n{}\n{}\n", limits, 2),
    ] {
        let chunk = LineChunk {
            fingerprint: 1,
            offset,
            bytes: Bytes::from_static(bytes),
            before: Bytes::new(),
            inode: 9,
            ends_file: false,
        };
        offset += bytes.len() as u64;
        files.feed(&chunk, limits, &mut cuts).unwrap();
        assert_eq!(cuts.len(), batches);
    }
    let records: Vec<usize> = cuts
        .iter()
        .map(|cut| cut.lines.as_ref().map_or(0, |lines| lines.records.len()))
        .collect();
    assert_eq!(records, [3, 2]);
}

/// Kills the process after each commit and each batch of the sink, and a few steps later.
#[tokio::test(start_paused = true)]
async fn wherever_it_is_killed_nothing_is_lost_and_no_alert_doubled() {
    let mut kills_within = 0;
    for (has_sink, notes_max) in [(false, 6), (true, 18)] {
        for (notes, steps) in (0..notes_max).flat_map(|notes| (0..4).map(move |step| (notes, step)))
        {
            let world = World::new(has_sink, &[events("a", 13), events("b", 5)]);
            let mut running = world.start().await;
            while world.journal.notes().len() < notes && !running.task.is_finished() {
                tokio::task::yield_now().await;
            }
            for _ in 0..steps {
                tokio::task::yield_now().await;
            }
            running.task.abort();
            drop((&mut running.task).await);
            let at = (has_sink, notes, steps);
            kills_within += usize::from((1..18).contains(&world.books().read));
            world.run().await;
            assert_eq!(world.store.alerts().len(), 7, "{at:?}");
            let books = world.books();
            assert_eq!(books.sides().0, books.sides().1, "{at:?}");
            if has_sink {
                // Alerts of a batch whose events were not handed on come again, as the same.
                assert_eq!(books.read - books.same, 18, "{at:?}");
                let mut lines = world.sink.lines();
                lines.sort();
                lines.dedup();
                assert_eq!(lines.len(), 18, "{at:?}");
            } else {
                world.check().await;
            }
        }
    }
    assert!(
        kills_within > 5,
        "only {kills_within} kills met a process within its work"
    );
}
