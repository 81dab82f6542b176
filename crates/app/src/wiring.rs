//! The one place where ports meet adapters: from configuration to running parts.

use std::sync::Arc;

use anyhow::Context as _;
use cresset_connectors::lookups::{GeoHttp, GeoHttpConfig};
use cresset_connectors::sources::MockDials;
use cresset_connectors::sources::http_poll::{self, HttpPoll};
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::city::CityField;
use cresset_model::ports::{ChaosDials, Clock, EventSink, Lookup, Store, Upstream as _};
use cresset_pipeline::process::Pipeline;
use cresset_runtime::poll::{Paging, Poll, PollConfig, PollPorts, PollRule, SweepRule};
use cresset_runtime::{LiveTables, Rules, SourceCell, Stages};

use crate::config::{
    self, AuthConfig, Config, EnrichConfig, Environment, HttpPollConfig, PagingConfig,
    PipelineConfig,
};
use crate::exit::{Exit, Failure};
use crate::plan::{Plan, lists_of, spec};
use crate::refresh::Refresh;

/// Opens the store.
pub(crate) fn store(config: &config::SqliteConfig) -> anyhow::Result<SqliteStore> {
    let mut sqlite = SqliteConfig::new(&config.path);
    sqlite.index_bytes_max = usize::try_from(config.live_index_budget_bytes).unwrap_or(usize::MAX);
    sqlite.dead_letter_bytes_max = config.dead_letter_budget_bytes;
    sqlite.dead_letter_raw_bytes_max = config.dead_letter_raw_bytes_max;
    sqlite.readers_max = usize::try_from(config.readers_max).unwrap_or(usize::MAX);
    sqlite.read_timeout = config.read_timeout;
    sqlite.wal_bytes_kept = config.wal_bytes_kept;
    SqliteStore::open(sqlite)
        .map_err(|error| Failure::new(Exit::Conflict, error.to_string()).into())
}

/// What a pipeline does under a configuration, and what reads its tables again when files change. Reads
/// every table.
pub(crate) fn rules(
    pipeline: &PipelineConfig,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Rules, Refresh)> {
    let plan = Plan::new(pipeline, config, !pipeline.sinks.is_empty())
        .with_context(|| format!("set up the pipeline `{}`", pipeline.name))?;
    let tables = Arc::new(LiveTables::new(plan.tables));
    let refresh = Refresh::new(plan.watched, Arc::clone(&tables));
    let rules = Rules {
        pipeline: Arc::new(Pipeline::new(plan.spec)),
        tables,
        lookup: lookup(pipeline, clock)?,
        retention: config.retention.alerts,
    };
    Ok((rules, refresh))
}

/// What a pipeline that runs did until now.
pub(crate) struct Former<'a> {
    /// Its configuration.
    pub(crate) pipeline: &'a PipelineConfig,
    /// The whole configuration.
    pub(crate) config: &'a Config,
    /// What it does.
    pub(crate) rules: Rules,
}

/// What a pipeline does after a reload. Its look-up, with what it has cached, and its tables stay unless
/// their configuration has changed: then there is a new [`Refresh`] too.
pub(crate) fn rules_after(
    former: Former<'_>,
    pipeline: &PipelineConfig,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Rules, Option<Refresh>)> {
    let same_lists = lists_of(former.pipeline, former.config) == lists_of(pipeline, config);
    if same_lists && former.pipeline.enrich == pipeline.enrich {
        let rules = Rules {
            pipeline: Arc::new(Pipeline::new(spec(
                pipeline,
                config,
                !pipeline.sinks.is_empty(),
            ))),
            retention: config.retention.alerts,
            ..former.rules
        };
        return Ok((rules, None));
    }
    let (mut rules, refresh) = rules(pipeline, config, clock)?;
    if remote(former.pipeline) == remote(pipeline) {
        rules.lookup = former.rules.lookup;
    }
    Ok((rules, Some(refresh)))
}

fn remote(pipeline: &PipelineConfig) -> Option<&config::GeoHttpConfig> {
    pipeline.enrich.iter().find_map(|enrich| match enrich {
        EnrichConfig::GeoHttp(geo) => Some(&**geo),
        EnrichConfig::Geo(_) | EnrichConfig::User(_) => None,
    })
}

fn lookup(
    pipeline: &PipelineConfig,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<Arc<dyn Lookup>>> {
    let Some(geo) = remote(pipeline) else {
        return Ok(None);
    };
    let defaults = GeoHttpConfig::default();
    let geo = GeoHttpConfig {
        url: geo.url.as_str().to_owned(),
        batch_max: if geo.batch { defaults.batch_max } else { 1 },
        fields: CityField::ALL.to_vec(),
        allow_private: geo.allow_private.as_ref().map(ToString::to_string),
        timeout: geo.timeout,
        cache_ttl: geo.cache_age_max,
        cache_bytes_max: usize::try_from(geo.cache_bytes_max).unwrap_or(usize::MAX),
        ..defaults
    };
    let geo = GeoHttp::new(geo, Arc::clone(clock))
        .map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?;
    Ok(Some(Arc::new(geo)))
}

/// What a polled source is made of.
pub(crate) struct PollParts<'a> {
    /// Its pipeline.
    pub(crate) pipeline: &'a PipelineConfig,
    /// Its source.
    pub(crate) source: &'a HttpPollConfig,
    /// Its stages.
    pub(crate) stages: Stages,
    /// Where its events go.
    pub(crate) sinks: Vec<Arc<dyn EventSink>>,
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
}

