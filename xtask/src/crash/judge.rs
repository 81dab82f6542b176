//! Compares what the upstream really had with what the service kept.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

/// What an alert says: its fields as one text, in a fixed order.
type Content = String;
/// The vendor's kind of source and its id.
type Key = (String, String);

/// The alerts of one side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Alerts {
    rows: BTreeMap<Key, Vec<Content>>,
}

impl Alerts {
    /// Adds an alert in the words of the service.
    pub(crate) fn add(&mut self, alert: &Value, id_name: &str) -> anyhow::Result<()> {
        let text = |name: &str| {
            let value = alert.get(name).and_then(Value::as_str);
            value.with_context(|| format!("an alert has no `{name}`: {alert}"))
        };
        let key = (text("source")?.to_owned(), text(id_name)?.to_owned());
        let content = [
            text("severity")?,
            text("description")?,
            text("src_ip")?,
            text("dst_ip")?,
        ];
        self.rows.entry(key).or_default().push(content.join(" | "));
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// What differs; all zero is what is promised.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Alerts that the upstream had and the service has not.
    pub(crate) lost: usize,
    /// Alerts that the service has more than once.
    pub(crate) doubled: usize,
    /// Alerts that are there with an old or a wrong content.
    pub(crate) stale: usize,
    /// Alerts that the upstream never had.
    pub(crate) invented: usize,
    /// A few of them, for people.
    pub(crate) examples: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    fn example(&mut self, what: &str, (source, id): &Key) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(format!("{what}: {source} {id}"));
        }
    }
}

/// Differences that are named one by one.
const EXAMPLES_MAX: usize = 10;

/// Judges what was kept. The upstream is asked `before` and `after` the service's last sync, as it may
/// have gone on in between: what it had before must be there, in the content of before or after.
pub(crate) fn judge(before: &Alerts, after: &Alerts, kept: &Alerts) -> Verdict {
    let mut verdict = Verdict::default();
    for (key, contents) in &before.rows {
        let Some(rows) = kept.rows.get(key) else {
            verdict.lost += 1;
            verdict.example("lost", key);
            continue;
        };
        let newest = after.rows.get(key);
        let fits = |row: &Content| {
            contents.contains(row) || newest.is_some_and(|newest| newest.contains(row))
        };
        if !rows.iter().all(fits) {
            verdict.stale += 1;
            verdict.example("stale", key);
        }
    }
    for (key, rows) in &kept.rows {
        if rows.len() > 1 {
            verdict.doubled += 1;
            verdict.example("doubled", key);
        }
        if !after.rows.contains_key(key) {
            verdict.invented += 1;
            verdict.example("invented", key);
        }
    }
    verdict
}
