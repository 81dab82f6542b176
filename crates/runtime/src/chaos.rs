//! Turns the dials of a mock for a while: they go back by themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{
    CHAOS_DELAY_MAX, CHAOS_LIFE, ChaosDials, ChaosState, Clock, CommandRefused, Dials, PortError,
};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tracing::{info, warn};

/// How long to wait before a mock that did not take its dials back is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The dials of one source's mock.
pub(crate) struct Chaos {
    dials: Arc<dyn ChaosDials>,
    clock: Arc<dyn Clock>,
    /// One turn at a time.
    turns: Semaphore,
    turned: Arc<Mutex<Option<Turned>>>,
}

/// Dials that are not where they were.
struct Turned {
    before: Dials,
    until: Timestamp,
    end: AbortHandle,
}

impl Drop for Turned {
    fn drop(&mut self) {
        self.end.abort();
    }
}

impl Chaos {
    pub(crate) fn new(dials: Arc<dyn ChaosDials>, clock: Arc<dyn Clock>) -> Self {
        Self {
            dials,
            clock,
            turns: Semaphore::new(1),
            turned: Arc::default(),
        }
    }

    /// How the dials stand.
    pub(crate) async fn state(&self) -> Result<ChaosState, CommandRefused> {
        let dials = self.dials.read().await.map_err(CommandRefused::Port)?;
        let until = lock(&self.turned).as_ref().map(|turned| turned.until);
        Ok(ChaosState { dials, until })
    }

    /// Turns the dials that are given, for [`CHAOS_LIFE`] from now; without any puts all back.
    pub(crate) async fn set(&self, dials: Option<Dials>) -> Result<ChaosState, CommandRefused> {
        if let Some(dials) = &dials {
            check(dials)?;
        }
        let turn = self.turns.acquire().await;
        let turn = turn.map_err(|_| CommandRefused::Port(PortError::transient("stopping")))?;
        let before = lock(&self.turned).as_ref().map(|turned| turned.before);
        match (dials, before) {
            (Some(dials), before) => {
                let before = match before {
                    Some(before) => before,
                    None => self.dials.read().await.map_err(CommandRefused::Port)?,
                };
                self.dials.set(dials).await.map_err(CommandRefused::Port)?;
                let until = self.clock.now().plus(CHAOS_LIFE);
                let end = tokio::spawn(end(
                    Arc::clone(&self.dials),
                    Arc::clone(&self.turned),
                    before,
                ));
                let end = end.abort_handle();
                // Dropping the former one stops its clock.
                *lock(&self.turned) = Some(Turned { before, until, end });
                info!(until = %until, "dials of the mock turned");
            }
            (None, Some(before)) => {
                self.dials.set(before).await.map_err(CommandRefused::Port)?;
                lock(&self.turned).take();
                info!("dials of the mock put back");
            }
            (None, None) => {}
        }
        drop(turn);
        self.state().await
    }
}

/// Puts the dials back when their time is over, however long the mock takes to answer.
async fn end(dials: Arc<dyn ChaosDials>, turned: Arc<Mutex<Option<Turned>>>, before: Dials) {
    tokio::time::sleep(CHAOS_LIFE).await;
    while let Err(error) = dials.set(before).await {
        warn!(error = %error, "dials of the mock could not be put back, trying again");
        tokio::time::sleep(RETRY_AFTER).await;
    }
    lock(&turned).take();
    info!("dials of the mock went back by themselves");
}

fn check(dials: &Dials) -> Result<(), CommandRefused> {
    let shares = [
        ("failure_rate", dials.failure_rate),
        ("malformed", dials.malformed),
    ];
    for (name, share) in shares {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            let text = format!("`{name}` must be a number from 0 to 1");
            return Err(CommandRefused::Invalid(text));
        }
    }
    if dials.delay.is_some_and(|delay| delay > CHAOS_DELAY_MAX) {
        let longest = CHAOS_DELAY_MAX.as_millis();
        let text = format!("`delay_ms` must be at most {longest}");
        return Err(CommandRefused::Invalid(text));
    }
    Ok(())
}

fn lock(turned: &Mutex<Option<Turned>>) -> MutexGuard<'_, Option<Turned>> {
    turned.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
