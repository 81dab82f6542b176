//! Events to files: one line each, in segments that begin anew by size and age.
//!
//! The segment that grows ends in `.part` and is on the disk before a batch is acknowledged. A finished
//! one has its final name at once and whole: `events-20261125T040000Z-000001.ndjson`, with `.gz` or
//! `.zst` when packed. After a crash the `.part` file goes on behind its last whole line.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cresset_model::ports::{BoxFuture, Clock, EventBatch, EventSink, PortError};

use super::packing::Packing;
use super::segment::Segment;

/// Bytes after which the next segment begins.
const SEGMENT_BYTES_MAX: u64 = 128 << 20;
/// Age at which the next segment begins, with the next batch.
const SEGMENT_AGE_MAX: Duration = Duration::from_hours(1);

/// The settings of a file sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSinkConfig {
    /// The folder; made if absent.
    pub path: PathBuf,
    /// See [`SEGMENT_BYTES_MAX`].
    pub segment_bytes_max: u64,
    /// See [`SEGMENT_AGE_MAX`].
    pub segment_age_max: Duration,
    /// How finished segments are packed.
    pub packing: Packing,
}

impl FileSinkConfig {
    /// A folder with every default.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            segment_bytes_max: SEGMENT_BYTES_MAX,
            segment_age_max: SEGMENT_AGE_MAX,
            packing: Packing::None,
        }
    }
}

/// A folder that cannot be written to.
#[derive(Debug, thiserror::Error)]
#[error("cannot write events to {path}", path = path.display())]
pub struct FileSinkError {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

/// Writes events to a folder.
pub struct FileSink {
    config: FileSinkConfig,
    clock: Arc<dyn Clock>,
    open: Arc<Mutex<Option<Segment>>>,
}

impl FileSink {
    /// Opens the folder and goes on with the segment that a former process left. Blocks.
    pub fn open(config: FileSinkConfig, clock: Arc<dyn Clock>) -> Result<Self, FileSinkError> {
        let failed = |source| FileSinkError {
            path: config.path.clone(),
            source,
        };
        super::segment::create_folder(&config.path).map_err(failed)?;
        let left = Segment::resume(&config.path).map_err(failed)?;
        Ok(Self {
            config,
            clock,
            open: Arc::new(Mutex::new(left)),
        })
    }
}

impl EventSink for FileSink {
    fn write(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), PortError>> {
        let (config, open) = (self.config.clone(), Arc::clone(&self.open));
        let now = self.clock.now();
        Box::pin(async move {
            if batch.events.is_empty() {
                return Ok(());
            }
            // A batch is written to its end even if nobody waits any more, so that the next finds a whole
            // segment.
            let written = tokio::task::spawn_blocking(move || {
                let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                let is_over = |segment: &Segment| {
                    segment.bytes() >= config.segment_bytes_max
                        || now.since(segment.begun()) >= config.segment_age_max
                };
                if let Some(segment) = open.as_mut().filter(|segment| is_over(segment)) {
                    // If that fails, the next batch tries again: no segment is left behind.
                    segment.finish(config.packing)?;
                    *open = None;
                }
                let segment = match &mut *open {
                    Some(segment) => segment,
                    empty => empty.insert(Segment::begin(&config.path, now)?),
                };
                segment.append(&batch)
            });
            let written = written
                .await
                .map_err(|error| PortError::transient(format!("the writer ended: {error}")))?;
            written.map_err(|error: std::io::Error| PortError::transient(error.to_string()))
        })
    }

    fn describe(&self) -> String {
        format!("file {}", self.config.path.display())
    }
}

#[cfg(test)]
mod tests;
