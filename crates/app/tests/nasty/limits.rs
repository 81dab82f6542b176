//! What a scenario cost, and what it may cost.

use std::time::Duration;

use cresset_sim::nasty::{Nasty, Seen};

use crate::probe::Pulse;
use crate::service::Service;

/// Memory at its peak, whatever the upstream sends.
const PEAK_MIB_MAX: u64 = 256;
/// Requests in two seconds, as they arrive: ten a second, and one that was slow on its way.
const REQUESTS_IN_TWO_SECONDS_MAX: usize = 21;
/// The time within which 99 of 100 answers must have come, on however busy a machine.
const P99_MAX: Duration = Duration::from_secs(2);

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) requests: usize,
    /// The most requests in one second and in two.
    pub(crate) rates: [usize; 2],
    pub(crate) alerts: u64,
    pub(crate) dead: u64,
    pub(crate) peak_mib: u64,
    pub(crate) pulse: Pulse,
    pub(crate) took: Duration,
}

/// Gathers the figures of a scenario.
pub(crate) fn measure(
    nasty: &Nasty,
    service: &Service,
    (peak_mib, pulse): (u64, Pulse),
    took: Duration,
) -> anyhow::Result<Figures> {
    let requests = nasty.requests();
    let count = |path: &str| -> anyhow::Result<u64> {
        let page = service.get(path)?;
        Ok(page["total"]["value"]
            .as_u64()
            .or(page["total"].as_u64())
            .unwrap_or_default())
    };
    Ok(Figures {
        rates: [1, 2].map(|seconds| busiest(&requests, Duration::from_secs(seconds))),
        requests: requests.len(),
        alerts: count("/api/v1/alerts?limit=1&include=total")?,
        dead: count("/api/v1/dead-letters?limit=1&include=total")?,
        // The comparison with the truth is no part of the scenario.
        peak_mib,
        pulse,
        took,
    })
}

/// The most requests in a span of this length.
fn busiest(requests: &[Seen], span: Duration) -> usize {
    let until = |begin: &Seen| {
        let within = |seen: &&Seen| seen.at >= begin.at && seen.at < begin.at + span;
        requests.iter().filter(within).count()
    };
    requests.iter().map(until).max().unwrap_or_default()
}

/// What exceeds a limit, a sentence each.
pub(crate) fn faults(figures: &Figures) -> Vec<String> {
    let mut faults = Vec::new();
    if figures.peak_mib > PEAK_MIB_MAX {
        let peak = figures.peak_mib;
        faults.push(format!("{peak} MiB at the peak, at most {PEAK_MIB_MAX}"));
    }
    let [_, in_two] = figures.rates;
    if in_two > REQUESTS_IN_TWO_SECONDS_MAX {
        faults.push(format!("{in_two} requests in two seconds, at most 20"));
    }
    let p99 = figures.pulse.p99();
    if p99 > P99_MAX {
        faults.push(format!("one of 100 answers took {} ms", p99.as_millis()));
    }
    if let Some(first) = figures.pulse.failed.first() {
        let count = figures.pulse.failed.len();
        faults.push(format!("{count} requests to the API failed, first {first}"));
    }
    faults
}
