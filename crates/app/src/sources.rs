//! Starts the sources of a configuration.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use anyhow::Context as _;
use cresset_connectors::sinks::{FileSink, FileSinkConfig};
use cresset_connectors::sources::file::{FileSource, FileSourceConfig, FileStart};
use cresset_connectors::sources::stdin::StdinSource;
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::ports::{Clock, EventSink, Intake, LineSource, Store};
use cresset_runtime::lines::{LinePorts, LineRunner};
use cresset_runtime::push::{PushIntake, PushPorts, PushSource};
use cresset_runtime::{
    ControlConfig, INTERVAL_MINUTES_MAX, INTERVAL_SETTING, RuntimeControl, SourceCell, Stages,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use crate::config::{
    self, Config, Environment, HttpPollConfig, PipelineConfig, PushConfig, SinkConfig, SourceConfig,
};
use crate::generate;
use crate::limited_intake::LimitedIntake;
use crate::running::RunningPipeline;
use crate::wiring::{self, PollParts};

/// What sources are started with.
pub(crate) struct Sources<'a> {
    /// The configuration.
    pub(crate) config: &'a Config,
    /// The environment.
    pub(crate) environment: &'a Environment,
    /// The store.
    pub(crate) store: &'a Arc<SqliteStore>,
    /// The same, waking the router.
    pub(crate) waking: Arc<dyn Store>,
    /// The wall clock.
    pub(crate) clock: &'a Arc<dyn Clock>,
}

/// The started sources.
pub(crate) struct Started {
    /// Commands them.
    pub(crate) control: RuntimeControl,
    /// What a reload replaces of each.
    pub(crate) pipelines: Vec<RunningPipeline>,
    /// Takes what is pushed.
    pub(crate) intake: Arc<dyn Intake>,
}

/// The source of a pipeline before it is started.
struct Prepared<'a> {
    pipeline: &'a PipelineConfig,
    stages: Stages,
    sinks: Vec<Arc<dyn EventSink>>,
}

/// Tasks to spawn on, and the end to wait for.
type Running<'a> = (&'a mut JoinSet<()>, &'a watch::Receiver<bool>);