/// Builds a polled source: its loop, its ports and its state.
pub(crate) fn poll(
    parts: PollParts<'_>,
    environment: &Environment,
) -> anyhow::Result<(Poll, PollPorts, Arc<SourceCell>)> {
    let PollParts {
        pipeline,
        source,
        stages,
        sinks,
        store,
        clock,
    } = parts;
    let upstream = upstream(source, environment, &clock)
        .with_context(|| format!("set up the source of pipeline `{}`", pipeline.name))?;
    let cell = Arc::new(SourceCell::new(
        pipeline.id.clone(),
        "http_poll",
        upstream.address(),
    ));
    let poll = PollConfig {
        rule: PollRule {
            overlap: source.overlap,
            overlap_short: source.overlap_short,
            lookback: source.lookback,
            pages_max: source.pages_max,
            sweep: source.sweep.map(|sweep| SweepRule {
                every: sweep.every,
                back: sweep.back,
            }),
            ..PollRule::default()
        },
        records: (!source.records.is_empty()).then(|| source.records.join(".")),
        paging: match &source.paging {
            PagingConfig::Since => Paging::Since,
            PagingConfig::Link => Paging::Link,
            PagingConfig::Cursor { field, .. } => Paging::Cursor {
                field: field.clone(),
            },
        },
        jitter_seed: clock.now().nanos().unsigned_abs(),
    };
    let ends = PollPorts {
        upstream: Arc::new(upstream),
        store,
        clock,
        stages,
        sinks,
    };
    Ok((Poll::new(poll, ends.clone(), Arc::clone(&cell)), ends, cell))
}

/// The dials of a source's mock, if its configuration names one.
pub(crate) fn chaos(source: &HttpPollConfig) -> anyhow::Result<Option<Arc<dyn ChaosDials>>> {
    let Some(chaos) = &source.chaos else {
        return Ok(None);
    };
    let allowed = chaos.allow_private.as_ref().map(ToString::to_string);
    let dials = MockDials::new(chaos.url.as_str(), allowed.as_deref())
        .map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?;
    Ok(Some(Arc::new(dials)))
}

fn upstream(
    source: &HttpPollConfig,
    environment: &Environment,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<HttpPoll> {
    let auth = source
        .auth
        .as_ref()
        .map(|auth| authentication(auth, environment))
        .transpose()?;
    let config = http_poll::HttpPollConfig {
        url: source.url.as_str().to_owned(),
        since_parameter: source.since.parameter.clone(),
        since_format: match source.since.format {
            config::SinceFormat::Rfc3339 => http_poll::SinceFormat::Rfc3339,
            config::SinceFormat::Unix => http_poll::SinceFormat::Unix,
            config::SinceFormat::UnixMs => http_poll::SinceFormat::UnixMs,
        },
        paging: match &source.paging {
            PagingConfig::Since => http_poll::Paging::Since,
            PagingConfig::Link => http_poll::Paging::Link,
            PagingConfig::Cursor { parameter, .. } => http_poll::Paging::Cursor {
                parameter: parameter.clone(),
            },
        },
        auth,
        allow_private: source.allow_private.as_ref().map(ToString::to_string),
        timeouts: http_poll::Timeouts {
            connect: source.timeouts.connect,
            first_byte: source.timeouts.first_byte,
            idle: source.timeouts.idle,
            total: source.timeouts.total,
            total_max: source.timeouts.total_max,
        },
        answer_bytes_max: source.answer_bytes_max,
        ratio_max: source.ratio_max,
        undecoded_bytes_max: source.undecoded_bytes_max,
    };
    HttpPoll::new(config, Arc::clone(clock))
        .map_err(|error| Failure::new(Exit::Invalid, error.to_string()).into())
}

fn authentication(auth: &AuthConfig, environment: &Environment) -> anyhow::Result<http_poll::Auth> {
    let resolve = |secret| config::resolve_secret(secret, environment);
    Ok(match auth {
        AuthConfig::Bearer(token) => http_poll::Auth::Bearer(resolve(token)?),
        AuthConfig::Basic { user, password } => http_poll::Auth::Basic {
            user: user.clone(),
            password: resolve(password)?,
        },
        AuthConfig::Header { name, value } => http_poll::Auth::Header {
            name: name.clone(),
            value: resolve(value)?,
        },
    })
}
