use super::super::tests::{check, check_pipeline, loaded, pipeline_with};
use super::*;

fn keys(sinks: &str) -> String {
    format!("source: {{ push: {{}} }}\nadapter: nullify\nsinks: [ {sinks} ]")
}

fn read(sinks: &str) -> Vec<SinkConfig> {
    loaded(&pipeline_with(&keys(sinks)), &[])
        .pipelines
        .remove(0)
        .sinks
}

#[test]
fn files_and_the_standard_output_are_read() {
    let path = PathBuf::from("data/events");
    assert_eq!(
        read("file: { path: data/events }, stdout: {}"),
        [
            SinkConfig::File(FileSinkConfig {
                path: path.clone(),
                file_bytes_max: 128 << 20,
                file_age_max: Duration::from_hours(1),
                compress: Packing::None,
            }),
            SinkConfig::Stdout,
        ]
    );
    assert_eq!(
        read("file: { path: data/events, size: 4KiB, age: 1s, compress: gzip }"),
        [SinkConfig::File(FileSinkConfig {
            path,
            file_bytes_max: 4 << 10,
            file_age_max: Duration::from_secs(1),
            compress: Packing::Gzip,
        })]
    );
}

#[test]
fn faulty_sinks_are_named() {
    check_pipeline(
        &keys("file: { size: 4095B, age: 31d, compress: zip }, stdot: {}, stdout: {}, stdout: {}"),
        &[
            "6:14: missing key \"path\": the folder to write to: data/events",
            "6:28: \"size\" is out of range: 4095B: from 4KiB to 64GiB are allowed",
            "6:40: \"age\" is out of range: 31d: from 1s to 30d are allowed",
            "6:55: unknown compress \"zip\": did you mean \"gzip\"? valid values: none, gzip, zstd",
            "6:62: unknown sink \"stdot\": did you mean \"stdout\"? valid here: file, stdout",
            "6:85: sink \"stdout\" is given twice: first at line 6",
        ],
    );
}

#[test]
fn two_sinks_do_not_share_a_folder() {
    check(
        "\
version: 1
pipelines:
  p: { source: { push: {} }, adapter: nullify, sinks: [ file: { path: events } ] }
  q: { source: { push: {} }, adapter: nullify, sinks: [ file: { path: events/ } ] }
",
        &["4:71: two sinks write to \"events/\": first at line 3; give each a folder of its own"],
    );
}

#[test]
fn sinks_are_bounded() {
    let sinks = |count: usize| {
        let sink = |number| format!("file: {{ path: e{number} }}");
        (0..count).map(sink).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(read(&sinks(8)).len(), 8);
    check_pipeline(
        &keys(&sinks(9)),
        &["6:12: \"sinks\" has 9 items: at most 8 are taken"],
    );
}
