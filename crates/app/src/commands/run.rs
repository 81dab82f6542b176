//! `cresset run`: the service.

use tracing::info;

use crate::cli::Run;
use crate::config::{self, Environment};
use crate::exit::{Exit, Failure};
use crate::service::{Service, bind};
use crate::signals::Signals;

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(flags: Run) -> anyhow::Result<Exit> {
    let environment = Environment::load()?;
    let config = config::load(&flags.config, &environment)
        .map_err(|faults| Failure::new(Exit::Invalid, faults.to_string()))?;
    let signals = Signals::listen()?;
    let mut listeners = vec![bind(config.server.listen, "server.listen").await?];
    for address in &config.server.also_listen {
        listeners.push(bind(*address, "server.also_listen").await?);
    }
    let service = Service::start(&config, &environment, listeners).await?;
    info!(listen = %config.server.listen, "ready");
    signals.stop().await;
    service.stop().await?;
    Ok(Exit::Ok)
}
