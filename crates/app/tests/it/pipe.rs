//! The core as a filter, alive: long lines, idle input, interruptions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::process::{command, signal};

const CONFIGURATION: &str = "version: 1
pipelines:
  p: { source: { stdin: {} }, adapter: nullify, sinks: [ stdout: {} ] }
";
const EVENT: &str = r#"{"timestamp":"2026-11-25T04:00:00Z","source_ip":"192.0.2.1","destination_ip":"10.0.0.1","event_type":"port_scan","severity":"low","description":"d"}"#;

/// A pipe that runs, with its ends.
struct Pipe {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pipe {
    fn start(directory: &Path) -> Self {
        std::fs::write(directory.join("pipe.yaml"), CONFIGURATION).unwrap();
        let mut child = command(
            directory,
            &["pipe", "-c", "pipe.yaml", "--rejected", "bad.ndjson"],
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// An event goes through while nothing follows it.
    fn passes_one(&mut self) {
        writeln!(self.input, "{EVENT}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), EVENT);
    }

    /// The most memory that it had so far, in KiB.
    fn peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM"));
        let number = line.unwrap().split_whitespace().nth(1);
        number.unwrap().parse().unwrap()
    }
}

#[test]
fn a_line_beyond_all_measure_is_one_dead_letter_and_costs_no_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mut pipe = Pipe::start(directory.path());
    pipe.passes_one();
    let before = pipe.peak_kib();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        pipe.input.write_all(&piece).unwrap();
    }
    pipe.input.write_all(b"\n").unwrap();
    pipe.passes_one();
    let grown = pipe.peak_kib() - before;
    assert!(grown < 16 << 10, "grew by {grown} KiB for a line of 64 MiB");
    drop(pipe.input);
    assert_eq!(pipe.child.wait().unwrap().code(), Some(6));
    let bad = std::fs::read_to_string(directory.path().join("bad.ndjson")).unwrap();
    assert_eq!(bad.lines().count(), 1);
    assert!(bad.contains("\"bytes\":67108864"), "{}", &bad[..200]);
}

#[test]
fn an_interrupted_pipe_finishes_what_has_come_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let mut pipe = Pipe::start(directory.path());
    pipe.passes_one();
    writeln!(pipe.input, "no event").unwrap();
    pipe.passes_one();
    pipe.input.write_all(b"{\"half").unwrap();
    signal(&pipe.child, "-INT");
    assert_eq!(pipe.child.wait().unwrap().code(), Some(130));
    let bad = std::fs::read_to_string(directory.path().join("bad.ndjson")).unwrap();
    assert_eq!(bad.lines().count(), 1, "{bad}");
}

#[test]
fn a_pipe_whose_reader_has_gone_ends_well() {
    let directory = tempfile::tempdir().unwrap();
    let mut pipe = Pipe::start(directory.path());
    pipe.passes_one();
    drop(pipe.output);
    // Writes until the pipe has closed its input.
    while writeln!(pipe.input, "{EVENT}").is_ok() {}
    assert_eq!(pipe.child.wait().unwrap().code(), Some(0));
}
