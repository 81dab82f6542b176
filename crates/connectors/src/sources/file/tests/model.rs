//! Random histories of files against a model: every whole line is stored once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Random histories that each property is tried with.
const CASES: u32 = 400;

/// What happens to the files, and to who reads them.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A number of whole lines, each of about so many bytes.
    Append(u8, u16),
    /// A line without its end.
    AppendHalf,
    /// Renamed; the next append makes the file anew.
    Rotate,
    /// Copied under another name and cut.
    CopyAndCut,
    /// The oldest rotated file is packed.
    Compress,
    /// Read to the end, then the oldest rotated file is deleted: its inode may be used again.
    ReadAndDelete,
    Look,
    /// Some chunks are read.
    Read(u8),
    Commit,
    /// The reader begins again with what was committed.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..6_u8, prop_oneof![0..40_u16, 0..3_000_u16]).prop_map(|(n, bytes)| Step::Append(n, bytes)),
        1 => Just(Step::AppendHalf),
        2 => Just(Step::Rotate),
        2 => Just(Step::CopyAndCut),
        2 => Just(Step::Compress),
        1 => Just(Step::ReadAndDelete),
        4 => Just(Step::Look),
        4 => (1..4_u8).prop_map(Step::Read),
        3 => Just(Step::Commit),
        2 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..80)
}

/// Cuts chunks into lines, as the consumer of the source does.
#[derive(Default)]
struct Consumer {
    /// Offset of the first byte, the bytes of an open line, and those before it.
    open: BTreeMap<u128, (u64, Vec<u8>, Vec<u8>)>,
    pending: Vec<String>,
    /// The latest last.
    positions: Vec<FilePosition>,
    stored: Vec<String>,
    stored_positions: Vec<FilePosition>,
}

impl Consumer {
    fn take(&mut self, chunk: &LineChunk) {
        let begun = self.open.remove(&chunk.fingerprint);
        let begun = begun.unwrap_or((chunk.offset, Vec::new(), chunk.before.to_vec()));
        let (mut start, mut bytes, mut before) = begun;
        assert_eq!(
            start + bytes.len() as u64,
            chunk.offset,
            "chunks have no gaps"
        );
        bytes.extend_from_slice(&chunk.bytes);
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = bytes.drain(..=end).collect();
            start += line.len() as u64;
            before.extend_from_slice(&line);
            self.pending.push(String::from_utf8(line).unwrap());
        }
        self.positions
            .retain(|position| position.fingerprint != chunk.fingerprint);
        self.positions.push(FilePosition {
            fingerprint: chunk.fingerprint,
            offset: start,
            inode: chunk.inode,
            check: line_check(&before),
        });
        if !chunk.ends_file {
            self.open.insert(chunk.fingerprint, (start, bytes, before));
        }
    }

    fn commit(&mut self) {
        self.stored.append(&mut self.pending);
        self.stored_positions.clone_from(&self.positions);
    }

    /// Forgets what was not stored; the positions come back the latest first.
    fn restart(&mut self) -> Vec<FilePosition> {
        self.open.clear();
        self.pending.clear();
        self.positions.clone_from(&self.stored_positions);
        self.positions.iter().rev().copied().collect()
    }
}

struct World {
    fixture: Fixture,
    consumer: Consumer,
    /// Written to every file first.
    header: &'static str,
    written: Vec<String>,
    /// Rotated and not packed, the oldest first.
    rotated: Vec<String>,
    rotations: u32,
    /// Lines begun so far without their end.
    halves: u32,
    /// The line that the current file ends within.
    half: Option<String>,
}

impl World {
    fn new(header: &'static str) -> Self {
        Self {
            fixture: Fixture::new("app*"),
            consumer: Consumer::default(),
            header,
            written: Vec::new(),
            rotated: Vec::new(),
            rotations: 0,
            halves: 0,
            half: None,
        }
    }

    fn write(&self, text: &str) {
        let size = fs::metadata(self.fixture.path("app.log")).map_or(0, |found| found.len());
        if size == 0 {
            self.fixture.append("app.log", self.header);
        }
        self.fixture.append("app.log", text);
    }

