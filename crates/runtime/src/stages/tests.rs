use cresset_model::batch::{BatchIdentity, RawRecord};
use cresset_model::text::Span;
use cresset_model::{Severity, SourceId};

use super::*;
use crate::fakes::{ReloadingLookup, T0, alerting_on};

const EVENTS: [&str; 3] = [
    r#"{"source_ip":"8.8.8.8","event_type":"port_scan","severity":"high"}"#,
    r#"{"source_ip":"8.8.8.8","event_type":"port_scan","severity":"low"}"#,
    r#"{"source_ip":"8.8.4.4","event_type":"port_scan","severity":"low"}"#,
];

fn batch() -> RawBatch {
    let mut bytes = String::new();
    let mut records = Vec::new();
    for event in EVENTS {
        let start = bytes.len();
        bytes.push_str(event);
        let span = Span::between(start, bytes.len());
        records.push(RawRecord { span, fault: None });
    }
    RawBatch {
        source: SourceId::new("events"),
        sequence: 0,
        received: T0,
        epoch: 0,
        fetch: 1,
        first_place: 0,
        identity: BatchIdentity::Index { key: 1, base: 0 },
        bytes: bytes.into_bytes().into(),
        records,
    }
}

fn rules(severity: Severity) -> Rules {
    Rules {
        pipeline: Arc::new(Pipeline::new(alerting_on(severity))),
        tables: Arc::new(LiveTables::default()),
        lookup: None,
        retention: None,
    }
}

/// Epoch, alerts and passed records of an outcome.
fn told(outcome: &Outcome) -> (u64, usize, u32) {
    (outcome.epoch, outcome.alerts.len(), outcome.passed)
}

#[tokio::test]
async fn what_was_decided_under_rules_that_are_gone_is_decided_again() {
    let stages = Stages::new(rules(Severity::High));
    let decided = stages.decide(batch(), Scratch::default()).await.unwrap();
    assert_eq!(told(&decided.outcome), (0, 1, 2));
    stages.replace(rules(Severity::Low));
    stages.replace(rules(Severity::Low));
    let (outcome, scratch) = stages.settle(decided).await.unwrap();
    assert_eq!(told(&outcome), (2, 2, 1));
    assert_eq!(outcome.read, 3);
    // What follows the rules of now stays as it is.
    let decided = stages.decide(batch(), scratch).await.unwrap();
    let (outcome, _) = stages.settle(decided).await.unwrap();
    assert_eq!(told(&outcome), (2, 2, 1));
}

#[tokio::test]
async fn a_reload_while_a_batch_is_being_decided_is_seen_before_its_commit() {
    let stages = ReloadingLookup::stages(alerting_on(Severity::High), alerting_on(Severity::Low));
    let decided = stages.decide(batch(), Scratch::default()).await.unwrap();
    assert_eq!(told(&decided.outcome), (0, 1, 2), "it keeps to its rules");
    assert_eq!(stages.epoch(), 1);
    let (outcome, _) = stages.settle(decided).await.unwrap();
    assert_eq!(told(&outcome), (1, 2, 1));
}

#[test]
fn limits_and_retention_are_those_of_now() {
    let stages = Stages::new(rules(Severity::High));
    assert_eq!(stages.limits(), RecordLimits::default());
    assert_eq!(stages.retention(), None);
    let mut spec = alerting_on(Severity::High);
    spec.limits.depth_max = 3;
    stages.replace(Rules {
        pipeline: Arc::new(Pipeline::new(spec)),
        retention: Some(Duration::from_hours(1)),
        ..stages.rules()
    });
    assert_eq!(stages.limits().depth_max, 3);
    assert_eq!(stages.retention(), Some(Duration::from_hours(1)));
}
