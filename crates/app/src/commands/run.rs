//! `cresset run`: the service.

use tracing::info;

use crate::cli::Run;
use crate::config::{self, Environment};
use crate::exit::{Exit, Failure};
use crate::service::{Service, Start, bind};
use crate::signals::{Hangups, Signals};

/// Runs until Ctrl-C or SIGTERM; SIGHUP reloads the configuration.
pub(crate) async fn run(flags: Run) -> anyhow::Result<Exit> {
    let environment = Environment::load()?;
    let config = config::load(&flags.config, &environment)
        .map_err(|faults| Failure::new(Exit::Invalid, faults.to_string()))?;
    let signals = Signals::listen()?;
    let hangups = Hangups::listen()?;
    let mut listeners = vec![bind(config.server.listen, "server.listen").await?];
    for address in &config.server.also_listen {
        listeners.push(bind(*address, "server.also_listen").await?);
    }
    let service = Service::start(Start {
        config: &config,
        file: Some(flags.config),
        environment: &environment,
        hangups: Some(hangups),
        listeners,
    })
    .await?;
    info!(listen = %config.server.listen, "ready");
    service.until(signals.stop()).await?;
    service.stop().await?;
    Ok(Exit::Ok)
}
