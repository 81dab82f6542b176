//! One scenario, from the first request to the verdict.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use cresset_sim::nasty::{self, Nasty, Scenario, Truth};
use serde_json::Value;
use tokio::runtime::Handle;

use crate::judge;
use crate::limits::{self, Figures};
use crate::probe::Probe;
use crate::service::{Pipeline, Service};
use crate::watch::{Stopwatch, clock, wait_for};

/// Polls after everything was told: each unusable record comes with every one of them.
const POLLS_AFTER: u32 = 3;

/// Plays a scenario and judges what the service made of it.
pub(crate) fn play(
    scenario: &'static Scenario,
    seed: u64,
    runtime: &Handle,
) -> anyhow::Result<Figures> {
    play_all(&[("upstream", scenario, seed)], runtime)
}

/// One service and two pipelines, whose upstreams use the same ids for alerts of other contents.
pub(crate) fn play_pipelines(seed: u64, runtime: &Handle) -> anyhow::Result<Figures> {
    let scenario = nasty::find("same_id_other_source")?;
    let parts = [("upstream", scenario, seed), ("other", scenario, seed + 1)];
    play_all(&parts, runtime)
}

/// A pipeline with what its upstream plays, and the seed.
type Part = (&'static str, &'static Scenario, u64);

/// Plays a scenario for each pipeline; the figures are those of the first.
fn play_all(parts: &[Part], runtime: &Handle) -> anyhow::Result<Figures> {
    let stopwatch = Stopwatch::start();
    let (mut upstreams, mut pipelines) = (Vec::new(), Vec::new());
    for (name, scenario, seed) in parts {
        let (nasty, upstream) = begin(scenario, *seed, runtime)?;
        pipelines.push(Pipeline {
            name,
            upstream,
            settings: nasty.settings(),
        });
        upstreams.push((*name, nasty));
    }
    let upstreams: Vec<judge::Upstream<'_>> = upstreams
        .iter()
        .map(|(name, nasty)| (*name, &**nasty))
        .collect();
    let directory = tempfile::tempdir()?;
    let service = Service::start(directory.path(), &pipelines)?;
    let probe = Probe::start(service.port);
    let mut told = BTreeSet::new();
    let visited = upstreams.iter().try_for_each(|(name, nasty)| {
        let mut visit = Visit {
            path: format!("/api/v1/sources/{name}"),
            service: &service,
            nasty,
            told: BTreeSet::new(),
            turns: 0,
        };
        let visited = visit.all(&nasty.truth());
        told.append(&mut visit.told);
        visited
    });
    let peak_mib = service.peak_mib();
    let pulse = probe.end();
    visited?;
    let mut faults = judge::faults(&service, &upstreams, &told)?;
    let (peak_mib, took) = (peak_mib?, stopwatch.elapsed());
    let mut measured = Vec::new();
    for (_, nasty) in &upstreams {
        let figures = limits::measure(nasty, &service, (peak_mib, pulse.clone()), took)?;
        faults.extend(limits::faults(&figures));
        measured.push(figures);
    }
    service.end()?;
    ensure!(faults.is_empty(), "{}", faults.join("\n    "));
    measured.into_iter().next().context("nothing was played")
}

fn begin(
    scenario: &'static Scenario,
    seed: u64,
    runtime: &Handle,
) -> anyhow::Result<(Arc<Nasty>, u16)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let nasty = runtime.block_on(Nasty::begin(scenario, seed, clock()))?;
    let served = Arc::clone(&nasty);
    let _guard = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // It ends with the runtime, which ends with the run.
    runtime.spawn(async move {
        drop(nasty::serve(listener, served, std::future::pending()).await);
    });
    Ok((nasty, port))
}

/// The polls of one scenario.
struct Visit<'a> {
    /// Of its source.
    path: String,
    service: &'a Service,
    nasty: &'a Nasty,
    /// Every error that the service told.
    told: BTreeSet<String>,
    turns: u64,
}

impl Visit<'_> {
    fn all(&mut self, truth: &Truth) -> anyhow::Result<()> {
        self.turn_ends()?;
        while !self.nasty.is_settled() {
            self.poll(truth)?;
        }
        for nth in 0..POLLS_AFTER {
            let error = self.poll(truth)?;
            ensure!(
                error.is_none() || !truth.becomes_kind || nth == 0,
                "the upstream is kind, and the poll failed: {error:?}"
            );
        }
        Ok(())
    }

    /// Polls once and waits for the end; tells the error of the turn, if it failed.
    fn poll(&mut self, truth: &Truth) -> anyhow::Result<Option<String>> {
        let started = wait_for("a sync may begin", || {
            let answer = self.service.post(&format!("{}/sync", self.path), "")?;
            self.look()?;
            match answer.status {
                202 => Ok(Some(true)),
                // Whoever was told to stay away for an hour does so.
                409 if !truth.becomes_kind => Ok(Some(false)),
                409 => Ok(None),
                other => anyhow::bail!("a sync was answered with {other}"),
            }
        })?;
        if !started {
            return Ok(None);
        }
        self.turn_ends()
    }

    fn turn_ends(&mut self) -> anyhow::Result<Option<String>> {
        let before = self.turns;
        let source = wait_for("a turn ends", || {
            let source = self.look()?;
            let turns = source["turns"].as_u64().context("no turns")?;
            let is_busy = matches!(source["status"].as_str(), Some("syncing" | "retrying"));
            self.turns = turns;
            Ok((turns > before && !is_busy).then_some(source))
        })?;
        Ok(source["last_error"].as_str().map(str::to_owned))
    }

    /// Looks at the source and remembers what it tells.
    fn look(&mut self) -> anyhow::Result<Value> {
        let source = self.service.get(&self.path)?;
        let attempts = source["attempts"].as_array().into_iter().flatten();
        let errors = attempts.map(|attempt| &attempt["error"]);
        let errors = errors.chain([&source["last_error"]]);
        let errors = errors.filter_map(Value::as_str).map(str::to_owned);
        let warnings = source["warnings"].as_array().into_iter().flatten();
        self.told.extend(errors);
        self.told.extend(warnings.map(Value::to_string));
        Ok(source)
    }
}