impl Sources<'_> {
    /// Starts every source.
    pub(crate) async fn start(&self, (tasks, stopped): Running<'_>) -> anyhow::Result<Started> {
        let mut control = RuntimeControl::new(ControlConfig {
            store: Arc::clone(&self.waking),
            query: Arc::clone(self.store) as _,
            clock: Arc::clone(self.clock),
        });
        let mut intake = PushIntake::new(PushPorts {
            store: Arc::clone(&self.waking),
            clock: Arc::clone(self.clock),
            fresh_key: Arc::new(fresh_key),
        });
        let set = self.interval_set().await?;
        let (mut generators, mut pushed) = (Vec::new(), Vec::new());
        let mut pipelines = Vec::with_capacity(self.config.pipelines.len());
        for pipeline in &self.config.pipelines {
            let (rules, refresh) = wiring::rules(pipeline, self.config, self.clock)?;
            let running = RunningPipeline::new(pipeline, rules);
            tasks.spawn(refresh.run(running.refresh.clone(), stopped.clone()));
            let stages = running.stages.clone();
            pipelines.push(running);
            let prepared = Prepared {
                pipeline,
                stages,
                sinks: self.sinks(pipeline)?,
            };
            match &pipeline.source {
                SourceConfig::HttpPoll(poll) => {
                    self.poll(poll, prepared, set, (&mut control, tasks, stopped))?;
                }
                SourceConfig::Push(push) => {
                    pushed.push((pipeline.id.clone(), push.clone()));
                    Self::push("push", prepared, (&mut control, &mut intake));
                }
                SourceConfig::Generate(generate) => {
                    generators.push((*generate, pipeline.id.clone()));
                    Self::push("generate", prepared, (&mut control, &mut intake));
                }
                SourceConfig::File(file) => {
                    let source = self.file(file, pipeline).await?;
                    let lines = ("file", file.path.display().to_string(), source);
                    self.lines(lines, prepared, (&mut control, tasks, stopped));
                }
                SourceConfig::Stdin => {
                    // Another stream at each start: its lines are others, whatever they say.
                    let source = StdinSource::new(fresh_key()).context("read standard input")?;
                    let lines = ("stdin", source.describe(), Box::new(source) as _);
                    self.lines(lines, prepared, (&mut control, tasks, stopped));
                }
            }
        }
        intake.recall().await.context("read back the sources")?;
        let intake: Arc<dyn Intake> = Arc::new(intake);
        for (config, source) in generators {
            let (intake, clock) = (Arc::clone(&intake), Arc::clone(self.clock));
            tasks.spawn(generate::run(
                config,
                source,
                intake,
                clock,
                stopped.clone(),
            ));
        }
        let intake = Arc::new(LimitedIntake::new(intake, &pushed));
        Ok(Started {
            control,
            pipelines,
            intake,
        })
    }

    fn poll(
        &self,
        source: &HttpPollConfig,
        prepared: Prepared<'_>,
        set: Option<u32>,
        (control, tasks, stopped): (
            &mut RuntimeControl,
            &mut JoinSet<()>,
            &watch::Receiver<bool>,
        ),
    ) -> anyhow::Result<()> {
        let Prepared {
            pipeline,
            stages,
            sinks,
        } = prepared;
        let parts = PollParts {
            pipeline,
            source,
            stages,
            sinks,
            store: Arc::clone(&self.waking),
            clock: Arc::clone(self.clock),
        };
        let (poll, ends, cell) = wiring::poll(parts, self.environment)?;
        if let Some(set) = set.filter(|set| *set != source.interval_minutes) {
            warn!(source.name = %pipeline.id, interval.set_minutes = set, interval.file_minutes = source.interval_minutes, "interval set at run time wins over the file");
        }
        let minutes = set.unwrap_or(source.interval_minutes);
        let (commands, interval) = control.add(cell, ends, minutes);
        if let Some(dials) = wiring::chaos(source)? {
            control.add_chaos(&pipeline.id, dials);
        }
        tasks.spawn(poll.run(commands, interval, stopped.clone()));
        Ok(())
    }

    /// A source that others feed.
    fn push(
        kind: &'static str,
        prepared: Prepared<'_>,
        (control, intake): (&mut RuntimeControl, &mut PushIntake),
    ) {
        let Prepared {
            pipeline,
            stages,
            sinks,
        } = prepared;
        let address = format!("/api/v1/events/{}", pipeline.id);
        let cell = Arc::new(SourceCell::new(pipeline.id.clone(), kind, address));
        control.add_unpolled(Arc::clone(&cell), stages.clone(), sinks.clone());
        let push = match &pipeline.source {
            SourceConfig::Push(push) => push.clone(),
            _ => PushConfig::default(),
        };
        let records = push.records.join(".");
        intake.add(PushSource {
            cell,
            stages,
            sinks,
            records_path: (!records.is_empty()).then_some(records),
            unpack: push.unpack,
        });
    }

    async fn file(
        &self,
        file: &config::FileSourceConfig,
        pipeline: &PipelineConfig,
    ) -> anyhow::Result<Box<dyn LineSource>> {
        let config = FileSourceConfig {
            path: file.path.clone(),
            start: match file.start {
                config::FileStart::Beginning => FileStart::Beginning,
                config::FileStart::End => FileStart::End,
            },
        };
        let positions = self.store.positions(pipeline.id.clone()).await?;
        let source = FileSource::new(&config, &positions)
            .with_context(|| format!("set up the source of pipeline `{}`", pipeline.name))?;
        Ok(Box::new(source))
    }

    /// A source that reads lines by itself: its kind, what it reads, and how.
    fn lines(
        &self,
        (kind, address, source): (&'static str, String, Box<dyn LineSource>),
        prepared: Prepared<'_>,
        (control, tasks, stopped): (
            &mut RuntimeControl,
            &mut JoinSet<()>,
            &watch::Receiver<bool>,
        ),
    ) {
        let Prepared {
            pipeline,
            stages,
            sinks,
        } = prepared;
        let cell = Arc::new(SourceCell::new(pipeline.id.clone(), kind, address));
        control.add_unpolled(Arc::clone(&cell), stages.clone(), sinks.clone());
        let ports = LinePorts {
            store: Arc::clone(&self.waking),
            clock: Arc::clone(self.clock),
            stages,
            sinks,
            cell,
        };
        tasks.spawn(LineRunner::new(ports, source).run(stopped.clone()));
    }

    fn sinks(&self, pipeline: &PipelineConfig) -> anyhow::Result<Vec<Arc<dyn EventSink>>> {
        let mut sinks: Vec<Arc<dyn EventSink>> = Vec::new();
        for sink in &pipeline.sinks {
            // The standard output was refused before anything was started.
            let SinkConfig::File(file) = sink else {
                continue;
            };
            let config = FileSinkConfig {
                path: file.path.clone(),
                segment_bytes_max: file.file_bytes_max,
                segment_age_max: file.file_age_max,
                packing: file.compress,
            };
            let sink = FileSink::open(config, Arc::clone(self.clock))
                .with_context(|| format!("open the sink `{}`", file.path.display()))?;
            sinks.push(Arc::new(sink));
        }
        Ok(sinks)
    }

    /// The interval that was set at run time, if it was.
    async fn interval_set(&self) -> anyhow::Result<Option<u32>> {
        let value = self
            .store
            .setting(INTERVAL_SETTING)
            .await
            .context("read the settings")?;
        let minutes = value.as_deref().and_then(|value| value.parse().ok());
        Ok(minutes.filter(|minutes| (1..=INTERVAL_MINUTES_MAX).contains(minutes)))
    }
}

/// A key that never came before, for pushes without one of their own.
fn fresh_key() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    (half() << 64) | half()
}
