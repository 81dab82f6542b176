//! Real files in a folder of the test, looked at when the test says so.

mod model;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cresset_model::ports::{FilePosition, LINE_FILES_MAX, LineChunk, LineSource as _, line_check};
use tempfile::TempDir;

use super::tail::{BEGUN, Tail};
use super::*;

struct Fixture {
    folder: TempDir,
    tail: Tail,
    config: FileSourceConfig,
}

impl Fixture {
    fn new(pattern: &str) -> Self {
        Self::started(pattern, FileStart::Beginning)
    }

    fn started(pattern: &str, start: FileStart) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = FileSourceConfig {
            path: folder.path().join(pattern),
            start,
        };
        let tail = Tail::new(&config, &[]).unwrap();
        Self {
            folder,
            tail,
            config,
        }
    }

    fn restart(&mut self, positions: &[FilePosition]) {
        self.tail = Tail::new(&self.config, positions).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Cuts a file in place, as a writer that keeps it open finds it.
    fn cut(&self, name: &str) {
        OpenOptions::new()
            .write(true)
            .open(self.path(name))
            .unwrap()
            .set_len(0)
            .unwrap();
    }

    fn compress(&self, name: &str) {
        let plain = fs::read(self.path(name)).unwrap();
        fs::write(self.path(&format!("{name}.gz")), gzip(&plain)).unwrap();
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Looks and reads until nothing comes.
    fn drain(&mut self) -> Vec<LineChunk> {
        self.tail.look().unwrap();
        let chunks = std::iter::from_fn(|| self.tail.read());
        // What says that the source has begun is of no file.
        chunks.filter(|chunk| chunk.fingerprint != BEGUN).collect()
    }

    /// What a look brings, all of it joined.
    fn text(&mut self) -> String {
        let chunks = self.drain();
        String::from_utf8(
            chunks
                .iter()
                .flat_map(|chunk| chunk.bytes.to_vec())
                .collect(),
        )
        .unwrap()
    }

    fn wait_for_ends(&mut self) -> Vec<LineChunk> {
        (0..=GONE_LOOKS_MAX + 1)
            .flat_map(|_| self.drain())
            .collect()
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn position(chunk: &LineChunk) -> FilePosition {
    let end = chunk.offset + chunk.bytes.len() as u64;
    FilePosition {
        fingerprint: chunk.fingerprint,
        offset: end,
        inode: chunk.inode,
        check: line_check(&[&chunk.before[..], &chunk.bytes].concat()),
    }
}

#[test]
fn what_is_appended_comes_once_and_in_order() {
    let mut fixture = Fixture::new("app.log");
    assert_eq!(fixture.text(), "");
    fixture.append("app.log", "{\"a\":1}\n{\"a\":");
    let first = fixture.drain();
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].offset, first[0].ends_file), (0, false));
    assert_eq!(fixture.text(), "");
    fixture.append("app.log", "2}\n");
    let second = fixture.drain();
    assert_eq!((second[0].offset, &second[0].bytes[..]), (13, &b"2}\n"[..]));
    assert_eq!(second[0].fingerprint, first[0].fingerprint);
}

#[test]
fn a_first_line_is_waited_for() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "{\"a\"");
    assert_eq!(fixture.text(), "");
    fixture.append("app.log", ":1}\n");
    assert_eq!(fixture.text(), "{\"a\":1}\n");
    let long = "x".repeat(1_024);
    fixture.append("other.log", &long);
    assert_eq!(fixture.text(), "", "a name that does not match");
}

#[test]
fn chunks_are_bounded_and_files_take_turns() {
    let mut fixture = Fixture::new("*.log");
    let line = format!("{}\n", "x".repeat(1_023));
    fixture.append("a.log", &format!("a{line}").repeat(512));
    fixture.append("b.log", &format!("b{line}").repeat(512));
    let chunks = fixture.drain();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.bytes.len() <= CHUNK_BYTES_MAX)
    );
    assert_eq!(chunks[0].bytes.len(), CHUNK_BYTES_MAX);
    assert_ne!(chunks[0].fingerprint, chunks[1].fingerprint);
    assert_eq!(chunks[0].fingerprint, chunks[2].fingerprint);
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
    assert_eq!(bytes, 2 * 512 * 1_025);
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_the_next_from_its_start() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "one\n");
    assert_eq!(fixture.text(), "one\n");
    fixture.append("app.log", "two\n");
    fixture.rename("app.log", "app.log.1");
    fixture.append("app.log", "three\n");
    assert_eq!(fixture.text(), "two\nthree\n");
    fixture.append("app.log.1", "late\n");
    assert_eq!(fixture.text(), "late\n");
}

