//! The loop of one source of lines.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::ports::{Clock, EventSink, LineChunk, LineSource, PortError, Store};
use cresset_model::source::SyncStatus;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::files::{Cut, Files};
use super::lane::{BATCHES_MAX, Lane};
use crate::source_cell::SourceCell;
use crate::stages::Stages;

/// How long complete lines wait for a batch to fill.
pub const LINGER: Duration = Duration::from_millis(10);
/// How long the loop waits after the source or the store could not be read; it doubles up to
/// [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// How long batches on their way may take to be committed after the stop; later ones are read again.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

/// What a source of lines works with.
#[derive(Clone)]
pub struct LinePorts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The pure part with its tables.
    pub stages: Stages,
    /// Where its events go, if anywhere.
    pub sinks: Vec<Arc<dyn EventSink>>,
    /// Its state, shown.
    pub cell: Arc<SourceCell>,
}

/// One source of lines.
pub struct LineRunner {
    ports: LinePorts,
    source: Box<dyn LineSource>,
    files: Files,
    lane: Lane,
    /// Batches that wait for a place in the lane; nothing is read meanwhile.
    cuts: Vec<Cut>,
    /// When lines that wait for a batch to fill go without.
    flush_at: Option<Instant>,
    /// Not before this instant the source is asked again.
    read_at: Instant,
    retry: Duration,
    has_ended: bool,
}

impl LineRunner {
    /// A runner; the source begins each file at the position that is stored for it.
    pub fn new(ports: LinePorts, source: Box<dyn LineSource>) -> Self {
        Self {
            source,
            files: Files::default(),
            lane: Lane::new(ports.clone()),
            ports,
            cuts: Vec::new(),
            flush_at: None,
            read_at: Instant::now(),
            retry: RETRY_FIRST,
            has_ended: false,
        }
    }

    /// Runs until the source has ended and everything is committed, or until `stop` becomes true or its
    /// sender is gone: then what is on its way is committed, and the rest read again by the next process.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.recall().await;
        tokio::select! {
            // Dropping the loop at any await is safe: places commit with their rows.
            () = self.read() => return,
            _ = stop.wait_for(|stop| *stop) => {}
        }
        let rest = async {
            while self.lane.len() > 0 {
                if self.committed().await.is_err() {
                    return;
                }
            }
        };
        if tokio::time::timeout(STOP_TIMEOUT, rest).await.is_err() {
            warn!(source.name = %self.ports.cell.id(), "batches under way given up, they are read again");
        }
    }

    async fn recall(&self) {
        let cell = &self.ports.cell;
        let mut wait = RETRY_FIRST;
        loop {
            match self.ports.store.source(cell.id().clone()).await {
                Ok(stored) => return cell.recall(stored),
                Err(error) => {
                    cell.failed(
                        SyncStatus::SystemFailure,
                        error.to_string(),
                        self.ports.clock.now(),
                    );
                    warn!(source.name = %cell.id(), error = %error, "store not readable, waiting");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
    }

    async fn read(&mut self) {
        while !self.is_done() {
            if let Err(error) = self.turn().await {
                let (cell, now) = (&self.ports.cell, self.ports.clock.now());
                cell.failed(SyncStatus::Failed, error.to_string(), now);
                warn!(source.name = %cell.id(), error = %error, "source stopped");
                return;
            }
        }
        info!(source.name = %self.ports.cell.id(), "source ended, everything is committed");
    }

    fn is_done(&self) -> bool {
        self.has_ended && self.cuts.is_empty() && self.lane.len() == 0 && !self.files.has_waiting()
    }

    /// Waits for the next thing to do and does it. Fails when going on would lose something.
    async fn turn(&mut self) -> Result<(), PortError> {
        while self.lane.len() < BATCHES_MAX && !self.cuts.is_empty() {
            self.lane.push(self.cuts.remove(0));
        }
        let may_read = self.cuts.is_empty() && !self.has_ended;
        let flush_at = self.flush_at.unwrap_or(self.read_at);
        let (source, read_at) = (&mut self.source, self.read_at);
        let chunk = async {
            tokio::time::sleep_until(read_at).await;
            source.next().await
        };
        // Each branch may lose to another: the source gives what it was about to give the next time, and a
        // batch stays on its way.
        tokio::select! {
            position = self.lane.next() => {
                let position = position?;
                self.source.acknowledge(position);
            }
            chunk = chunk, if may_read => self.take(chunk)?,
            () = tokio::time::sleep_until(flush_at), if self.flush_at.is_some() => self.flush(),
        }
        Ok(())
    }

    async fn committed(&mut self) -> Result<(), PortError> {
        let position = self.lane.next().await?;
        self.source.acknowledge(position);
        Ok(())
    }

    fn take(&mut self, chunk: Result<Option<LineChunk>, PortError>) -> Result<(), PortError> {
        match chunk {
            Ok(Some(chunk)) => {
                self.retry = RETRY_FIRST;
                let limits = self.ports.stages.limits();
                self.files.feed(&chunk, limits, &mut self.cuts)?;
                let waits = self.files.has_waiting();
                self.flush_at = waits.then(|| self.flush_at.unwrap_or(Instant::now() + LINGER));
            }
            Ok(None) => {
                self.has_ended = true;
                self.flush();
            }
            Err(PortError::Transient { message, after }) => {
                let wait = self.retry.max(after.unwrap_or_default());
                self.retry = (self.retry * 2).min(RETRY_MAX);
                self.read_at = Instant::now() + wait;
                let cell = &self.ports.cell;
                warn!(source.name = %cell.id(), wait_ms = wait.as_millis(), error = %message, "source not readable, waiting");
                cell.failed(SyncStatus::Retrying, message, self.ports.clock.now());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn flush(&mut self) {
        self.flush_at = None;
        self.files.flush(&mut self.cuts);
    }
}
