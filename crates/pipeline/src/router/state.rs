//! What the router remembers, and what a step changes of it.

use std::collections::{BTreeMap, BTreeSet};

use cresset_model::Timestamp;
use cresset_model::alert::Position;
use cresset_model::notification::{GroupRow, Intent};
use cresset_model::ports::{RouterMemory, StepCommit};

use super::group;

/// The cursor and the groups that are alive. It moves on only by [`State::apply`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    cursor: Position,
    groups: BTreeMap<String, GroupRow>,
    /// The groups by when something has to be done about them.
    wakes: BTreeSet<(Timestamp, String)>,
}

/// What a step decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Groups that are new or changed, by key.
    pub groups: Vec<GroupRow>,
    /// Keys of groups that have ended.
    pub ended: Vec<String>,
    /// What to tell whom, in the order of the rows.
    pub intents: Vec<Intent>,
    /// The cursor after it.
    pub cursor: Position,
    /// When the next step is due, even without new rows; `None` when nothing waits. In the past when there
    /// is more to do at once.
    pub next_wake: Option<Timestamp>,
}

impl State {
    /// The state that was stored.
    pub fn new(memory: RouterMemory) -> Self {
        let mut state = Self {
            cursor: memory.cursor,
            ..Self::default()
        };
        for group in memory.groups {
            state.insert(group);
        }
        state
    }

    /// How far the change log has been read.
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// The groups that are alive, by key.
    pub fn groups(&self) -> impl Iterator<Item = &GroupRow> {
        self.groups.values()
    }

    /// Moves on. Only after the step has been committed.
    pub fn apply(&mut self, step: &Step) {
        self.cursor = self.cursor.max(step.cursor);
        for key in &step.ended {
            self.remove(key);
        }
        for group in &step.groups {
            self.remove(&group.key);
            self.insert(group.clone());
        }
    }

    pub(super) fn group(&self, key: &str) -> Option<&GroupRow> {
        self.groups.get(key)
    }

    pub(super) fn groups_count(&self) -> usize {
        self.groups.len()
    }

    /// Groups about which something has to be done by now, the longest due first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = &GroupRow> {
        self.wakes
            .iter()
            .take_while(move |(at, _)| *at <= now)
            .filter_map(|(_, key)| self.groups.get(key))
    }

    /// Groups that wait beyond an instant.
    pub(super) fn waiting_beyond(&self, instant: Timestamp) -> impl Iterator<Item = &GroupRow> {
        let late = self.wakes.iter().rev();
        let late = late.take_while(move |(at, _)| *at > instant);
        let groups = late.filter_map(|(_, key)| self.groups.get(key));
        groups.filter(|group| group.due.is_some())
    }

    /// When something has to be done about a group, leaving some out.
    pub(super) fn next_wake(&self, without: impl Fn(&str) -> bool) -> Option<Timestamp> {
        let mut rest = self.wakes.iter().filter(|(_, key)| !without(key));
        rest.next().map(|(at, _)| *at)
    }

    fn insert(&mut self, group: GroupRow) {
        self.wakes.insert((group::wakes(&group), group.key.clone()));
        self.groups.insert(group.key.clone(), group);
    }

    fn remove(&mut self, key: &str) {
        if let Some(group) = self.groups.remove(key) {
            self.wakes.remove(&(group::wakes(&group), group.key));
        }
    }
}

impl Step {
    /// Whether there is something to commit: state, intents, or a cursor that moves.
    pub fn changes(&self, state: &State) -> bool {
        self.cursor != state.cursor
            || !(self.groups.is_empty() && self.ended.is_empty() && self.intents.is_empty())
    }

    /// The step as the outbox takes it.
    pub fn commit(&self, fence: u64, at: Timestamp) -> StepCommit {
        StepCommit {
            fence,
            cursor: self.cursor,
            at,
            groups: self.groups.clone(),
            ended: self.ended.clone(),
            intents: self.intents.clone(),
        }
    }
}