#[test]
fn a_deleted_file_is_read_to_its_end_and_then_ends() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "one\ntwo");
    let first = fixture.drain();
    fixture.append("app.log", " and more");
    fs::remove_file(fixture.path("app.log")).unwrap();
    let rest = fixture.wait_for_ends();
    assert_eq!(rest.len(), 2);
    assert_eq!(&rest[0].bytes[..], b" and more");
    assert!(rest[1].ends_file && rest[1].bytes.is_empty());
    assert_eq!(
        (rest[1].fingerprint, rest[1].offset),
        (first[0].fingerprint, 16)
    );
    assert_eq!(fixture.wait_for_ends(), []);
}

#[test]
fn a_cut_file_begins_again_as_another() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "same\nold\n");
    let old = fixture.drain();
    fixture.cut("app.log");
    fixture.append("app.log", "same\n");
    assert_eq!(fixture.text(), "", "the cut is seen");
    let new = fixture.drain();
    assert_eq!((&new[0].bytes[..], new[0].offset), (&b"same\n"[..], 0));
    assert_ne!(new[0].fingerprint, old[0].fingerprint);
    let ends = fixture.wait_for_ends();
    assert_eq!(ends.len(), 1);
    assert_eq!(
        (ends[0].fingerprint, ends[0].ends_file),
        (old[0].fingerprint, true)
    );
}

#[test]
fn a_file_written_anew_beyond_its_old_size_is_noticed() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "head\nold\n");
    assert_eq!(fixture.text(), "head\nold\n");
    fixture.cut("app.log");
    fixture.append("app.log", "head\nnew\nand longer\n");
    assert_eq!(fixture.text(), "");
    assert_eq!(fixture.text(), "head\nnew\nand longer\n");
}

#[test]
fn a_copy_made_before_the_cut_gives_what_was_not_read() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "one\n");
    let first = fixture.drain();
    fixture.append("app.log", "two\n");
    fs::copy(fixture.path("app.log"), fixture.path("app.log.1")).unwrap();
    fixture.cut("app.log");
    fixture.append("app.log", "new\n");
    assert_eq!(fixture.text(), "");
    let chunks = fixture.drain();
    let texts: Vec<&[u8]> = chunks.iter().map(|chunk| &chunk.bytes[..]).collect();
    assert_eq!(texts, [&b"two\n"[..], b"new\n"]);
    assert_eq!(
        (chunks[0].fingerprint, chunks[0].offset),
        (first[0].fingerprint, 4)
    );
}

#[test]
fn a_copy_of_a_file_that_goes_on_is_not_read() {
    let mut fixture = Fixture::new("app*");
    fixture.append("app.log", "one\ntwo\n");
    assert_eq!(fixture.text(), "one\ntwo\n");
    fs::copy(fixture.path("app.log"), fixture.path("app.copy")).unwrap();
    fs::write(fixture.path("app.half"), "one\n").unwrap();
    assert_eq!(fixture.text(), "");
    fixture.append("app.log", "three\n");
    assert_eq!(fixture.text(), "three\n");
    fixture.append("app.half", "another\n");
    assert_eq!(fixture.text(), "one\nanother\n", "it is no copy any more");
}

#[test]
fn a_longer_file_of_the_same_name_goes_on_for_one_that_has_stopped() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "#head\n");
    let first = fixture.drain();
    // As a program does that writes the whole anew and renames it.
    fixture.append("new", "#head\nfirst\n");
    fixture.rename("new", "app.log");
    assert_eq!(fixture.text(), "", "it may be a copy of what will come");
    let rest = fixture.wait_for_ends();
    assert_eq!((&rest[0].bytes[..], rest[0].offset), (&b"first\n"[..], 6));
    assert_eq!(rest[0].fingerprint, first[0].fingerprint);
}

#[test]
fn files_of_unrelated_names_are_never_copies() {
    let mut fixture = Fixture::new("*.log");
    fixture.append("a.log", "ping\nping\n");
    assert_eq!(fixture.text(), "ping\nping\n");
    fixture.append("b.log", "ping\nping\n");
    assert_eq!(fixture.text(), "ping\nping\n");
    fixture.append("b.log", "ping\n");
    assert_eq!(fixture.text(), "ping\n");
}

