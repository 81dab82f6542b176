use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex as StdMutex;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::outcome::OutEvent;
use cresset_model::text::Span;

use super::*;

#[derive(Default)]
struct Hand(StdMutex<i64>);

impl Hand {
    fn pass(&self, seconds: i64) {
        *self.0.lock().unwrap() += seconds;
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + *self.0.lock().unwrap()).unwrap()
    }
}

fn batch(lines: &[&str]) -> EventBatch {
    let mut out = Vec::new();
    let mut events = Vec::new();
    for (record, line) in (0..).zip(lines) {
        let start = out.len();
        out.extend_from_slice(line.as_bytes());
        events.push(OutEvent {
            record,
            line: Span::between(start, out.len()),
        });
        out.push(b'\n');
    }
    EventBatch {
        out: Bytes::from(out),
        events,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn small(folder: &Path) -> FileSinkConfig {
    FileSinkConfig {
        segment_bytes_max: 10,
        ..FileSinkConfig::new(folder)
    }
}

#[tokio::test]
async fn events_are_lines_and_a_full_segment_gets_its_final_name() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let sink = FileSink::open(small(folder.path()), clock).unwrap();
    sink.write(batch(&["{\"a\":1}", "{\"b\":2}"]))
        .await
        .unwrap();
    sink.write(batch(&["{\"c\":3}"])).await.unwrap();
    let names = names(folder.path());
    assert_eq!(names.len(), 2, "{names:?}");
    let finished = fs::read_to_string(folder.path().join(&names[0])).unwrap();
    assert_eq!(finished, "{\"a\":1}\n{\"b\":2}\n");
    assert!(names[0].ends_with("-000001.ndjson") && names[1].ends_with("-000002.ndjson.part"));
}

#[tokio::test]
async fn an_old_segment_is_finished_and_packed() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let config = FileSinkConfig {
        packing: Packing::Gzip,
        ..FileSinkConfig::new(folder.path())
    };
    let sink = FileSink::open(config, Arc::clone(&clock) as _).unwrap();
    sink.write(batch(&["{\"a\":1}"])).await.unwrap();
    clock.pass(3_599);
    sink.write(batch(&["{\"b\":2}"])).await.unwrap();
    clock.pass(1);
    sink.write(batch(&["{\"c\":3}"])).await.unwrap();
    let names = names(folder.path());
    assert!(names[0].ends_with("-000001.ndjson.gz"), "{names:?}");
    let packed = fs::File::open(folder.path().join(&names[0])).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "{\"a\":1}\n{\"b\":2}\n");
}

#[test]
fn what_is_packed_as_zstandard_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut segment = Segment::begin(folder.path(), Hand::default().now()).unwrap();
    // More than one block, and some of it does not shrink.
    let lines: Vec<String> = (0_u64..20_000)
        .map(|n| {
            format!(
                "{{\"n\":{n},\"h\":{}}}",
                n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            )
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    segment.append(&batch(&lines)).unwrap();
    segment.finish(Packing::Zstd).unwrap();
    let packed = fs::File::open(folder.path().join(&names(folder.path())[0])).unwrap();
    let packed_bytes = packed.metadata().unwrap().len();
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(packed)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.lines().eq(lines.iter().copied()));
    assert!(packed_bytes < text.len() as u64 / 2, "{packed_bytes}");
}

#[tokio::test]
async fn a_torn_line_is_cut_and_the_segment_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let config = FileSinkConfig::new(folder.path());
    let sink = FileSink::open(config.clone(), Arc::clone(&clock) as _).unwrap();
    sink.write(batch(&["{\"a\":1}"])).await.unwrap();
    drop(sink);
    let part = folder.path().join(&names(folder.path())[0]);
    let mut torn = fs::read(&part).unwrap();
    torn.extend_from_slice(b"{\"b\":");
    fs::write(&part, torn).unwrap();
    let sink = FileSink::open(config, clock).unwrap();
    sink.write(batch(&["{\"c\":3}"])).await.unwrap();
    assert_eq!(fs::read_to_string(&part).unwrap(), "{\"a\":1}\n{\"c\":3}\n");
}

