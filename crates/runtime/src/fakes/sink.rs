//! An event sink in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cresset_model::ports::{BoxFuture, EventBatch, EventSink, PortError};

use super::journal::{Journal, Note};

/// What becomes of a batch of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinkFault {
    /// It is not taken for now.
    Down,
    /// The sink never answers.
    Hang,
}

/// The sink.
pub(crate) struct MemorySink {
    journal: Arc<Journal>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    faults: VecDeque<SinkFault>,
}

impl MemorySink {
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of the next batches; those after are taken.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = SinkFault>) {
        self.lock().faults.extend(faults);
    }

    /// The events that were taken.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }
}

impl EventSink for MemorySink {
    fn write(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(async move {
            let fault = self.lock().faults.pop_front();
            match fault {
                Some(SinkFault::Down) => return Err(PortError::transient("disk full")),
                Some(SinkFault::Hang) => std::future::pending::<()>().await,
                None => {}
            }
            self.journal.add(Note::Events(batch.events.len()));
            let line = |span: &[u8]| String::from_utf8(span.to_vec()).unwrap();
            let lines = batch
                .events
                .iter()
                .map(|event| line(event.line.of(&batch.out)));
            self.lock().lines.extend(lines);
            Ok(())
        })
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}
