//! Takes over a changed configuration while the service runs: all of it, or nothing.

use std::path::PathBuf;
use std::sync::Arc;

use cresset_model::ports::{BoxFuture, Control, Reload, ReloadRefused, ReloadReport};

use crate::config::{self, Config, Environment, SourceConfig};

/// Compares the file with what runs.
pub(crate) struct FileReload {
    file: Option<PathBuf>,
    running: tokio::sync::Mutex<Config>,
    control: Arc<dyn Control>,
}

impl FileReload {
    /// Reloads `file` for a service that runs `config`; without a file there is nothing to reload.
    pub(crate) fn new(file: Option<PathBuf>, config: Config, control: Arc<dyn Control>) -> Self {
        Self {
            file,
            running: tokio::sync::Mutex::new(config),
            control,
        }
    }

    async fn take_over(&self) -> Result<ReloadReport, ReloadRefused> {
        let refused = |faults: Vec<String>| ReloadRefused {
            faults,
            ..ReloadRefused::default()
        };
        let Some(file) = &self.file else {
            return Err(refused(vec![
                "the service runs without a configuration file".to_owned(),
            ]));
        };
        let environment = Environment::load().map_err(|error| refused(vec![error.to_string()]))?;
        let fresh =
            config::load(file, &environment).map_err(|faults| refused(vec![faults.to_string()]))?;
        let mut running = self.running.lock().await;
        let verdict = running.reload_difference(&fresh);
        if verdict.is_unchanged() {
            return Ok(ReloadReport::default());
        }
        let mut needs_restart: Vec<String> = verdict
            .restart
            .iter()
            .map(|it| format!("{}: {}", it.key, it.why))
            .collect();
        let verdict_applies = verdict.is_applicable();
        let (intervals, others): (Vec<String>, Vec<String>) = verdict
            .applied
            .into_iter()
            .partition(|key| key.ends_with(".interval"));
        needs_restart.extend(
            others
                .into_iter()
                .map(|key| format!("{key}: it is set up once")),
        );
        if !verdict_applies || !needs_restart.is_empty() {
            return Err(ReloadRefused {
                needs_restart,
                faults: Vec::new(),
            });
        }
        if let Some(minutes) = interval(&fresh).filter(|_| !intervals.is_empty()) {
            let set = self.control.set_interval_minutes(minutes).await;
            set.map_err(|error| refused(vec![error.to_string()]))?;
        }
        *running = fresh;
        Ok(ReloadReport { changed: intervals })
    }
}

/// The interval of the first polled source, which all share at run time.
fn interval(config: &Config) -> Option<u32> {
    config
        .pipelines
        .iter()
        .find_map(|pipeline| match &pipeline.source {
            SourceConfig::HttpPoll(poll) => Some(poll.interval_minutes),
            _ => None,
        })
}

impl Reload for FileReload {
    fn reload(&self) -> BoxFuture<'_, Result<ReloadReport, ReloadRefused>> {
        Box::pin(self.take_over())
    }
}
