//! Takes over a changed configuration while the service runs: all of it, or nothing. Everything new is
//! built beside what runs; only then the parts are swapped.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use cresset_model::SourceId;
use cresset_model::ports::{BoxFuture, Reload, ReloadRefused, ReloadReport};
use cresset_pipeline::router::Router;
use cresset_runtime::Rules;
use cresset_runtime::routing::ReceiverSet;
use tracing::info;

use crate::config::{self, Config, Environment, PipelineConfig, SourceConfig};
use crate::refresh::Refresh;
use crate::running::Running;
use crate::wiring::Former;
use crate::{notify, telemetry, wiring};

/// Compares the file with what runs, and takes it over.
pub(crate) struct FileReload {
    inner: Arc<Inner>,
}

struct Inner {
    file: Option<PathBuf>,
    config: tokio::sync::Mutex<Arc<Config>>,
    running: Running,
}

/// What a new configuration is carried out with.
struct Fresh {
    /// In the order of the running pipelines; files to watch only where tables were read.
    rules: Vec<(Rules, Option<Refresh>)>,
    receivers: notify::Receivers,
    router: Option<Arc<Router>>,
}

impl FileReload {
    /// Reloads `file` for a service that runs `config`; without a file there is nothing to reload.
    pub(crate) fn new(file: Option<PathBuf>, config: Config, running: Running) -> Self {
        let inner = Inner {
            file,
            config: tokio::sync::Mutex::new(Arc::new(config)),
            running,
        };
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl Reload for FileReload {
    fn reload(&self) -> BoxFuture<'_, Result<ReloadReport, ReloadRefused>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            // A task of its own: a client that goes away leaves no half of a reload behind.
            let reloaded = tokio::spawn(inner.take_over()).await;
            reloaded.unwrap_or_else(|error| Err(fault(format!("the reload broke off: {error}"))))
        })
    }
}

impl Inner {
    async fn take_over(self: Arc<Self>) -> Result<ReloadReport, ReloadRefused> {
        // One at a time: the next one compares with what this one leaves.
        let mut config = self.config.lock().await;
        let Some(file) = self.file.clone() else {
            return Err(fault("the service runs without a configuration file"));
        };
        let (inner, former) = (Arc::clone(&self), Arc::clone(&config));
        let read = tokio::task::spawn_blocking(move || inner.read(&file, &former)).await;
        let read = read.map_err(|error| fault(format!("the reload broke off: {error}")))??;
        let Some((next, fresh, changed)) = read else {
            info!("configuration read again, it says what runs already");
            return Ok(ReloadReport::default());
        };
        if changed.iter().any(|key| key.ends_with(".interval")) {
            let taken = self.running.control.take_intervals(&intervals(&next)).await;
            taken.map_err(|error| fault(format!("the interval could not be stored: {error}")))?;
        }
        self.swap(fresh).map_err(|error| fault(error.to_string()))?;
        self.running.limits.send_replace(next.watchdogs);
        telemetry::bound(next.log);
        *config = Arc::new(next);
        info!(changed = changed.join(", "), "configuration reloaded");
        Ok(ReloadReport { changed })
    }

    /// Reads the file and builds what it says; `None` when that runs already. Blocks, and changes nothing.
    fn read(
        &self,
        file: &std::path::Path,
        former: &Config,
    ) -> Result<Option<(Config, Fresh, Vec<String>)>, ReloadRefused> {
        let environment = Environment::load().map_err(|error| fault(error.to_string()))?;
        let next = config::load(file, &environment).map_err(|faults| ReloadRefused {
            faults: faults.one_a_line(),
            ..ReloadRefused::default()
        })?;
        let verdict = former.reload_difference(&next);
        if verdict.is_unchanged() {
            return Ok(None);
        }
        if !verdict.is_applicable() {
            let needs = verdict.restart.iter();
            return Err(ReloadRefused {
                needs_restart: needs.map(|it| format!("{}: {}", it.key, it.why)).collect(),
                ..ReloadRefused::default()
            });
        }
        let fresh = self.build(former, &next, &environment);
        let fresh = fresh.map_err(|error| fault(format!("{error:#}")))?;
        Ok(Some((next, fresh, verdict.applied)))
    }

    fn build(
        &self,
        former: &Config,
        next: &Config,
        environment: &Environment,
    ) -> anyhow::Result<Fresh> {
        let running = &self.running;
        let mut rules = Vec::with_capacity(running.pipelines.len());
        for pipeline in &running.pipelines {
            let (before, after) = named(former, &pipeline.name)
                .zip(named(next, &pipeline.name))
                .with_context(|| format!("there is no pipeline `{}`", pipeline.name))?;
            let former = Former {
                pipeline: before,
                config: former,
                rules: pipeline.stages.rules(),
            };
            rules.push(wiring::rules_after(former, after, next, &running.clock)?);
        }
        let receivers = notify::receivers(next, environment, &running.clock)?;
        // What makes a set makes a replacement too: nothing may fail once the swap has begun.
        ReceiverSet::new(receivers.clone(), Arc::clone(&running.clock))?;
        Ok(Fresh {
            rules,
            receivers,
            router: notify::router(next)?,
        })
    }

    /// Receivers before the routes that name them.
    fn swap(&self, fresh: Fresh) -> anyhow::Result<()> {
        self.running.receivers.replace(fresh.receivers)?;
        for (pipeline, (rules, refresh)) in self.running.pipelines.iter().zip(fresh.rules) {
            pipeline.stages.replace(rules);
            if let Some(refresh) = refresh {
                pipeline.refresh.put(refresh);
            }
        }
        self.running.router.send_replace(fresh.router);
        Ok(())
    }
}

fn named<'c>(config: &'c Config, name: &str) -> Option<&'c PipelineConfig> {
    let mut pipelines = config.pipelines.iter();
    pipelines.find(|pipeline| pipeline.name == name)
}

fn fault(text: impl Into<String>) -> ReloadRefused {
    ReloadRefused {
        faults: vec![text.into()],
        ..ReloadRefused::default()
    }
}

/// The interval of each polled source, in minutes.
fn intervals(config: &Config) -> Vec<(SourceId, u32)> {
    let pipelines = config.pipelines.iter();
    pipelines
        .filter_map(|pipeline| match &pipeline.source {
            SourceConfig::HttpPoll(poll) => Some((pipeline.id.clone(), poll.interval_minutes)),
            _ => None,
        })
        .collect()
}
