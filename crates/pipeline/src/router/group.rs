//! The life of a group: opened by an alert, due after a wait, ended when it has been silent.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::alert::{Position, Seq};
use cresset_model::notification::{GroupRow, RoutedRow};

use super::label::Label;
use super::matcher::quote;
use super::tree::{Grouping, Route};

/// Groups that are alive at one time by default. Labels may hold what a sender chooses: alerts beyond the limit
/// share one group for each route.
pub const GROUPS_MAX: usize = 100_000;
/// A group in which nothing waits ends when its last notification is this long ago.
pub const IDLE_MAX: Duration = Duration::from_hours(24);

/// The labels of a group with their values, in the order of the configuration.
pub(super) fn labels(grouping: &Grouping, row: &RoutedRow) -> Vec<(Label, String)> {
    let (Grouping::Labels(labels), Some(alert)) = (grouping, &row.row) else {
        return Vec::new();
    };
    let valued = |label: &Label| (*label, label.value(alert, &row.matches));
    labels.iter().map(valued).collect()
}

/// The key of the group of an alert: receiver, place of the route, and labels.
pub(super) fn key(route: &Route, labels: &[(Label, String)]) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{}={}", label.as_str(), quote(value)))
        .collect();
    format!("{}@{}{{{}}}", route.receiver, route.place, labels.join(","))
}

/// The key of the group of those that no other can be opened for.
pub(super) fn key_of_others(route: &Route) -> String {
    format!("{}@{}{{*}}", route.receiver, route.place)
}

/// Receiver and place in the key of a group.
pub(super) fn read_key(key: &str) -> (&str, &str) {
    let (receiver, rest) = key.split_once('@').unwrap_or((key, ""));
    let place = rest.split(['{', ':']).next().unwrap_or_default();
    (receiver, place)
}

/// A group that an alert opens. Its episode is the position of that alert: it grows from life to life
/// without being remembered.
pub(super) fn open(key: String, position: Position) -> GroupRow {
    GroupRow {
        key,
        episode: position,
        ordinal: 0,
        waiting: Vec::new(),
        more: 0,
        due: None,
        notified: None,
    }
}

/// Puts an alert in; beyond so many alerts only their number is told.
pub(super) fn join(
    group: &mut GroupRow,
    (route, alerts_max): (&Route, usize),
    seq: Seq,
    now: Timestamp,
) {
    if group.waiting.len() < alerts_max {
        group.waiting.push(seq);
    } else {
        group.more += 1;
    }
    if group.due.is_none() {
        let waited = now.plus(route.group_wait);
        let spaced = group.notified.map(|last| last.plus(route.group_interval));
        group.due = Some(spaced.map_or(waited, |spaced| spaced.max(waited)));
    }
}

/// Takes out what waited: it is told now.
pub(super) fn flush(group: &mut GroupRow, now: Timestamp) -> (Vec<Seq>, u64) {
    group.due = None;
    group.notified = Some(now);
    (
        std::mem::take(&mut group.waiting),
        std::mem::take(&mut group.more),
    )
}

/// When something has to be done about a group: told or ended.
pub(super) fn wakes(group: &GroupRow) -> Timestamp {
    group.due.unwrap_or_else(|| {
        let last = group.notified.unwrap_or(Timestamp::MIN);
        last.plus(IDLE_MAX)
    })
}

/// Whether the life of a group is over.
pub(super) fn is_over(group: &GroupRow, now: Timestamp) -> bool {
    group.due.is_none() && wakes(group) <= now
}
