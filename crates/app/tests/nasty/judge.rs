//! What the service holds, compared with what the upstream said.

use std::collections::{BTreeSet, HashMap};

use cresset_model::Timestamp;
use cresset_sim::nasty::{Alert, Nasty, Truth};
use serde_json::Value;

use crate::http;
use crate::letters;
use crate::service::Service;
use crate::watch::clock;

/// Examples that a fault names.
const EXAMPLES: usize = 3;
const FIELDS: [&str; 5] = ["severity", "description", "src_ip", "dst_ip", "created_at"];

/// Everything that is wrong, a sentence each.
pub(crate) fn faults(
    service: &Service,
    nasty: &Nasty,
    told: &BTreeSet<String>,
) -> anyhow::Result<Vec<String>> {
    let truth = nasty.truth();
    let mut faults = alerts(service, nasty, truth.is_unchanging)?;
    faults.extend(letters::faults(service, &truth)?);
    faults.extend(nasty.complaints());
    faults.extend(untold(&truth, told));
    faults.extend(bookmark(service)?);
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
fn bookmark(service: &Service) -> anyhow::Result<Option<String>> {
    let source = service.get("/api/v1/sources/upstream")?;
    let bookmark = source["bookmark"].as_str().and_then(Timestamp::parse);
    let is_well = bookmark.is_some_and(|bookmark| bookmark <= clock().now());
    Ok((!is_well).then(|| format!("the bookmark is {}", source["bookmark"])))
}

/// An alert in the form in which both sides are compared.
fn content(alert: &Alert) -> String {
    let created_at = alert.created_at.to_z();
    let fields = [
        alert.severity,
        &alert.description,
        &alert.src_ip,
        &alert.dst_ip,
        &created_at,
    ];
    fields.join("\u{1f}")
}

fn key(source: &str, id: &str) -> String {
    format!("{source}/{id}")
}

/// Compares every alert.
fn alerts(service: &Service, nasty: &Nasty, is_unchanging: bool) -> anyhow::Result<Vec<String>> {
    let mut expected: HashMap<String, (String, u32)> = nasty
        .alerts()
        .map(|alert| (key(alert.source, &alert.id), (content(&alert), 0)))
        .collect();
    let mut found: [Vec<String>; 4] = Default::default();
    let [invented, doubled, stale, changed] = &mut found;
    http::lines(
        service.port,
        "/api/v1/alerts/export?format=ndjson",
        |line| {
            let row: Value = serde_json::from_str(line)?;
            let text = |field: &str| row[field].as_str().unwrap_or_default();
            let key = key(text("source"), text("upstream_id"));
            let Some((content, seen)) = expected.get_mut(&key) else {
                invented.push(line.to_owned());
                return Ok(());
            };
            *seen += 1;
            if *seen > 1 {
                doubled.push(key.clone());
            }
            let stored = FIELDS.map(text).join("\u{1f}");
            if stored != *content {
                stale.push(format!("{key}: {stored:?} in place of {content:?}"));
            }
            if is_unchanging && row["revision"] != 1 {
                changed.push(format!("{key}: revision {}", row["revision"]));
            }
            Ok(())
        },
    )?;
    let unseen = expected.into_iter().filter(|(_, (_, seen))| *seen == 0);
    let lost: Vec<String> = unseen.map(|(key, _)| key).collect();
    let [invented, doubled, stale, changed] = found;
    let kinds = [
        ("lost", lost),
        ("doubled", doubled),
        ("stale", stale),
        ("invented", invented),
        ("changed for nothing", changed),
    ];
    let told = kinds.into_iter().filter(|(_, which)| !which.is_empty());
    Ok(told
        .map(|(kind, which)| {
            let examples: Vec<&str> = which.iter().take(EXAMPLES).map(String::as_str).collect();
            format!(
                "{} alerts {kind}, such as {}",
                which.len(),
                examples.join("; ")
            )
        })
        .collect())
}
