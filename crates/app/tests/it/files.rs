//! Files that are written, rotated, cut and deleted as fast as it goes, read by the real process.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::process::{Process, command, free_port, run, said, wait_until};

/// Lines of one run.
const LINES: u64 = 20_000;
/// Lines between two rotations.
const BURST: u64 = 40;
/// The lines that are alerts.
const ALERT_EVERY: u64 = 50;

fn configuration(port: u16) -> String {
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
  files:
    source: {{ file: {{ path: in/app.log }} }}
    adapter: nullify
    detect: [ threat: {{ severity: high }} ]
    sinks: [ file: {{ path: data/events }} ]
"
    )
}

fn start(directory: &Path) -> Process {
    let port = free_port();
    fs::write(directory.join("files.yaml"), configuration(port)).unwrap();
    Process::start(
        command(directory, &["run", "-c", "files.yaml"]),
        port,
        "/readyz",
    )
}

/// Appends, rotates by renaming, cuts after copying, and deletes what was read, so that inodes come again.
struct Writer {
    folder: PathBuf,
    /// Lines written so far.
    next: u64,
    rotations: u64,
    /// Rotated files, the oldest first, with the count of lines written when they were left.
    rotated: Vec<(PathBuf, u64)>,
    /// All lines before this one were handed on.
    stored: Arc<AtomicU64>,
}

impl Writer {
    fn new(directory: &Path, stored: Arc<AtomicU64>) -> Self {
        let folder = directory.join("in");
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            next: 0,
            rotations: 0,
            rotated: Vec::new(),
            stored,
        }
    }

    fn write_until(&mut self, end: u64) {
        let current = self.folder.join("app.log");
        while self.next < end {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&current)
                .unwrap();
            let last = end.min(self.next + BURST);
            for number in self.next..last {
                writeln!(file, "{}", event(number)).unwrap();
            }
            self.next = last;
            self.rotate(&current, &file);
            let stored = self.stored.load(Ordering::Relaxed);
            while self
                .rotated
                .first()
                .is_some_and(|(_, lines)| *lines <= stored)
            {
                fs::remove_file(self.rotated.remove(0).0).unwrap();
            }
        }
    }

    fn rotate(&mut self, current: &Path, file: &File) {
        self.rotations += 1;
        let rotated = self.folder.join(format!("app.log.{}", self.rotations));
        match self.rotations % 3 {
            // The next burst goes on in the same file.
            0 => return,
            1 => {
                fs::rename(current, &rotated).unwrap();
                if self.rotations.is_multiple_of(4) {
                    let packed = rotated.with_extension(format!("{}.gz", self.rotations));
                    let to = flate2::Compression::fast();
                    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), to);
                    encoder.write_all(&fs::read(&rotated).unwrap()).unwrap();
                    fs::write(&packed, encoder.finish().unwrap()).unwrap();
                    fs::remove_file(&rotated).unwrap();
                    self.rotated.push((packed, self.next));
                    return;
                }
            }
            _ => {
                fs::copy(current, &rotated).unwrap();
                file.set_len(0).unwrap();
            }
        }
        self.rotated.push((rotated, self.next));
    }
}

fn event(number: u64) -> String {
    let severity = if number.is_multiple_of(ALERT_EVERY) {
        "high"
    } else {
        "low"
    };
    format!(
        "{{\"timestamp\":\"2026-11-25T04:00:00Z\",\"source_ip\":\"192.0.2.1\",\
         \"destination_ip\":\"10.0.0.1\",\"event_type\":\"port_scan\",\
         \"severity\":\"{severity}\",\"description\":\"line {number:06}\"}}"
    )
}

fn counter(service: &Process, name: &str) -> u64 {
    let source = service.get("/api/v1/sources/files").json();
    source["counters"][name].as_u64().unwrap()
}

/// How often each line is in the sink.
fn written(directory: &Path) -> BTreeMap<u64, u32> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory.join("data/events")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        // The file that is being written may end within a line.
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let (_, rest) = line.split_once("\"line ").unwrap();
            *found.entry(rest[..6].parse().unwrap()).or_default() += 1;
        }
    }
    found
}

