//! The port over it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cresset_model::ports::{BoxFuture, FilePosition, LineChunk, LineSource, PortError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::config::{FileSourceConfig, FileSourceError};
use super::tail::Tail;

/// How often it looks at the folder.
pub const POLL_PERIOD: Duration = Duration::from_millis(250);

/// A turn off the async threads, which carries the state there and back.
type Turn = JoinHandle<(Box<Tail>, io::Result<Option<LineChunk>>)>;

/// Follows files that grow; never ends.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    /// `None` while a turn is under way.
    tail: Option<Box<Tail>>,
    turn: Option<Turn>,
    look_at: Instant,
}

impl FileSource {
    /// Follows the files; each begins at its stored position, given the latest stored first, or else
    /// where the configuration says. Nothing is read yet.
    pub fn new(
        config: &FileSourceConfig,
        positions: &[FilePosition],
    ) -> Result<Self, FileSourceError> {
        Ok(Self {
            path: config.path.clone(),
            tail: Some(Box::new(Tail::new(config, positions)?)),
            turn: None,
            look_at: Instant::now(),
        })
    }

    async fn advance(&mut self) -> Result<Option<LineChunk>, PortError> {
        loop {
            // Whatever is awaited stays in `self`, so that dropping this future loses nothing.
            if self.turn.is_none() {
                if self.tail.as_ref().is_some_and(|tail| !tail.is_ready()) {
                    tokio::time::sleep_until(self.look_at).await;
                }
                self.start_turn()?;
            }
            let Some(turn) = &mut self.turn else { continue };
            let ended = turn.await;
            self.turn = None;
            let (tail, read) = ended.map_err(|_| broken())?;
            let folder = tail.folder().display().to_string();
            self.tail = Some(tail);
            match read {
                Ok(None) => {}
                Ok(chunk) => return Ok(chunk),
                Err(error) => {
                    return Err(PortError::transient(format!(
                        "cannot list {folder}: {error}"
                    )));
                }
            }
        }
    }

    fn start_turn(&mut self) -> Result<(), PortError> {
        let mut tail = self.tail.take().ok_or_else(broken)?;
        let now = Instant::now();
        let look = now >= self.look_at;
        if look {
            self.look_at = now + POLL_PERIOD;
        }
        self.turn = Some(tokio::task::spawn_blocking(move || {
            let looked = if look { tail.look() } else { Ok(()) };
            let read = looked.map(|()| tail.read());
            (tail, read)
        }));
        Ok(())
    }
}

/// Only after a panic of a turn.
fn broken() -> PortError {
    PortError::permanent("the file source has failed and must be made again")
}

impl LineSource for FileSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<LineChunk>, PortError>> {
        Box::pin(self.advance())
    }

    /// Files are found again by the positions that the commits store; nothing more is kept here.
    fn acknowledge(&mut self, _: FilePosition) {}

    fn describe(&self) -> String {
        format!("file {}", self.path.display())
    }
}
