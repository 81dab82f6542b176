//! `cresset mock`: the flaky upstream alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cresset_sim::mock_api::{self, MockConfig, RateLimit};
use cresset_sim::mock_geo::{self, MockGeoConfig};

use super::nasty;
use crate::cli::{Mock, NastyChoice};
use crate::clock::SystemClock;
use crate::config::Environment;
use crate::exit::Exit;
use crate::output::text;
use crate::service::bind;
use crate::signals::Signals;

/// The window of `--rate-limit`.
const RATE_LIMIT_WINDOW: Duration = Duration::from_mins(1);

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(flags: Mock) -> anyhow::Result<Exit> {
    if flags.nasty == Some(NastyChoice::List) {
        return nasty::list();
    }
    let signals = Signals::listen()?;
    let port = match flags.port {
        Some(port) => port,
        None => Environment::load()?.ports()?.mock,
    };
    let setting = if flags.port.is_some() {
        "--port"
    } else {
        "--port or HOST_PORT_MOCK_API"
    };
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), setting).await?;
    let address = listener.local_addr()?;
    if let Some(NastyChoice::Play(name)) = flags.nasty {
        return nasty::run(listener, name, flags.seed, signals.stop()).await;
    }
    if flags.geo {
        text(&format!(
            "mock geography on http://{address}/json/8.8.8.8 and http://{address}/batch"
        ))?;
        let config = MockGeoConfig {
            delay: flags.delay,
            failure_rate: flags.failure_rate,
            rate_limit_per_minute: flags.rate_limit.unwrap_or(0),
        };
        mock_geo::serve(listener, config, signals.stop()).await?;
        return Ok(Exit::Ok);
    }
    text(&format!(
        "mock upstream on http://{address}/alerts, its dial on http://{address}/config"
    ))?;
    let config = config(flags);
    mock_api::serve(listener, config, Arc::new(SystemClock), signals.stop()).await?;
    Ok(Exit::Ok)
}

fn config(flags: Mock) -> MockConfig {
    MockConfig {
        failure_rate: flags.failure_rate,
        delay: flags.delay,
        honest: flags.honest,
        pattern: flags.pattern,
        seed: flags.seed,
        malformed: flags.malformed,
        duplicate: flags.duplicate,
        late: flags.late,
        future: flags.future,
        updated: flags.updated,
        rate: flags.rate,
        page_size: flags.page_size as usize,
        since_exclusive: flags.exclusive,
        rate_limit: flags.rate_limit.map(|requests| RateLimit {
            requests,
            window: RATE_LIMIT_WINDOW,
        }),
        ..MockConfig::default()
    }
}