/// Everything came, the alerts once, and the books agree with the tables.
fn check(directory: &Path, service: Process) {
    assert_eq!(counter(&service, "new"), LINES / ALERT_EVERY);
    assert_eq!(counter(&service, "dead"), 0);
    assert_eq!(service.terminate(), 0);
    let (code, out, error) = said(&run(directory, &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
    let lines = written(directory);
    let missing: Vec<u64> = (0..LINES).filter(|n| !lines.contains_key(n)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
}

#[test]
fn every_line_comes_once_however_fast_its_file_is_rotated() {
    let directory = tempfile::tempdir().unwrap();
    let stored = Arc::new(AtomicU64::new(0));
    let service = start(directory.path());
    let mut writer = Writer::new(directory.path(), Arc::clone(&stored));
    let writing = std::thread::spawn(move || {
        writer.write_until(LINES);
        writer
    });
    wait_until(|| {
        let found = written(directory.path());
        let whole = (0..LINES).find(|number| !found.contains_key(number));
        stored.store(whole.unwrap_or(LINES), Ordering::Relaxed);
        writing.is_finished() && counter(&service, "read") >= LINES
    });
    writing.join().unwrap();
    assert_eq!(counter(&service, "read"), LINES);
    assert_eq!(counter(&service, "passed"), LINES - LINES / ALERT_EVERY);
    check(directory.path(), service);
    let doubled = written(directory.path());
    assert!(doubled.values().all(|times| *times == 1), "doubled");
}

#[test]
fn a_killed_process_goes_on_where_it_was_though_files_were_rotated_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let stored = Arc::new(AtomicU64::new(0));
    let mut writer = Writer::new(directory.path(), stored);
    let mut service = start(directory.path());
    for kill in 1..=3 {
        writer.write_until(LINES / 4 * kill);
        wait_until(|| counter(&service, "read") > 0);
        service.kill();
        writer.write_until(LINES / 4 * kill + 500);
        service = start(directory.path());
    }
    writer.write_until(LINES);
    let settled = |service: &Process| counter(service, "read") - counter(service, "same");
    wait_until(|| settled(&service) >= LINES);
    assert_eq!(settled(&service), LINES);
    check(directory.path(), service);
    // Events may be in the sink twice when it was killed between the sink and the commit.
    let doubled = written(directory.path());
    let doubled = doubled.values().filter(|times| **times > 1).count();
    assert!(doubled <= 3 * 3_000, "{doubled} are doubled by three kills");
}

#[test]
fn the_example_follows_a_file_and_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/follow-files.yaml");
    let input = directory.path().join("data/in");
    fs::create_dir_all(&input).unwrap();
    for (run, expected) in [(1_u64, 2), (2, 4)] {
        let port = free_port();
        let mut run_it = command(directory.path(), &["run", "-c", example.to_str().unwrap()]);
        run_it.env("HOST_PORT_INGESTOR", port.to_string());
        let service = Process::start(run_it, port, "/readyz");
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(input.join("events.ndjson"))
            .unwrap();
        writeln!(file, "{}\nno event", event(run)).unwrap();
        wait_until(|| counter(&service, "read") == expected);
        assert_eq!(counter(&service, "dead"), run);
        assert_eq!(service.terminate(), 0);
    }
    let (code, out, error) = said(&super::process::run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn the_service_reads_its_standard_input_to_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let text = configuration(port).replace("file: { path: in/app.log }", "stdin: {}");
    fs::write(directory.path().join("files.yaml"), text).unwrap();
    fs::write(
        directory.path().join("lines"),
        (0..100).map(event).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    let child = command(directory.path(), &["run", "-c", "files.yaml"])
        .stdin(File::open(directory.path().join("lines")).unwrap())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let service = Process { child, port };
    wait_until(|| super::process::try_get(port, "/readyz").is_some_and(|it| it.status == 200));
    wait_until(|| counter(&service, "read") == 100);
    assert_eq!(counter(&service, "new"), 2);
    assert_eq!(service.terminate(), 0);
}
