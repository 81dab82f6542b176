use super::super::tests::{check, check_pipeline, loaded, pipeline_with};
use super::*;

fn read(source: &str) -> SourceConfig {
    let text = pipeline_with(&format!("source: {{ {source} }}\nadapter: nullify"));
    loaded(&text, &[]).pipelines.remove(0).source
}

#[track_caller]
fn check_source(source: &str, expected: &[&str]) {
    check_pipeline(
        &format!("source: {{ {source} }}\nadapter: nullify"),
        expected,
    );
}

#[test]
fn each_kind_has_its_defaults() {
    assert_eq!(
        read("push: {}"),
        SourceConfig::Push(PushConfig {
            body_bytes_max: 8 << 20,
            in_flight_max: 128,
            unpack: UnpackLimits {
                unpacked_bytes_max: 64 << 20,
                ratio_max: 100,
            },
            records: Vec::new(),
        })
    );
    assert_eq!(
        read("file: { path: logs/*.ndjson }"),
        SourceConfig::File(FileSourceConfig {
            path: PathBuf::from("logs/*.ndjson"),
            start: FileStart::Beginning
        })
    );
    assert_eq!(read("stdin: {}"), SourceConfig::Stdin);
    assert_eq!(
        read("generate: {}"),
        SourceConfig::Generate(GenerateConfig {
            events_per_second: 5,
            seed: 7
        })
    );
}

#[test]
fn each_kind_takes_its_keys() {
    assert_eq!(
        read("push: { body: 1KiB, in_flight: 1, unpacked: 1GiB, ratio: 2, records: data.alerts }"),
        SourceConfig::Push(PushConfig {
            body_bytes_max: 1 << 10,
            in_flight_max: 1,
            unpack: UnpackLimits {
                unpacked_bytes_max: 1 << 30,
                ratio_max: 2,
            },
            records: vec!["data".to_owned(), "alerts".to_owned()],
        })
    );
    let SourceConfig::File(file) = read("file: { path: a.log, start: end }") else {
        panic!("a file was configured");
    };
    assert_eq!(file.start, FileStart::End);
    assert_eq!(
        read("generate: { rate: 100000, seed: 0 }"),
        SourceConfig::Generate(GenerateConfig {
            events_per_second: 100_000,
            seed: 0
        })
    );
}

#[test]
fn values_out_of_range_are_named() {
    check_source(
        "push: { body: 1023B, in_flight: 0 }",
        &[
            "4:29: \"body\" is out of range: 1023B: from 1KiB to 8MiB are allowed",
            "4:47: \"in_flight\" is out of range: 0: from 1 to 128 are allowed",
        ],
    );
    check_source("push: { body: 8MiB, in_flight: 128 }", &[]);
    check_source(
        "push: { body: 9MiB, in_flight: 129 }",
        &[
            "4:29: \"body\" is out of range: 9MiB: from 1KiB to 8MiB are allowed",
            "4:46: \"in_flight\" is out of range: 129: from 1 to 128 are allowed",
        ],
    );
    check_source(
        "generate: { rate: 0 }",
        &["4:33: \"rate\" is out of range: 0: from 1 to 100000 are allowed"],
    );
    check_source(
        "generate: { rate: 100001, seed: x }",
        &[
            "4:33: \"rate\" is out of range: 100001: from 1 to 100000 are allowed",
            "4:47: \"seed\" is not a whole number: \"x\": write digits only, such as 20",
        ],
    );
    check_source(
        "generate: { rate: 5/s }",
        &["4:33: \"rate\" is not a whole number: \"5/s\": write digits only, such as 20"],
    );
}

#[test]
fn files_are_named_by_their_last_part() {
    check_source(
        "file: { path: /var/log/*/app.ndjson }",
        &[
            "4:29: \"path\" has a wildcard in a folder's name: only the file's name may hold * and ?, such as /var/log/app/*.ndjson",
        ],
    );
    check_source(
        "file: { path: /var/log/, start: top }",
        &[
            "4:29: \"path\" names a folder: name its files, such as /var/log/app/*.ndjson",
            "4:47: unknown start \"top\": valid values: beginning, end",
        ],
    );
    check_source(
        "file: {}",
        &["4:15: missing key \"path\": the files to read, such as /var/log/app/*.ndjson"],
    );
}

#[test]
fn settings_of_another_kind_are_unknown() {
    check_source(
        "stdin: { path: x }",
        &["4:24: unknown key \"path\": it takes none"],
    );
    check_source(
        "push: {}, generate: {}",
        &[
            "4:5: \"source\" takes exactly one key, here are 2: valid here: http_poll, push, file, stdin, generate",
        ],
    );
}

#[test]
fn generated_events_need_their_adapter() {
    check_pipeline(
        "source: { generate: {} }\nadapter: seed_a",
        &[
            "4:15: \"generate\" makes events that adapter seed_a cannot read: write adapter: nullify",
        ],
    );
}

#[test]
fn the_standard_input_is_read_once() {
    check(
        "version: 1\npipelines:\n  p: { source: { stdin: {} }, adapter: nullify }\n  q: { source: { stdin: {} }, adapter: nullify }\n",
        &["4:18: two pipelines read the standard input: first at line 3: it can be read once"],
    );
}

#[test]
fn what_only_pipe_can_do_is_said() {
    let text = pipeline_with(
        "source: { stdin: {} }\nadapter: nullify\nsinks: [ stdout: {}, file: { path: x } ]",
    );
    assert_eq!(
        loaded(&text, &[]).for_pipe_only(),
        [
            "pipeline \"p\" writes to the standard output, which only `cresset pipe` does: give it another sink, such as file: { path: data/events }",
        ]
    );
    let text = pipeline_with("source: { push: {} }\nadapter: nullify");
    assert!(loaded(&text, &[]).for_pipe_only().is_empty());
}
