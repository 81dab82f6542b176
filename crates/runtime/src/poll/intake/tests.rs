use std::time::Duration;

use cresset_model::Severity;
use cresset_model::limits::RecordLimits;
use cresset_model::source::Checkpoint;
use cresset_pipeline::decode::ArraySlicer;
use cresset_pipeline::process::Pipeline;

use super::*;
use crate::fakes::{Rig, T0, alerting_on, array};
use crate::{Rules, Stages};

/// A batch of one high and two low events.
fn batch(number: u32) -> Sliced {
    let event = |(place, severity): (usize, &str)| {
        format!(
            "{{\"source_ip\":\"8.8.8.8\",\"event_type\":\"port_scan\",\
             \"severity\":\"{severity}\",\"description\":\"{number}/{place}\"}}"
        )
    };
    let events: Vec<String> = ["high", "low", "low"]
        .into_iter()
        .enumerate()
        .map(event)
        .collect();
    let mut slicer = ArraySlicer::new(RecordLimits::default(), None);
    slicer.feed(&array(&events)).unwrap();
    slicer.take_rest().unwrap()
}

fn rules(rig: &Rig, severity: Severity) -> Rules {
    Rules {
        pipeline: Arc::new(Pipeline::new(alerting_on(severity))),
        ..rig.rules()
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_waits_for_its_commit_is_made_again_after_a_reload() {
    let rig = Rig::scripted([]);
    let stages = Stages::new(rules(&rig, Severity::High));
    let mut ports = rig.ports();
    ports.stages = stages.clone();
    let cell = Arc::new(SourceCell::new(rig.id.clone(), "http_poll", String::new()));
    let poll = Poll::new(rig.config.clone(), ports, cell);
    let mut intake = Intake::new(&poll, Checkpoint::at(T0), None);

    rig.store.hold_commits(true);
    intake.push(batch(1)).await.unwrap();
    intake.push(batch(2)).await.unwrap();
    // The first is with the store, the second is decided and waits for it.
    while rig.store.commits_waiting() == 0
        || !intake
            .deciding
            .as_ref()
            .is_some_and(JoinHandle::is_finished)
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stages.replace(rules(&rig, Severity::Low));
    rig.store.hold_commits(false);
    let total = intake.finish().await.unwrap();

    // One alert of the first batch, by the former rules; two of the second, by those of now.
    assert_eq!(rig.store.epochs(), [0, 1]);
    let counts = total.counts;
    assert_eq!((counts.read, counts.new, counts.passed), (6, 1 + 2, 2 + 1));
    assert_eq!(counts.sides(), (6, 6));
    assert_eq!(rig.stored().counters, counts);
}
