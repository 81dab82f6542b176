use super::super::tests::{check, check_pipeline, loaded, pipeline_with};
use super::*;

#[track_caller]
fn check_detect(detect: &str, expected: &[&str]) {
    check_pipeline(
        &format!("source: {{ push: {{}} }}\nadapter: nullify\ndetect: [ {detect} ]"),
        expected,
    );
}

#[test]
fn threats_and_indicators_are_read() {
    let text = pipeline_with(
        "source: { push: {} }\nadapter: nullify\ndetect: [ threat: { severity: high, list: bad }, indicators: { lists: [ bad ] } ]",
    );
    let detect = loaded(&text, &[]).pipelines.remove(0).detect;
    assert_eq!(
        detect,
        [
            DetectConfig::Threat(ThreatConfig {
                severity: vec![Severity::High],
                list: Some("bad".to_owned()),
            }),
            DetectConfig::Indicators(IndicatorsConfig {
                lists: vec!["bad".to_owned()],
            }),
        ]
    );
    assert_eq!(detect[0].lists(), ["bad"]);
    assert_eq!(detect[1].lists(), ["bad"]);
}

#[test]
fn one_part_of_a_threat_is_enough_and_none_is_not() {
    check_detect("threat: { severity: critical }", &[]);
    check_detect("threat: { list: bad }", &[]);
    check_detect(
        "threat: {}",
        &[
            "6:15: \"threat\" names neither \"severity\" nor \"list\": write severity: high, list: NAME or both",
        ],
    );
}

#[test]
fn a_threat_has_one_severity_or_a_list_of_them() {
    let read = |severity: &str| {
        let text = pipeline_with(&format!(
            "source: {{ push: {{}} }}\nadapter: nullify\ndetect: [ threat: {{ severity: {severity} }} ]"
        ));
        match loaded(&text, &[]).pipelines.remove(0).detect.remove(0) {
            DetectConfig::Threat(threat) => threat.severity,
            DetectConfig::Indicators(_) => panic!("a threat was written"),
        }
    };
    assert_eq!(read("high"), [Severity::High]);
    assert_eq!(read("[ high ]"), [Severity::High]);
    assert_eq!(
        read("[ high, critical ]"),
        [Severity::High, Severity::Critical]
    );
    check_detect(
        "threat: { severity: [ high, hgih, high ] }",
        &[
            "6:43: unknown severity \"hgih\": did you mean \"high\"? valid values: info, low, medium, high, critical",
            "6:49: severity \"high\" is named twice: remove one of them",
        ],
    );
    check_detect(
        "threat: { severity: [] }",
        &[
            "6:35: \"severity\" names none: write the severities that are a threat, such as [ high, critical ]",
        ],
    );
}

#[test]
fn detections_are_known_and_come_once() {
    check_detect(
        "treat: {}, threat: { severity: hgih }, threat: { severity: low }, indicators",
        &[
            "6:15: unknown detection \"treat\": did you mean \"threat\"? valid here: threat, indicators",
            "6:46: unknown severity \"hgih\": did you mean \"high\"? valid values: info, low, medium, high, critical",
            "6:54: detection \"threat\" is given twice: first at line 6",
            "6:81: \"detection\" is a value, not a mapping with one key: valid here: threat, indicators",
        ],
    );
}

#[test]
fn lists_are_defined_and_named_once() {
    check_detect(
        "threat: { list: bda }, indicators: { lists: [ bad, nowhere, bad, B ] }",
        &[
            "6:31: unknown list \"bda\": did you mean \"bad\"? defined here: bad",
            "6:66: unknown list \"nowhere\": defined here: bad",
            "6:75: list \"bad\" is named twice: remove one of them",
            "6:80: \"lists\" is not a name: \"B\": use 1 to 64 lower-case letters, digits, dashes and underscores",
        ],
    );
    check_detect(
        "indicators: {}",
        &["6:15: missing key \"lists\": the names of lists, such as [ bad-domains ]"],
    );
    check_detect(
        "indicators: { lists: [] }",
        &["6:36: \"lists\" names none: write the names of lists, such as [ bad-domains ]"],
    );
}

#[test]
fn without_any_list_the_hint_says_where_to_write_one() {
    let text =
        pipeline_with("source: { push: {} }\nadapter: nullify\ndetect: [ threat: { list: bad } ]");
    check(
        text.split("lists: {").next().unwrap_or_default(),
        &["6:31: unknown list \"bad\": no list is defined, write one under lists:"],
    );
}
