//! Compares what the upstream really had with what the service kept.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

/// What a record says: its fields as one text, in a fixed order.
type Content = String;
/// The vendor's kind of source and its id; of a dead letter its whole record.
type Key = (String, String);

/// Stands in for the kind of source of a malformed record.
const MALFORMED: &str = "malformed";
/// Stands in for the kind of source of a pushed record; what stands for its id is its description.
const PUSHED: &str = "pushed";

/// Everything that one side has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    rows: BTreeMap<Key, Vec<Content>>,
}

impl Records {
    /// Adds an alert; `id_name` is what the side calls the vendor's id.
    pub(crate) fn add_alert(&mut self, alert: &Value, id_name: &str) -> anyhow::Result<()> {
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

    /// Adds a record that nobody can use.
    pub(crate) fn add_malformed(&mut self, raw: &str) {
        let key = (MALFORMED.to_owned(), raw.to_owned());
        self.rows.entry(key).or_default().push(String::new());
    }

    /// Adds an alert that was pushed, which has no id of the vendor's.
    pub(crate) fn add_pushed(&mut self, description: &str) {
        let key = (PUSHED.to_owned(), description.to_owned());
        self.rows.entry(key).or_default().push(String::new());
    }

    /// Leaves out what was pushed, where others judge it.
    pub(crate) fn forget_pushed(&mut self) {
        self.rows.retain(|(source, _), _| source != PUSHED);
    }

    /// How many alerts and how many malformed records there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let malformed = self
            .rows
            .keys()
            .filter(|(source, _)| source == MALFORMED)
            .count();
        (self.rows.len() - malformed, malformed)
    }
}

/// What differs; all zero is what is promised.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Records that the upstream had and the service has not.
    pub(crate) lost: usize,
    /// Records that the service has more than once.
    pub(crate) doubled: usize,
    /// Alerts that are there with an old or a wrong content.
    pub(crate) stale: usize,
    /// Records that the upstream never had.
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

/// Judges what was kept. The upstream is asked `before` and `after` the service's last sync, as it goes on
/// in between: what it had before must be there, and what did not change in between must have that very
/// content.
pub(crate) fn judge(before: &Records, after: &Records, kept: &Records) -> Verdict {
    let mut verdict = Verdict::default();
    for (key, contents) in &before.rows {
        let Some(rows) = kept.rows.get(key) else {
            verdict.lost += 1;
            verdict.example("lost", key);
            continue;
        };
        let settled = after.rows.get(key) == Some(contents);
        if settled && !rows.iter().all(|row| contents.contains(row)) {
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
