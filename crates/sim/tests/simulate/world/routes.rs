//! The configurations that the service has one after another.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::limits::RecordLimits;
use cresset_pipeline::process::{Adapter, Pipeline, PipelineSpec};
use cresset_pipeline::router::{Grouping, Label, Matcher, RouteTree, Router};
use cresset_runtime::{LiveTables, Rules};

use super::plan::Plan;

/// One of the routers: each tells exactly one receiver of each alert.
pub(super) fn router(number: usize) -> Arc<Router> {
    let labels = |labels: &[Label]| Grouping::Labels(labels.to_vec());
    let to = |receiver| RouteTree {
        group_wait: Duration::from_secs(5),
        group_interval: Duration::from_secs(40),
        ..RouteTree::to(receiver)
    };
    let soc = to("soc");
    let urgent = Matcher::parse("severity=\"critical\"").expect("a matcher");
    let duty = RouteTree {
        matchers: vec![urgent],
        ..to("duty")
    };
    let tree = match number {
        0 => soc,
        1 => RouteTree {
            grouping: labels(&[Label::Severity]),
            ..soc
        },
        2 => RouteTree {
            grouping: labels(&[]),
            routes: vec![duty],
            ..soc
        },
        _ => RouteTree {
            routes: vec![RouteTree {
                grouping: labels(&[Label::Pipeline]),
                ..duty
            }],
            ..soc
        },
    };
    let receivers = [("soc".to_owned(), 2), ("duty".to_owned(), 1)];
    Arc::new(Router::new(tree, receivers.into()).expect("the receivers are there"))
}

/// The rules of a source.
pub(super) fn rules(plan: &Plan, adapter: Adapter) -> Rules {
    let limits = RecordLimits {
        batch_records_max: plan.batch_records_max,
        ..RecordLimits::default()
    };
    Rules {
        pipeline: Arc::new(Pipeline::new(PipelineSpec {
            limits,
            ..PipelineSpec::new(adapter)
        })),
        tables: Arc::new(LiveTables::default()),
        lookup: None,
        retention: None,
    }
}