#[tokio::test]
async fn a_process_that_ended_while_packing_leaves_no_double() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let stem = folder.path().join("events-20261125T040000Z-000007");
    fs::write(stem.with_extension("ndjson.part"), "{\"a\":1}\n").unwrap();
    fs::write(stem.with_extension("ndjson.gz"), "packed").unwrap();
    fs::write(
        folder
            .path()
            .join("events-20261125T040000Z-000008.ndjson.gz.tmp"),
        "half",
    )
    .unwrap();
    let sink = FileSink::open(FileSinkConfig::new(folder.path()), clock).unwrap();
    assert_eq!(
        names(folder.path()),
        ["events-20261125T040000Z-000007.ndjson.gz"]
    );
    sink.write(batch(&["{\"b\":2}"])).await.unwrap();
    let names = names(folder.path());
    assert!(
        names
            .iter()
            .any(|name| name.ends_with("-000008.ndjson.part")),
        "{names:?}"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = FileSinkConfig::new(file.path().join("below"));
    let error = FileSink::open(config, Arc::new(Hand::default()))
        .err()
        .unwrap();
    assert!(
        error.to_string().starts_with("cannot write events to /"),
        "{error}"
    );
}

#[tokio::test]
async fn a_batch_that_could_not_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::default();
    let mut segment = Segment::begin(folder.path(), clock.now()).unwrap();
    segment.append(&batch(&["{\"a\":1}"])).unwrap();
    segment.tear(b"{\"b\":");
    segment.append(&batch(&["{\"c\":3}"])).unwrap();
    let part = folder.path().join(&names(folder.path())[0]);
    assert_eq!(fs::read_to_string(part).unwrap(), "{\"a\":1}\n{\"c\":3}\n");
}

#[tokio::test]
async fn a_segment_that_could_not_be_finished_is_finished_later() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let config = FileSinkConfig {
        packing: Packing::Gzip,
        ..small(folder.path())
    };
    let sink = FileSink::open(config, clock).unwrap();
    sink.write(batch(&["{\"a\":\"full\"}"])).await.unwrap();
    let stem = names(folder.path())[0].replace(".part", "");
    // A folder in the way of the packed file.
    let in_the_way = folder.path().join(format!("{stem}.gz.tmp"));
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..2 {
        let error = sink.write(batch(&["{\"b\":2}"])).await.unwrap_err();
        assert!(matches!(error, PortError::Transient { .. }), "{error}");
    }
    fs::remove_dir(in_the_way).unwrap();
    sink.write(batch(&["{\"b\":2}"])).await.unwrap();
    let names = names(folder.path());
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[0], format!("{stem}.gz"));
    assert!(names[1].ends_with("-000002.ndjson.part"));
}

#[test]
fn steps_that_were_made_before_a_failure_are_not_asked_for_again() {
    for (packing, ending) in [
        (Packing::None, ".ndjson"),
        (Packing::Gzip, ".ndjson.gz"),
        (Packing::Zstd, ".ndjson.zst"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut segment = Segment::begin(folder.path(), Hand::default().now()).unwrap();
        segment.append(&batch(&["{\"a\":1}"])).unwrap();
        // As if the folder could not be made durable at the first try.
        segment.finish(packing).unwrap();
        segment.finish(packing).unwrap();
        let names = names(folder.path());
        assert_eq!(names.len(), 1);
        assert!(names[0].ends_with(&format!("-000001{ending}")), "{names:?}");
    }
}

#[tokio::test]
async fn two_sinks_do_not_write_one_segment() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let config = FileSinkConfig::new(folder.path());
    let sink = FileSink::open(config.clone(), Arc::clone(&clock) as _).unwrap();
    sink.write(batch(&["{\"a\":1}"])).await.unwrap();
    let part = folder.path().join(&names(folder.path())[0]);
    let error = FileSink::open(config, clock).err().unwrap();
    let expected = format!("another process writes {}", part.display());
    assert_eq!(error.source.to_string(), expected);
}

#[tokio::test]
async fn no_events_begin_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    let sink = FileSink::open(FileSinkConfig::new(&below), Arc::new(Hand::default())).unwrap();
    sink.write(batch(&[])).await.unwrap();
    assert_eq!(names(&below), Vec::<String>::new());
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("events");
    let sink = FileSink::open(FileSinkConfig::new(&below), Arc::new(Hand::default())).unwrap();
    sink.write(batch(&["{\"a\":1}"])).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    assert_eq!(mode(&below.join(&names(&below)[0])), 0o600);
}
