//! One step of the router: rows and the passing of time to intents.

use std::collections::{BTreeMap, BTreeSet};

use cresset_model::alert::{AlertRow, Position, Seq};
use cresset_model::notification::{GroupRow, Intent, RoutedRow};
use cresset_model::{NotificationId, Timestamp};

use super::body::{Message, render, subject};
use super::group;
use super::label::Label;
use super::state::{State, Step};
use super::tree::{Grouping, Route, Router};

/// Groups told of in one step; further ones that are due go into the next, which is due at once. Their
/// rows have to be in memory together.
pub const FLUSHES_MAX: usize = 4;
/// Groups ended in one step.
const ENDED_MAX: usize = 500;

impl Router {
    /// The places of the alerts that the next step at this time tells of and that are not among its rows:
    /// groups whose wait is over.
    pub fn needs(&self, state: &State, now: Timestamp) -> Vec<Seq> {
        let due = self.flushes(state, now);
        due.flat_map(|group| group.waiting.iter().copied())
            .collect()
    }

    /// Decides what the rows after the cursor and the passing of time mean; changes nothing. `waited` are
    /// the rows of [`Router::needs`] at the same time; one that is absent or has no alert any more is left
    /// out. Rows at or before the cursor are passed over.
    pub fn step(
        &self,
        state: &State,
        rows: &[RoutedRow],
        waited: &[RoutedRow],
        now: Timestamp,
    ) -> Step {
        let mut work = Work {
            router: self,
            state,
            now,
            changed: BTreeMap::new(),
            ended: BTreeSet::new(),
            opened: 0,
            intents: Vec::new(),
        };
        work.tell_due(waited);
        work.end_idle();
        let mut cursor = state.cursor();
        for row in rows {
            if row.position > cursor {
                cursor = row.position;
                if row.is_new && row.row.is_some() {
                    work.route(row);
                }
            }
        }
        work.finish(cursor)
    }

    /// Groups to tell of. One that would wait longer than any does was put off by a clock that has been set
    /// back since.
    fn flushes<'a>(
        &self,
        state: &'a State,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a GroupRow> + use<'a> {
        let waiting = state.due(now).filter(|group| group.due.is_some());
        let put_off = state.waiting_beyond(now.plus(self.wait_max));
        waiting.chain(put_off).take(FLUSHES_MAX)
    }
}

/// A step under way.
struct Work<'a> {
    router: &'a Router,
    state: &'a State,
    now: Timestamp,
    changed: BTreeMap<String, GroupRow>,
    ended: BTreeSet<String>,
    /// Groups that are in `changed` and not in the state.
    opened: usize,
    intents: Vec<Intent>,
}

impl Work<'_> {
    fn tell_due(&mut self, waited: &[RoutedRow]) {
        let by_seq: BTreeMap<Seq, (&RoutedRow, &AlertRow)> = waited
            .iter()
            .filter_map(|row| row.row.as_ref().map(|alert| (alert.seq, (row, alert))))
            .collect();
        for group in self.router.flushes(self.state, self.now) {
            let mut group = group.clone();
            let (seqs, more) = group::flush(&mut group, self.now);
            let alerts: Vec<_> = seqs
                .iter()
                .filter_map(|seq| by_seq.get(seq).copied())
                .collect();
            let (receiver, place) = group::read_key(&group.key);
            let root = &self.router.root.receiver;
            // A receiver that is no longer configured cannot be told; the root's hears of it instead.
            let known = self.router.receivers.contains_key(receiver);
            let receiver = if known { receiver } else { root }.to_owned();
            let route = self.router.route_at(place);
            let labels = alerts
                .first()
                .map(|(row, _)| group::labels(&route.grouping, row))
                .unwrap_or_default();
            if !alerts.is_empty() || more > 0 {
                group.ordinal += 1;
                self.tell(
                    &group,
                    &receiver,
                    &Message {
                        labels: &labels,
                        alerts: &alerts,
                        more,
                        record_bytes_max: self.router.limits.record_bytes_max,
                    },
                );
            }
            self.changed.insert(group.key.clone(), group);
        }
    }

    fn end_idle(&mut self) {
        let now = self.now;
        let over = self
            .state
            .due(now)
            .filter(|group| group::is_over(group, now));
        self.ended = over
            .take(ENDED_MAX)
            .map(|group| group.key.clone())
            .collect();
    }

    fn route(&mut self, row: &RoutedRow) {
        let Some(alert) = &row.row else {
            return;
        };
        for route in self.router.routes_of(row) {
            match &route.grouping {
                Grouping::EachAlert => {
                    let key = format!("{}@{}:{}", route.receiver, route.place, alert.id);
                    let mut group = group::open(key, row.position);
                    group.ordinal = 1;
                    let message = Message {
                        labels: &[],
                        alerts: &[(row, alert)],
                        more: 0,
                        record_bytes_max: self.router.limits.record_bytes_max,
                    };
                    self.tell(&group, &route.receiver, &message);
                }
                Grouping::Labels(_) => {
                    let labels = group::labels(&route.grouping, row);
                    self.join(route, &labels, row.position, alert.seq);
                }
            }
        }
    }

    fn join(&mut self, route: &Route, labels: &[(Label, String)], position: Position, seq: Seq) {
        let limits = &self.router.limits;
        let mut key = group::key(route, labels);
        if !self.is_alive(&key) && self.state.groups_count() + self.opened >= limits.groups_max {
            key = group::key_of_others(route);
        }
        if !self.is_alive(&key) {
            self.opened += usize::from(self.state.group(&key).is_none());
            self.ended.remove(&key);
            self.changed
                .insert(key.clone(), group::open(key.clone(), position));
        }
        let stored = self.state.group(&key);
        if let (None, Some(stored)) = (self.changed.get(&key), stored) {
            self.changed.insert(key.clone(), stored.clone());
        }
        if let Some(group) = self.changed.get_mut(&key) {
            group::join(group, (route, limits.alerts_max), seq, self.now);
        }
    }

    /// Whether a group lives on: one whose time is over begins a new life with its next alert.
    fn is_alive(&self, key: &str) -> bool {
        self.changed.contains_key(key)
            || self
                .state
                .group(key)
                .is_some_and(|group| !group::is_over(group, self.now))
    }

    fn tell(&mut self, group: &GroupRow, receiver: &str, message: &Message<'_>) {
        let notifiers = self.router.receivers.get(receiver).copied().unwrap_or(0);
        if notifiers == 0 {
            return;
        }
        let subject = subject(message);
        let body = render(message, receiver, &subject, self.now);
        for notifier in 0..notifiers {
            let receiver = format!("{receiver}/{notifier}");
            let (key, episode, ordinal) = (&group.key, group.episode, group.ordinal);
            self.intents.push(Intent {
                id: NotificationId::derive(key, episode, &receiver, ordinal),
                receiver,
                group: key.clone(),
                episode,
                ordinal,
                subject: subject.clone(),
                body: body.clone(),
                alerts: message.alerts.iter().map(|(_, alert)| alert.id).collect(),
            });
        }
    }

    fn finish(self, cursor: Position) -> Step {
        let rest = self
            .state
            .next_wake(|key| self.changed.contains_key(key) || self.ended.contains(key));
        let changed = self.changed.values().map(group::wakes).min();
        Step {
            next_wake: [rest, changed].into_iter().flatten().min(),
            groups: self.changed.into_values().collect(),
            ended: self.ended.into_iter().collect(),
            intents: self.intents,
            cursor,
        }
    }
}
