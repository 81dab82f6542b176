//! What the tests of every part share: texts, the faults of a text, and what it is read as.

use std::path::PathBuf;

use cresset_model::config::Fault;

use super::environment::Environment;
use super::load::{load, parse};
use super::root::Config;

/// The shortest valid text; its pipeline goes on at four blanks.
pub(super) const MINIMAL: &str = "\
version: 1
pipelines:
  p:
    source:
      http_poll:
        url: https://example.com/alerts
    adapter: seed_a
";

pub(super) fn faults_of(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let environment = Environment::of(variables);
    let Err(faults) = parse("x.yaml", text.as_bytes(), &environment) else {
        return Vec::new();
    };
    let line = |fault: &Fault| match fault.place {
        Some(place) => format!("{place}: {fault}"),
        None => fault.to_string(),
    };
    faults.faults().iter().map(line).collect()
}

#[track_caller]
pub(super) fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults_of(text, &[]), expected, "{text}");
}

pub(super) fn minimal_with(more: &str) -> String {
    format!("{MINIMAL}{more}")
}

pub(super) fn loaded(text: &str, variables: &[(&str, &str)]) -> Config {
    match parse("x.yaml", text.as_bytes(), &Environment::of(variables)) {
        Ok(config) => config,
        Err(faults) => panic!("{faults}"),
    }
}

pub(super) fn example(name: &str, variables: &[(&str, &str)]) -> Config {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
    let path = PathBuf::from(folder).join(name);
    match load(&path, &Environment::of(variables)) {
        Ok(config) => config,
        Err(faults) => panic!("{faults}"),
    }
}

/// Checks keys of one pipeline, whose first line is line 4 and is indented by four blanks. The list `bad`
/// is there.
#[track_caller]
pub(super) fn check_pipeline(keys: &str, expected: &[&str]) {
    assert_eq!(faults_of(&pipeline_with(keys), &[]), expected, "{keys}");
}

/// A text whose pipeline has these keys from line 4 on.
pub(super) fn pipeline_with(keys: &str) -> String {
    let mut text = String::from("version: 1\npipelines:\n  p:\n");
    for line in keys.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("lists: { bad: { addresses: [ 192.0.2.1 ] } }\n");
    text
}

/// Checks what stands at the end of a valid file: from line 8 on.
#[track_caller]
pub(super) fn check_end(end: &str, expected: &[&str]) {
    assert_eq!(faults_of(&minimal_with(end), &[]), expected, "{end}");
}
