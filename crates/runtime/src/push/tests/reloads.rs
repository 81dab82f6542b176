use cresset_model::Severity;

use super::*;
use crate::fakes::{ReloadingLookup, alerting_on};

#[tokio::test]
async fn a_push_that_a_reload_overtakes_is_committed_by_the_new_rules() {
    let stages = ReloadingLookup::stages(alerting_on(Severity::High), alerting_on(Severity::Low));
    let door = Door::over(stages);
    let body: Vec<String> = ["high", "low", "low"]
        .iter()
        .zip(["a", "b", "c"])
        .map(|(severity, text)| event(severity, text).replace("203.0.113.7", "8.8.8.8"))
        .collect();
    let receipt = door.push(body.join("\n")).await.unwrap();
    assert_eq!(door.store.epochs(), [1]);
    assert_eq!((receipt.counts.new, receipt.counts.passed), (2, 1));
    assert_eq!(receipt.counts.sides(), (3, 3));
    assert_eq!(door.books(), receipt.counts);
}

#[tokio::test]
async fn a_push_is_cut_by_the_limits_of_its_beginning_and_the_next_by_those_of_now() {
    let door = Door::new();
    let tight = |depth_max| {
        let spec = PipelineSpec {
            limits: RecordLimits {
                depth_max,
                ..door.stages.limits()
            },
            ..door.stages.rules().pipeline.spec().clone()
        };
        door.stages.replace(Rules {
            pipeline: Arc::new(Pipeline::new(spec)),
            ..door.stages.rules()
        });
    };
    let nested = event("high", "x").replace("\"x\"", "\"x\",\"more\":{\"a\":{\"b\":{}}}");
    assert_eq!(door.push(nested.clone()).await.unwrap().counts.new, 1);
    tight(2);
    assert_eq!(door.push(nested.clone()).await.unwrap().counts.dead, 1);
    tight(64);
    assert_eq!(door.push(nested).await.unwrap().counts.new, 1);
}
