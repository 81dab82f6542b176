//! What upstream and store were asked, in one order.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Retention;
use cresset_model::source::{Checkpoint, PagePlace, SyncStatus};
use tokio::time::Instant;

/// One thing that happened at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// The upstream was asked.
    Get {
        since: Timestamp,
        place: Option<PagePlace>,
    },
    /// A commit was applied.
    Commit {
        /// Records of its outcome; `None` when it only moved the checkpoint.
        read: Option<u32>,
        checkpoint: Option<Checkpoint>,
    },
    /// The state of a source was stored.
    State(SyncStatus),
    Retain(Retention),
    /// So many events were taken by a sink.
    Events(usize),
}

/// The notes of one test, each with the time since its beginning.
pub(crate) struct Journal {
    begun: Instant,
    notes: Mutex<Vec<(Duration, Note)>>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            notes: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, note: Note) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push((self.begun.elapsed(), note));
    }

    pub(crate) fn timed(&self) -> Vec<(Duration, Note)> {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.timed().into_iter().map(|(_, note)| note).collect()
    }

    /// What the upstream was asked for, and when.
    pub(crate) fn gets(&self) -> Vec<(Duration, Timestamp)> {
        let get = |(at, note)| match note {
            Note::Get { since, .. } => Some((at, since)),
            _ => None,
        };
        self.timed().into_iter().filter_map(get).collect()
    }

    /// The pages that the upstream was asked for, in their order.
    pub(crate) fn places(&self) -> Vec<Option<PagePlace>> {
        let place = |note| match note {
            Note::Get { place, .. } => Some(place),
            _ => None,
        };
        self.notes().into_iter().filter_map(place).collect()
    }

    /// The checkpoints that were committed, in their order.
    pub(crate) fn checkpoints(&self) -> Vec<Checkpoint> {
        let checkpoint = |note| match note {
            Note::Commit { checkpoint, .. } => checkpoint,
            _ => None,
        };
        self.notes().into_iter().filter_map(checkpoint).collect()
    }

    /// The records of each commit that held any.
    pub(crate) fn batches(&self) -> Vec<u32> {
        let read = |note| match note {
            Note::Commit { read, .. } => read,
            _ => None,
        };
        self.notes().into_iter().filter_map(read).collect()
    }
}
