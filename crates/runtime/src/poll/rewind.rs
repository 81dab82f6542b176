//! Sets the bookmark of a source back, between two turns.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::CommandRefused;
use cresset_model::source::{Checkpoint, Sweep};
use tokio::sync::oneshot;
use tracing::info;

use super::runner::Poll;

/// A wish to read again, with the place to answer it.
#[derive(Debug)]
pub struct Rewind {
    /// Where the bookmark is to stand.
    pub to: Timestamp,
    /// Takes what came of it.
    pub reply: oneshot::Sender<Result<(), CommandRefused>>,
}

impl Poll {
    /// Stores the bookmark and answers; says whether it stands there now. Shows the source as it was
    /// before the command.
    pub(super) async fn rewind(&self, rewind: Rewind) -> bool {
        let result = self.set_back(rewind.to).await;
        {
            let mut live = self.cell.lock();
            live.status = live.stored.status;
        }
        let is_done = result.is_ok();
        // Who does not wait any longer does not need the answer.
        drop(rewind.reply.send(result));
        is_done
    }

    async fn set_back(&self, to: Timestamp) -> Result<(), CommandRefused> {
        let stored = self.ports.store.source(self.cell.id().clone()).await;
        let stored = stored.map_err(CommandRefused::Port)?;
        let Some(checkpoint) = stored.checkpoint else {
            let text = "the source has no bookmark yet: let it sync first".to_owned();
            return Err(CommandRefused::Conflict(text));
        };
        // How far back every identity is known for certain; `None` if none is ever forgotten. A record is
        // first seen when it is created or later, and a tombstone keeps it known for so long after it was
        // last seen. How long retention keeps alerts does not help: it may have been shorter yesterday. A
        // round begins an overlap before the bookmark.
        let overlap = self.config.rule.overlap;
        let life = self.config.rule.identity_life();
        let reach = self
            .ports
            .stages
            .retention()
            .map(|_| life.saturating_sub(overlap));
        check(&checkpoint, to, (self.ports.clock.now(), reach))?;
        let (from, sweep) = (checkpoint.bookmark, checkpoint.sweep);
        let back = Checkpoint {
            bookmark: to,
            round: None,
            fetch: checkpoint.fetch + 1,
            sweep: Sweep {
                floor: sweep.floor.map(|floor| floor.min(to)),
                // Its late rows were to be told from those that the polls now read again.
                round: None,
                ..sweep
            },
        };
        self.ports
            .commit_checkpoint(&self.cell, back)
            .await
            .map_err(CommandRefused::Port)?;
        info!(source.name = %self.cell.id(), bookmark.from = %from, bookmark.to = %to, "source rewound");
        Ok(())
    }
}

/// Back only, and only as far as every identity is still known: a record whose identity was forgotten
/// would be stored again as a new alert, and told again.
fn check(
    checkpoint: &Checkpoint,
    to: Timestamp,
    (now, reach): (Timestamp, Option<Duration>),
) -> Result<(), CommandRefused> {
    if to > checkpoint.bookmark {
        let text = format!(
            "{to} lies after the bookmark, {}: rewinding only goes back, as what lies between would \
             never be read",
            checkpoint.bookmark
        );
        return Err(CommandRefused::Invalid(text));
    }
    let Some(reach) = reach else {
        return Ok(());
    };
    let earliest = now.minus(reach);
    if to < earliest {
        let text = format!(
            "{to} is too far back: alerts from before {earliest} may have been deleted by retention, \
             and would be stored and told again as new ones"
        );
        return Err(CommandRefused::Invalid(text));
    }
    Ok(())
}
