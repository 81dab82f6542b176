//! A look-up during which the configuration is reloaded: what is being decided began under the old rules.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use cresset_model::Severity;
use cresset_model::ports::{Answers, BoxFuture, Lookup};
use cresset_model::query::AddressField;
use cresset_pipeline::process::{Adapter, AlertRule, Detector, Pipeline, PipelineSpec};

use crate::{LiveTables, Rules, Stages};

/// Knows nothing. When it is asked for the first time, the rules are replaced before it answers.
#[derive(Default)]
pub(crate) struct ReloadingLookup {
    next: Mutex<Option<(Stages, Rules)>>,
}

impl ReloadingLookup {
    /// Stages that begin with one detected severity, and change over to another while they first decide.
    pub(crate) fn stages(from: PipelineSpec, to: PipelineSpec) -> Stages {
        let lookup = Arc::new(Self::default());
        let rules = |spec: PipelineSpec, lookup: Option<Arc<dyn Lookup>>| Rules {
            pipeline: Arc::new(Pipeline::new(spec)),
            tables: Arc::new(LiveTables::default()),
            lookup,
            retention: None,
        };
        let from = PipelineSpec {
            city_of: Some(AddressField::SrcIp),
            remote_geo: true,
            ..from
        };
        let stages = Stages::new(rules(from, Some(Arc::clone(&lookup) as _)));
        *lookup.next.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((stages.clone(), rules(to, None)));
        stages
    }
}

impl Lookup for ReloadingLookup {
    fn answer(&self, _addresses: Vec<IpAddr>) -> BoxFuture<'_, Answers> {
        let next = self
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((stages, rules)) = next {
            stages.replace(rules);
        }
        Box::pin(std::future::ready(Answers::default()))
    }
}

/// A pipeline of events on which one severity is an alert and all others pass.
pub(crate) fn alerting_on(severity: Severity) -> PipelineSpec {
    PipelineSpec {
        detect: vec![Detector::Threat {
            severity: vec![severity],
            list: None,
        }],
        alerts: AlertRule::Detected,
        ..PipelineSpec::new(Adapter::Nullify)
    }
}
