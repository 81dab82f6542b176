//! Judges what a receiver was told.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::Value;

/// Deliveries that one life of the service may have under way to one endpoint: so many answers may be
/// lost with it when it is killed, and only they may come again after they were taken.
pub(crate) const UNDER_WAY_MAX: usize = 2;
/// How the error of a try begins whose answer did not come, or not in time.
const UNHEARD: &str = "no answer";
/// Violations that are named one by one.
const EXAMPLES_MAX: usize = 10;

/// A notification as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    /// `webhook-id`.
    pub(crate) id: String,
    /// `idempotency-key`.
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
    /// The life of the service that sent it.
    pub(crate) life: u64,
}

/// What the receiver saw and did, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A notification came.
    Came(Post),
    /// It was answered with 204.
    Took { id: String, life: u64 },
}

/// A row of the outbox as the service lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) receiver: String,
    pub(crate) group: String,
    pub(crate) episode: u64,
    pub(crate) ordinal: u64,
    pub(crate) id: String,
    pub(crate) state: String,
    /// Tries that the service gave up waiting for: what was taken may come again after each.
    pub(crate) unheard: usize,
}

impl Row {
    /// Reads an item of the list.
    pub(crate) fn read(item: &Value) -> anyhow::Result<Self> {
        let text = |name: &str| {
            let value = item.get(name).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("a delivery has no `{name}`: {item}"))
        };
        let number = |name: &str| {
            let value = item.get(name).and_then(Value::as_u64);
            value.with_context(|| format!("a delivery has no `{name}`: {item}"))
        };
        Ok(Self {
            receiver: text("receiver")?,
            group: text("group")?,
            episode: number("episode")?,
            ordinal: number("ordinal")?,
            id: text("id")?,
            state: text("state")?,
            unheard: unheard(item),
        })
    }
}

/// Tries of a delivery that ended without the receiver's answer.
fn unheard(item: &Value) -> usize {
    let tries = item.get("attempts").and_then(Value::as_array);
    let errors = tries.into_iter().flatten();
    let errors = errors.filter_map(|attempt| attempt.get("error")?.as_str());
    errors.filter(|error| error.starts_with(UNHEARD)).count()
}

/// What differs from what is promised; all zero is clean.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Alerts that nobody was told of, and rows of the outbox that were not sent.
    pub(crate) untold: usize,
    /// Alerts that two different notifications tell of.
    pub(crate) retold: usize,
    /// Notifications that came again after they had been taken, other than the few whose answer may have
    /// been lost in a crash.
    pub(crate) repeated: usize,
    /// Notifications that came again with another body, or whose key is not their id.
    pub(crate) changed: usize,
    /// Notifications that came before an earlier one of their group had been taken.
    pub(crate) disordered: usize,
    /// Notifications that the service does not know.
    pub(crate) invented: usize,
    /// A few of all that, for people.
    pub(crate) examples: Vec<String>,
}

impl Told {
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// All violations.
    pub(crate) fn count(&self) -> usize {
        self.untold + self.retold + self.repeated + self.changed + self.disordered + self.invented
    }

    fn example(&mut self, what: &str, which: &str) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(format!("{what}: {which}"));
        }
    }
}

/// Judges what came against the `alerts` that the service keeps and the `rows` of its outbox. With a life of the
/// service `lost_max` answers may be lost.
pub(crate) fn judge(
    events: &[Event],
    rows: &[Row],
    alerts: &BTreeSet<String>,
    lost_max: usize,
) -> Told {
    let mut told = Told::default();
    judge_repeats((events, rows), lost_max, &mut told);
    judge_order(events, rows, &mut told);
    judge_alerts(events, alerts, &mut told);
    for row in rows.iter().filter(|row| row.state != "sent") {
        told.untold += 1;
        told.example(&format!("untold, {}", row.state), &row.id);
    }
    told
}

