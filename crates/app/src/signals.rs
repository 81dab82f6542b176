//! Ctrl-C, SIGTERM and SIGHUP.

use std::sync::Arc;

use anyhow::Context as _;
use cresset_model::ports::Reload;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::warn;

use crate::exit::Exit;

/// Listens for Ctrl-C and SIGTERM from the moment it is made: make it before anything says that it is
/// ready, or a signal right after that ends the process the hard way.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
        })
    }

    /// Waits for the first signal. From then on a second one ends the process at once.
    pub(crate) async fn stop(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(i32::from(Exit::Interrupted as u8));
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Listens for SIGHUP from the moment it is made: before that one ends the process.
pub(crate) struct Hangups(Signal);

impl Hangups {
    /// Begins to listen.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let hangups = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
        Ok(Self(hangups))
    }

    /// Reloads at each signal, until told to stop. What was taken over the reload logs itself; why nothing
    /// was is logged here, as nobody else hears of it.
    pub(crate) async fn reload(mut self, reload: Arc<dyn Reload>, mut stop: watch::Receiver<bool>) {
        loop {
            // Both branches only wait; signals that come during a reload count as one.
            tokio::select! {
                _ = self.0.recv() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(refused) = reload.reload().await {
                warn!(error = %refused, "configuration not reloaded, the former one stays");
            }
        }
    }
}