#[test]
fn the_current_file_is_never_a_copy_of_a_rotated_one() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "ping\nping\n");
    let first = fixture.drain();
    fixture.rename("app.log", "app.log.1");
    fixture.text();
    fixture.append("app.log", "ping\n");
    let second = fixture.drain();
    assert_eq!(
        (&second[0].bytes[..], second[0].offset),
        (&b"ping\n"[..], 0)
    );
    assert_ne!(second[0].fingerprint, first[0].fingerprint);
}

#[test]
fn of_files_that_begin_alike_the_one_with_most_in_common_decides() {
    let mut fixture = Fixture::new("app*");
    // The first stays at what both begin with, the second is packed when it was read.
    fixture.append("app.log", "#head\n");
    fixture.text();
    fixture.rename("app.log", "app.log.1");
    fixture.append("app.log", "#head\nline\n");
    assert_eq!(fixture.text(), "#head\nline\n");
    fixture.rename("app.log", "app.log.2");
    fixture.compress("app.log.2");
    let ends = fixture.wait_for_ends();
    assert!(ends.iter().all(|chunk| chunk.bytes.is_empty()), "{ends:?}");
}

#[test]
fn after_a_restart_the_inode_tells_files_with_the_same_position() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "#head\n");
    let read = fixture.drain();
    fixture.append("app.log", "old\n");
    fixture.rename("app.log", "app.log.1");
    fixture.append("app.log", "#head\nnew\n");
    fixture.restart(&[position(&read[0])]);
    let chunks: Vec<LineChunk> = (0..3).flat_map(|_| fixture.drain()).collect();
    let text = |of_read: bool| -> Vec<u8> {
        let same = |chunk: &&LineChunk| (chunk.fingerprint == read[0].fingerprint) == of_read;
        chunks
            .iter()
            .filter(same)
            .flat_map(|chunk| chunk.bytes.to_vec())
            .collect()
    };
    assert_eq!(text(true), b"old\n");
    assert_eq!(text(false), b"#head\nnew\n");
}

#[test]
fn a_file_of_equal_lines_written_anew_is_told_by_what_it_says() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "#head\nline 1\n");
    let read = fixture.drain();
    // The inode stays, the first line too, and a line ends at the position.
    fixture.cut("app.log");
    fixture.append("app.log", "#head\nline 2\nline 3\n");
    fixture.restart(&[position(&read[0])]);
    assert_eq!(fixture.text(), "#head\nline 2\nline 3\n");
}

#[test]
fn a_file_made_and_rotated_between_two_looks_is_read() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "one\n");
    let first = fixture.drain();
    fixture.rename("app.log", "app.log.2");
    fixture.append("app.log.3", "two\n");
    fixture.append("app.log", "three\n");
    assert_eq!(fixture.text(), "two\nthree\n");
    fixture.append("app.log.4", "four\n");
    fixture.restart(&[position(&first[0])]);
    assert!(fixture.text().contains("four\n"));
}

#[test]
fn a_packed_file_that_was_read_is_not_read_again() {
    let mut fixture = Fixture::new("app*");
    fixture.append("app.log", "one\ntwo\n");
    let read = fixture.drain();
    fixture.compress("app.log");
    let ends = fixture.wait_for_ends();
    assert_eq!(ends.len(), 1);
    assert!(ends[0].ends_file);
    assert_eq!(fixture.wait_for_ends(), []);
    fixture.restart(&[position(&read[0])]);
    assert_eq!(fixture.text(), "");
}

#[test]
fn a_file_packed_while_nobody_looked_goes_on_where_it_was_left() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "one\n");
    let read = fixture.drain();
    fixture.append("app.log", "two\n");
    fixture.rename("app.log", "app.log.1");
    fixture.compress("app.log.1");
    fixture.restart(&[position(&read[0])]);
    let chunks = fixture.drain();
    assert_eq!((&chunks[0].bytes[..], chunks[0].offset), (&b"two\n"[..], 4));
    assert!(chunks[1].ends_file);
    assert_eq!(chunks.len(), 2);
}

