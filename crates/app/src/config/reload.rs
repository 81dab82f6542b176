//! What a new configuration changes, and whether a running service can take it over.

use super::http_poll::HttpPollConfig;
use super::pipeline::PipelineConfig;
use super::root::Config;
use super::server;
use super::source::SourceConfig;

/// What differs between a running configuration and a new one. If anything needs a restart, nothing is
/// applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ReloadVerdict {
    /// The keys that change and can be applied, such as `route` or `pipelines.nullify.detect`.
    pub(crate) applied: Vec<String>,
    /// The keys that change and need a restart.
    pub(crate) restart: Vec<NeedsRestart>,
}

/// A key whose change needs a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeedsRestart {
    /// The key, such as `server.listen` or `pipelines.nullify.source`.
    pub(crate) key: String,
    /// Why, a sentence for people.
    pub(crate) why: &'static str,
}

impl ReloadVerdict {
    /// Whether the two are the same.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.applied.is_empty() && self.restart.is_empty()
    }

    /// Whether every change can be applied without a restart.
    pub(crate) fn is_applicable(&self) -> bool {
        self.restart.is_empty()
    }

    fn restart_if(&mut self, changed: bool, key: &str, why: &'static str) {
        if changed {
            let key = key.to_owned();
            self.restart.push(NeedsRestart { key, why });
        }
    }

    fn apply_if(&mut self, changed: bool, key: &str) {
        if changed {
            self.applied.push(key.to_owned());
        }
    }
}

impl Config {
    /// What `other`, the new configuration, changes in this one, which is running.
    pub(crate) fn reload_difference(&self, other: &Self) -> ReloadVerdict {
        let mut verdict = ReloadVerdict::default();
        verdict.restart_if(
            self.store != other.store,
            "store",
            "the store is opened once, at the start",
        );
        let (server, new) = (&self.server, &other.server);
        verdict.restart_if(
            server.listen != new.listen,
            "server.listen",
            "addresses are bound once, at the start",
        );
        verdict.restart_if(
            server.also_listen != new.also_listen,
            "server.also_listen",
            "addresses are bound once, at the start",
        );
        let access = "who may reach the API is settled at the start";
        verdict.restart_if(server.open != new.open, "server.open", access);
        verdict.restart_if(server.hosts != new.hosts, "server.hosts", access);
        for (key, changed) in server::differences(&server.bounds, &new.bounds) {
            verdict.restart_if(
                changed,
                key,
                "the bounds of connections are set at the start",
            );
        }
        verdict.apply_if(self.retention != other.retention, "retention");
        verdict.apply_if(self.limits != other.limits, "limits");
        verdict.apply_if(self.watchdogs != other.watchdogs, "watchdogs");
        verdict.restart_if(
            self.outbox.deliveries != other.outbox.deliveries,
            "outbox.deliveries",
            "what is delivered at once is set at the start",
        );
        verdict.restart_if(
            server.live_events != new.live_events,
            "server.live_events",
            "the room for events is made at the start",
        );
        verdict.apply_if(self.outbox.router != other.outbox.router, "outbox");
        verdict.apply_if(self.log != other.log, "log");
        verdict.apply_if(self.lists != other.lists, "lists");
        self.pipelines_difference(other, &mut verdict);
        verdict.apply_if(self.route != other.route, "route");
        verdict.apply_if(self.receivers != other.receivers, "receivers");
        verdict
    }

    fn pipelines_difference(&self, other: &Self, verdict: &mut ReloadVerdict) {
        for pipeline in &self.pipelines {
            let key = format!("pipelines.{}", pipeline.name);
            match find(other, &pipeline.name) {
                Some(new) => difference(&key, pipeline, new, verdict),
                None => verdict.restart_if(true, &key, "a pipeline is stopped by a restart only"),
            }
        }
        for pipeline in &other.pipelines {
            let key = format!("pipelines.{}", pipeline.name);
            let added = find(self, &pipeline.name).is_none();
            verdict.restart_if(added, &key, "a pipeline is started by a restart only");
        }
    }
}

fn find<'c>(config: &'c Config, name: &str) -> Option<&'c PipelineConfig> {
    let mut pipelines = config.pipelines.iter();
    pipelines.find(|pipeline| pipeline.name == name)
}

fn difference(key: &str, old: &PipelineConfig, new: &PipelineConfig, verdict: &mut ReloadVerdict) {
    let key = |part: &str| format!("{key}.{part}");
    verdict.restart_if(
        old.id != new.id,
        &key("id"),
        "the id names the pipeline's books, checkpoint and alerts",
    );
    if let (SourceConfig::HttpPoll(old), SourceConfig::HttpPoll(new)) = (&old.source, &new.source) {
        let interval = old.interval_minutes != new.interval_minutes;
        verdict.apply_if(interval, &key("source.http_poll.interval"));
        let same_interval = HttpPollConfig {
            interval_minutes: old.interval_minutes,
            ..HttpPollConfig::clone(new)
        };
        verdict.restart_if(
            **old != same_interval,
            &key("source.http_poll"),
            "only the interval of a source that runs can change",
        );
    } else {
        verdict.restart_if(
            old.source != new.source,
            &key("source"),
            "a source is connected once, at the start",
        );
    }
    verdict.restart_if(
        old.adapter != new.adapter,
        &key("adapter"),
        "records that wait were read for the former format",
    );
    verdict.apply_if(old.enrich != new.enrich, &key("enrich"));
    verdict.apply_if(old.detect != new.detect, &key("detect"));
    verdict.apply_if(old.alerts != new.alerts, &key("alerts"));
    verdict.restart_if(
        old.sinks != new.sinks,
        &key("sinks"),
        "sinks are opened once, at the start",
    );
}

#[cfg(test)]
mod tests;
