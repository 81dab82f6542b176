use super::super::tests::{check_pipeline, loaded, pipeline_with};
use super::*;

#[test]
fn alerts_are_all_or_detected_by_the_adapter() {
    let read = |keys: &str| loaded(&pipeline_with(keys), &[]).pipelines[0].alerts;
    assert_eq!(read("source: { push: {} }\nadapter: seed_a"), Alerts::All);
    assert_eq!(
        read("source: { push: {} }\nadapter: nullify"),
        Alerts::Detected
    );
    assert_eq!(
        read("source: { push: {} }\nadapter: nullify\nalerts: all"),
        Alerts::All
    );
    assert_eq!(
        read(
            "source: { push: {} }\nadapter: seed_a\nalerts: detected\ndetect: [ threat: { list: bad } ]"
        ),
        Alerts::Detected
    );
}

#[test]
fn detected_needs_something_that_detects() {
    check_pipeline(
        "source: { push: {} }\nadapter: seed_a\nalerts: detected",
        &[
            "6:13: \"alerts\" is detected and nothing detects: no event would be an alert: write detect:, or alerts: all",
        ],
    );
    check_pipeline(
        "source: { push: {} }\nadapter: nulify\nalerts: some",
        &[
            "5:14: unknown adapter \"nulify\": did you mean \"nullify\"? valid values: seed_a, nullify",
            "6:13: unknown alerts \"some\": valid values: all, detected",
        ],
    );
}