#[test]
fn a_packed_file_is_read_while_it_is_written() {
    let mut fixture = Fixture::new("*.gz");
    let lines: Vec<String> = (0..20_000_u32)
        .map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)))
        .collect();
    let plain = lines.concat();
    let packed = gzip(plain.as_bytes());
    let (half, rest) = packed.split_at(packed.len() / 2);
    fs::write(fixture.path("a.gz"), half).unwrap();
    let first = fixture.text();
    assert!(!first.is_empty() && plain.starts_with(&first));
    assert_eq!(fixture.text(), "");
    let mut file = OpenOptions::new()
        .append(true)
        .open(fixture.path("a.gz"))
        .unwrap();
    file.write_all(rest).unwrap();
    assert!(first + &fixture.text() == plain);
}

#[test]
fn a_damaged_packed_file_ends() {
    let mut fixture = Fixture::new("*.gz");
    let mut packed = gzip(b"one\ntwo\n");
    packed.extend_from_slice(b"no gzip at all");
    fs::write(fixture.path("a.gz"), packed).unwrap();
    let chunks = fixture.drain();
    assert_eq!(&chunks[0].bytes[..], b"one\ntwo\n");
    assert!(chunks.last().unwrap().ends_file);
    assert_eq!(fixture.drain(), []);
}

#[test]
fn a_position_is_found_again_after_the_file_has_grown_past_its_head() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "first\n");
    let read = fixture.drain();
    fixture.append("app.log", &"x".repeat(2_000));
    fixture.append("app.log", "\n");
    fixture.restart(&[position(&read[0])]);
    let chunks = fixture.drain();
    assert_eq!(
        (chunks[0].fingerprint, chunks[0].offset),
        (read[0].fingerprint, 6)
    );
}

#[test]
fn a_position_that_does_not_fit_is_not_used() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log", "first\nsecond\n");
    let read = fixture.drain();
    let fingerprint = read[0].fingerprint;
    let stored = position(&read[0]);
    for (offset, check) in [(100, stored.check), (8, stored.check), (13, 7)] {
        fixture.restart(&[FilePosition {
            offset,
            check,
            ..stored
        }]);
        let chunks = fixture.drain();
        assert_eq!(chunks[0].offset, 0);
        assert_ne!(chunks[0].fingerprint, fingerprint, "another generation");
    }
}

#[test]
fn old_rotated_files_are_never_read_when_only_the_current_one_is_meant() {
    let mut fixture = Fixture::new("app.log");
    fixture.append("app.log.1", "old\n");
    fixture.append("app.log.2", "older\n");
    fixture.compress("app.log.2");
    fixture.restart(&[]);
    fixture.append("app.log", "new\n");
    let chunks = fixture.drain();
    let texts: Vec<&[u8]> = chunks.iter().map(|chunk| &chunk.bytes[..]).collect();
    assert_eq!(texts, [&b""[..], b"", b"new\n"]);
    let positions: Vec<FilePosition> = chunks.iter().map(position).collect();
    fixture.compress("app.log.1");
    fixture.rename("app.log.2.gz", "app.log.3.gz");
    assert_eq!(fixture.text(), "");
    fixture.restart(&positions);
    assert_eq!(fixture.text(), "");
}

#[test]
fn at_the_end_means_after_the_last_whole_line() {
    let mut fixture = Fixture::started("*.log", FileStart::End);
    fixture.append("a.log", "old\nhalf");
    fixture.restart(&[]);
    let mut places = fixture.drain();
    assert_eq!(
        places.remove(0).bytes,
        "",
        "the place is stored before anything is read"
    );
    assert_eq!(&places[0].bytes[..], b"half");
    fixture.append("a.log", " whole\n");
    fixture.append("b.log", "later\n");
    assert_eq!(fixture.text(), " whole\nlater\n");
    let stored = position(&places[0]);
    fixture.append("c.log", "while nobody looked\n");
    fixture.restart(&[FilePosition {
        offset: 4,
        check: line_check(b"old\n"),
        ..stored
    }]);
    let mut lines: Vec<String> = fixture.text().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["half whole", "later", "while nobody looked"]);
}

#[test]
fn a_link_to_a_followed_file_is_not_a_second_file() {
    let mut fixture = Fixture::new("*.log");
    fixture.append("a.log", "one\n");
    std::os::unix::fs::symlink(fixture.path("a.log"), fixture.path("current.log")).unwrap();
    fs::hard_link(fixture.path("a.log"), fixture.path("hard.log")).unwrap();
    assert_eq!(fixture.text(), "one\n");
    fs::create_dir(fixture.path("folder.log")).unwrap();
    assert_eq!(fixture.text(), "");
}