    fn append(&mut self, count: u8, bytes: u16) {
        if let Some(half) = self.half.take() {
            self.fixture.append("app.log", " end\n");
            self.written.push(half + " end\n");
        }
        for _ in 0..count {
            let number = self.written.len();
            let filler = "x".repeat(bytes.into());
            // Where a file ends tells it from others too.
            let line = format!("line {number} {filler} {number}\n");
            self.write(&line);
            self.written.push(line);
        }
    }

    fn rotated_name(&mut self) -> Option<String> {
        if !self.fixture.path("app.log").exists() {
            return None;
        }
        self.half = None;
        self.rotations += 1;
        let name = format!("app.log.{}", self.rotations);
        self.rotated.push(name.clone());
        Some(name)
    }

    fn read(&mut self, chunks_max: usize) -> usize {
        let chunks: Vec<_> = std::iter::from_fn(|| self.fixture.tail.read())
            .take(chunks_max)
            .collect();
        for chunk in &chunks {
            self.consumer.take(chunk);
        }
        chunks.len()
    }

    fn read_all(&mut self) {
        // A cut is seen by one look, a copy by the next, and files that begin alike one after another.
        let mut quiet = 0;
        while quiet < 5 {
            self.fixture.tail.look().unwrap();
            quiet = if self.read(usize::MAX) == 0 {
                quiet + 1
            } else {
                0
            };
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(count, bytes) => self.append(count, bytes),
            Step::AppendHalf => {
                if self.half.is_none() {
                    self.halves += 1;
                    let half = format!("half {}", self.halves);
                    self.write(&half);
                    self.half = Some(half);
                }
            }
            Step::Rotate => {
                if let Some(name) = self.rotated_name() {
                    self.fixture.rename("app.log", &name);
                }
            }
            Step::CopyAndCut => {
                if let Some(name) = self.rotated_name() {
                    let (from, to) = (self.fixture.path("app.log"), self.fixture.path(&name));
                    fs::copy(from, to).unwrap();
                    self.fixture.cut("app.log");
                }
            }
            Step::Compress => {
                if !self.rotated.is_empty() {
                    let name = self.rotated.remove(0);
                    self.fixture.compress(&name);
                }
            }
            Step::ReadAndDelete => {
                if !self.rotated.is_empty() {
                    self.read_all();
                    self.consumer.commit();
                    let name = self.rotated.remove(0);
                    fs::remove_file(self.fixture.path(&name)).unwrap();
                }
            }
            Step::Look => self.fixture.tail.look().unwrap(),
            Step::Read(count) => {
                self.read(count.into());
            }
            Step::Commit => self.consumer.commit(),
            Step::Restart => {
                let positions = self.consumer.restart();
                self.fixture.restart(&positions);
            }
        }
    }

    fn check(&mut self) {
        self.read_all();
        loop {
            let late = self.fixture.wait_for_ends();
            for chunk in &late {
                self.consumer.take(chunk);
            }
            if late.is_empty() {
                break;
            }
        }
        self.consumer.commit();
        let mut missing: BTreeMap<&str, i32> = BTreeMap::new();
        for line in &self.written {
            *missing.entry(line).or_default() += 1;
        }
        for line in self
            .consumer
            .stored
            .iter()
            .filter(|line| *line != self.header)
        {
            *missing.entry(line).or_default() -= 1;
        }
        let wrong: Vec<(&str, i32)> = missing
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|(line, count)| (line.get(..10).unwrap_or(line), count))
            .collect();
        assert!(
            wrong.is_empty(),
            "lost (positive) or doubled (negative): {wrong:?}"
        );
    }
}

fn check(header: &'static str, steps: &[Step]) {
    let mut world = World::new(header);
    for step in steps {
        world.take(*step);
    }
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn every_whole_line_is_stored_once(steps in steps()) {
        check("", &steps);
    }

    #[test]
    fn files_that_begin_alike_are_told_apart(steps in steps()) {
        check("# the same first line\n", &steps);
    }
}
