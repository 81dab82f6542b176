//! The flags of the mock.

use std::time::Duration;

use clap::Args;
use cresset_sim::nasty::{UnknownScenario, find};

use super::{duration, share};

#[derive(Debug, Args)]
pub(crate) struct Mock {
    /// The port; `HOST_PORT_MOCK_API` or 8001 if absent
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// A geography service in ip-api.com's form instead of the upstream
    #[arg(long)]
    pub(crate) geo: bool,
    /// A hostile upstream in place of the flaky one; `list` prints every scenario. Only --port and --seed go
    /// with it
    #[arg(long, value_name = "SCENARIO", value_parser = nasty, conflicts_with = "geo")]
    pub(crate) nasty: Option<NastyChoice>,
    /// How often an answer is a failure, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.2, value_parser = share)]
    pub(crate) failure_rate: f64,
    /// How long each answer takes
    #[arg(long, default_value = "3s", value_parser = duration)]
    pub(crate) delay: Duration,
    /// Keep what was issued, obey `since` and page
    #[arg(long)]
    pub(crate) honest: bool,
    /// A fixed sequence of answers, repeated, in place of the failure rate: ok, cut, or a status from 300
    /// to 599, such as ok,500,429,cut
    #[arg(long)]
    pub(crate) pattern: Option<String>,
    /// The same seed tells the same story
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// With --honest: alerts made each second; 0 makes 1 to 5 for each request
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// With --honest: the longest page
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) page_size: u32,
    /// With --honest: `since` excludes the instant it names
    #[arg(long)]
    pub(crate) exclusive: bool,
    /// Answer at most this many requests a minute; the others get a 429 with Retry-After
    #[arg(long, value_name = "N")]
    pub(crate) rate_limit: Option<u32>,
    /// Share of malformed records, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) malformed: f64,
    /// Share of repeated records, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) duplicate: f64,
    /// Share of records that come late, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) late: f64,
    /// Share of records dated in the future, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) future: f64,
    /// Share of records that update an earlier one, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) updated: f64,
}

/// What `--nasty` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NastyChoice {
    /// The names of the scenarios.
    List,
    /// A scenario, by its name.
    Play(&'static str),
}

fn nasty(text: &str) -> Result<NastyChoice, UnknownScenario> {
    if text == "list" {
        return Ok(NastyChoice::List);
    }
    find(text).map(|scenario| NastyChoice::Play(scenario.name))
}

fn rate(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "a number is expected".to_owned())?;
    if (0.0..=100_000.0).contains(&value) {
        Ok(value)
    } else {
        Err("it lies outside 0 to 100000".to_owned())
    }
}