#[test]
fn new_files_that_begin_alike_are_each_read() {
    let mut fixture = Fixture::new("*.log");
    fixture.append("a.log", "#head\na\n");
    fixture.append("b.log", "#head\nbb\n");
    fixture.append("c.log", "#head\nccc\n");
    let texts: Vec<String> = (0..3).map(|_| fixture.text()).collect();
    let mut texts = texts.concat();
    for part in ["#head\na\n", "#head\nbb\n", "#head\nccc\n"] {
        assert!(texts.contains(part), "{texts}");
        texts = texts.replacen(part, "", 1);
    }
    assert_eq!(texts, "");
}

#[test]
fn files_that_are_gone_or_cut_make_room_soon() {
    let mut fixture = Fixture::new("*.log");
    for n in 0..2 * LINE_FILES_MAX {
        let name = format!("{n}.log");
        fixture.append(&name, &format!("first of {n}\n"));
        let mut text = String::new();
        for _ in 0..2 {
            text += &fixture.text();
        }
        assert_eq!(text, format!("first of {n}\n"));
        if n.is_multiple_of(2) {
            fs::remove_file(fixture.path(&name)).unwrap();
        } else {
            fixture.cut(&name);
        }
    }
}

#[test]
fn more_files_than_may_be_open_are_all_read() {
    let mut fixture = Fixture::new("*.log");
    let count = 3 * LINE_FILES_MAX;
    for n in 0..count {
        fixture.append(&format!("{n}.log"), &format!("first of {n}\n"));
    }
    let mut chunks: Vec<LineChunk> = (0..4).flat_map(|_| fixture.drain()).collect();
    for n in 0..count {
        fixture.append(&format!("{n}.log"), &format!("second of {n}\n"));
    }
    chunks.extend((0..4).flat_map(|_| fixture.drain()));
    let mut open = std::collections::BTreeSet::new();
    for chunk in &chunks {
        if chunk.ends_file {
            open.remove(&chunk.fingerprint);
        } else {
            open.insert(chunk.fingerprint);
        }
        assert!(open.len() <= LINE_FILES_MAX);
    }
    let text: Vec<u8> = chunks
        .iter()
        .flat_map(|chunk| chunk.bytes.to_vec())
        .collect();
    let text = String::from_utf8(text).unwrap();
    let lines: std::collections::BTreeSet<&str> = text.lines().collect();
    assert_eq!((lines.len(), text.lines().count()), (2 * count, 2 * count));
}

#[tokio::test]
async fn the_source_gives_chunks_and_loses_none_when_dropped_while_waiting() {
    let fixture = Fixture::new("app.log");
    let mut source = FileSource::new(&fixture.config, &[]).unwrap();
    assert_eq!(
        source.describe(),
        format!("file {}", fixture.path("app.log").display())
    );
    for n in 0..20 {
        let line = format!("line {n}\n");
        fixture.append("app.log", &line);
        let chunk = loop {
            // Gives up after each step, so that every await is dropped once.
            let next = source.next();
            let step = async {
                tokio::task::yield_now().await;
                None
            };
            let chunk = tokio::select! {
                biased;
                chunk = next => Some(chunk.unwrap().unwrap()),
                nothing = step => nothing,
            };
            if let Some(chunk) = chunk.filter(|chunk| chunk.fingerprint != BEGUN) {
                break chunk;
            }
        };
        assert_eq!(&chunk.bytes[..], line.as_bytes());
        source.acknowledge(position(&chunk));
    }
}

#[tokio::test]
async fn a_missing_folder_is_an_error_that_may_pass() {
    let fixture = Fixture::new("app.log");
    let missing = fixture.path("none");
    let config = FileSourceConfig {
        path: missing.join("app.log"),
        start: FileStart::Beginning,
    };
    let mut source = FileSource::new(&config, &[]).unwrap();
    let error = source.next().await.unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with(&format!("cannot list {}: ", missing.display())),
        "{shown}"
    );
    fs::create_dir(&missing).unwrap();
    fs::write(Path::new(&missing).join("app.log"), "one\n").unwrap();
    let begun = source.next().await.unwrap().unwrap();
    assert_eq!((begun.fingerprint, begun.ends_file), (BEGUN, true));
    assert_eq!(&source.next().await.unwrap().unwrap().bytes[..], b"one\n");
}