/// Whether repeats say the same, and only what was not taken is repeated.
fn judge_repeats((events, rows): (&[Event], &[Row]), lost_max: usize, told: &mut Told) {
    let unheard = rows.iter().map(|row| (row.id.as_str(), row.unheard));
    let mut unheard: BTreeMap<&str, usize> = unheard.collect();
    let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut taken_in: BTreeMap<&str, u64> = BTreeMap::new();
    let mut lost_in: BTreeMap<u64, usize> = BTreeMap::new();
    for event in events {
        let post = match event {
            Event::Took { id, life } => {
                taken_in.insert(id, *life);
                continue;
            }
            Event::Came(post) => post,
        };
        let first = bodies.entry(&post.id).or_insert(&post.body);
        if *first != post.body.as_slice() || post.key != post.id || post.id.is_empty() {
            told.changed += 1;
            told.example("changed", &post.id);
        }
        // Whoever did not hear that it was taken goes on until the next answer: one excuse covers all that.
        let Some(life) = taken_in.remove(post.id.as_str()) else {
            continue;
        };
        // On a busy machine an answer may come later than the service waits for it.
        if let Some(unheard) = unheard.get_mut(post.id.as_str()).filter(|left| **left > 0) {
            *unheard -= 1;
            continue;
        }
        let lost = lost_in.entry(life).or_default();
        *lost += 1;
        if life == post.life || *lost > lost_max {
            told.repeated += 1;
            told.example("repeated after it was taken", &post.id);
        }
    }
}

/// Whether nothing came before all earlier ones of its group had been taken.
fn judge_order(events: &[Event], rows: &[Row], told: &mut Told) {
    let mut groups: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows {
        groups
            .entry((&row.receiver, &row.group))
            .or_default()
            .push(row);
        by_id.insert(&row.id, row);
    }
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        let id = match event {
            Event::Took { id, .. } => {
                taken.insert(id);
                continue;
            }
            Event::Came(post) => post.id.as_str(),
        };
        let Some(row) = by_id.get(id) else {
            told.invented += 1;
            told.example("invented", id);
            continue;
        };
        let group = groups.get(&(row.receiver.as_str(), row.group.as_str()));
        let place = (row.episode, row.ordinal);
        let waits = group.into_iter().flatten().find(|earlier| {
            (earlier.episode, earlier.ordinal) < place && !taken.contains(earlier.id.as_str())
        });
        if let Some(earlier) = waits {
            told.disordered += 1;
            told.example(&format!("came before {}", earlier.id), id);
        }
    }
}

/// Whether each alert is told of, by one notification.
fn judge_alerts(events: &[Event], alerts: &BTreeSet<String>, told: &mut Told) {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        if let Event::Took { id, .. } = event {
            taken.insert(id);
        }
    }
    let mut telling: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for event in events {
        if let Event::Came(post) = event
            && taken.contains(post.id.as_str())
        {
            for alert in alerts_of(&post.body) {
                telling.entry(alert).or_default().insert(&post.id);
            }
        }
    }
    for alert in alerts {
        if !telling.contains_key(alert) {
            told.untold += 1;
            told.example("untold", alert);
        }
    }
    for (alert, ids) in &telling {
        if !alerts.contains(alert) {
            told.invented += 1;
            told.example("told of an alert that is not there", alert);
        }
        if ids.len() > 1 {
            told.retold += 1;
            told.example("told of by two notifications", alert);
        }
    }
}

/// The alerts that a body lists.
fn alerts_of(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let alerts = body.get("alerts").and_then(Value::as_array);
    let ids = alerts.into_iter().flatten().filter_map(|alert| {
        let id = alert.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
    });
    ids.collect()
}

/// How many notifications came more than once.
pub(crate) fn repeats(events: &[Event]) -> usize {
    let came = events.iter().filter_map(|event| match event {
        Event::Came(post) => Some(post.id.as_str()),
        Event::Took { .. } => None,
    });
    let mut seen = BTreeSet::new();
    came.filter(|id| !seen.insert(*id)).count()
}

#[cfg(test)]
mod tests;
