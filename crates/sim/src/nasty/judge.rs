//! What a client holds, compared with what upstreams told: every alert once with its newest content, and one
//! dead letter for each record that nobody can use.

mod letters;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::alert::Alert;

pub use letters::LetterJudge;

/// Examples that a fault names.
const EXAMPLES: usize = 3;
const FIELDS: [&str; 5] = ["severity", "description", "src_ip", "dst_ip", "created_at"];
const SEPARATOR: &str = "\u{1f}";

/// Judges the alerts of a client, a row of its export at a time.
#[derive(Debug, Default)]
pub struct AlertJudge {
    /// By key: the content, whether it may never count as changed, and how often it was seen.
    expected: HashMap<String, (String, bool, u32)>,
    /// Invented, doubled, stale, and changed for nothing.
    wrong: [Vec<String>; 4],
}

impl AlertJudge {
    /// A judge who expects nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects alerts of a pipeline; `is_unchanging` when none may ever count as changed.
    pub fn expect(
        &mut self,
        pipeline: &str,
        alerts: impl Iterator<Item = Alert>,
        is_unchanging: bool,
    ) {
        let entries = alerts.map(|alert| {
            let key = key(pipeline, alert.source, &alert.id);
            (key, (content(&alert), is_unchanging, 0))
        });
        self.expected.extend(entries);
    }

    /// Takes a row that the client holds.
    pub fn take(&mut self, row: &Value) {
        let [invented, doubled, stale, changed] = &mut self.wrong;
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        let key = key(text("pipeline"), text("source"), text("upstream_id"));
        let Some((content, is_unchanging, seen)) = self.expected.get_mut(&key) else {
            invented.push(row.to_string());
            return;
        };
        *seen += 1;
        if *seen > 1 {
            doubled.push(key.clone());
        }
        let stored = FIELDS.map(text).join(SEPARATOR);
        if stored != *content {
            stale.push(format!("{key}: {stored:?} in place of {content:?}"));
        }
        if *is_unchanging && row["revision"] != 1 {
            changed.push(format!("{key}: revision {}", row["revision"]));
        }
    }

    /// Everything that is wrong once every row was taken, a sentence for each kind.
    pub fn faults(self) -> Vec<String> {
        let unseen = self.expected.into_iter();
        let unseen = unseen.filter(|(_, (_, _, seen))| *seen == 0);
        let lost: Vec<String> = unseen.map(|(key, _)| key).collect();
        let [invented, doubled, stale, changed] = self.wrong;
        let kinds = [
            ("lost", lost),
            ("doubled", doubled),
            ("stale", stale),
            ("invented", invented),
            ("changed for nothing", changed),
        ];
        let told = kinds.into_iter().filter(|(_, which)| !which.is_empty());
        told.map(|(kind, which)| {
            let examples: Vec<&str> = which.iter().take(EXAMPLES).map(String::as_str).collect();
            let examples = examples.join("; ");
            format!("{} alerts {kind}, such as {examples}", which.len())
        })
        .collect()
    }
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
    fields.join(SEPARATOR)
}

fn key(pipeline: &str, source: &str, id: &str) -> String {
    format!("{pipeline}/{source}/{id}")
}
