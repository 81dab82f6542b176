//! `cresset mock --nasty`: a hostile upstream.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use cresset_model::ports::Clock as _;
use cresset_sim::nasty::{self, Nasty, SCENARIOS};
use tokio::net::TcpListener;

use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::output::text;

/// Prints every scenario with its line.
pub(crate) fn list() -> anyhow::Result<Exit> {
    let width = SCENARIOS.iter().map(|scenario| scenario.name.len()).max();
    let width = width.unwrap_or_default();
    let mut lines = String::new();
    for scenario in &SCENARIOS {
        writeln!(lines, "{:width$}  {}", scenario.name, scenario.line)?;
    }
    text(lines.trim_end())?;
    Ok(Exit::Ok)
}

/// Plays a scenario until told to stop. Without a seed every run tells another story.
pub(crate) async fn run(
    listener: TcpListener,
    name: &str,
    seed: Option<u64>,
    stop: impl Future<Output = ()> + Send,
) -> anyhow::Result<Exit> {
    let scenario = nasty::find(name)?;
    let seed = seed.unwrap_or_else(|| SystemClock.now().nanos().unsigned_abs());
    let nasty = Nasty::begin(scenario, seed, Arc::new(SystemClock)).await?;
    let address = listener.local_addr()?;
    let mut lines = format!(
        "nasty upstream on http://{address}/alerts, seed {seed}: {}\n\
         what must be stored in the end: http://{address}/truth; what was asked: http://{address}/requests",
        scenario.line
    );
    for setting in nasty.settings() {
        write!(lines, "\nset in source.http_poll: {setting}")?;
    }
    text(&lines)?;
    nasty::serve(listener, nasty, stop).await?;
    Ok(Exit::Ok)
}
