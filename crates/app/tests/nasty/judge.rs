//! What the service holds, compared with what the upstream said.

use std::collections::BTreeSet;

use cresset_model::Timestamp;
use cresset_sim::nasty::{AlertJudge, Nasty, Truth};

use crate::http;
use crate::letters;
use crate::service::Service;
use crate::watch::clock;

/// A pipeline and its upstream.
pub(crate) type Upstream<'a> = (&'a str, &'a Nasty);

/// Everything that is wrong, a sentence each.
pub(crate) fn faults(
    service: &Service,
    upstreams: &[Upstream<'_>],
    told: &BTreeSet<String>,
) -> anyhow::Result<Vec<String>> {
    let mut faults = alerts(service, upstreams)?;
    let truths: Vec<Truth> = upstreams.iter().map(|(_, nasty)| nasty.truth()).collect();
    faults.extend(letters::faults(service, &truths)?);
    for ((pipeline, nasty), truth) in upstreams.iter().zip(&truths) {
        faults.extend(nasty.complaints());
        faults.extend(untold(truth, told));
        faults.extend(bookmark(service, pipeline)?);
    }
    Ok(faults)
}

/// Phrases that no error had in it.
fn untold(truth: &Truth, told: &BTreeSet<String>) -> Vec<String> {
    let known = |phrase: &&&str| !told.iter().any(|error| error.contains(**phrase));
    let missing = truth.told.iter().filter(known);
    missing
        .map(|phrase| format!("no error says \"{phrase}\"; told were {told:?}"))
        .collect()
}

/// The bookmark never lies in the future.
fn bookmark(service: &Service, pipeline: &str) -> anyhow::Result<Option<String>> {
    let source = service.get(&format!("/api/v1/sources/{pipeline}"))?;
    let bookmark = source["bookmark"].as_str().and_then(Timestamp::parse);
    let is_well = bookmark.is_some_and(|bookmark| bookmark <= clock().now());
    Ok((!is_well).then(|| format!("the bookmark of {pipeline} is {}", source["bookmark"])))
}

/// Compares every alert of every pipeline.
fn alerts(service: &Service, upstreams: &[Upstream<'_>]) -> anyhow::Result<Vec<String>> {
    let mut judge = AlertJudge::new();
    for (pipeline, nasty) in upstreams {
        judge.expect(pipeline, nasty.alerts(), nasty.truth().is_unchanging);
    }
    http::lines(
        service.port,
        "/api/v1/alerts/export?format=ndjson",
        |line| {
            judge.take(&serde_json::from_str(line)?);
            Ok(())
        },
    )?;
    Ok(judge.faults())
}
