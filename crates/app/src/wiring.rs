//! The one place where ports meet adapters: from configuration to running parts.

use std::sync::Arc;

use anyhow::Context as _;
use cresset_connectors::lookups;
use cresset_connectors::sources::http_poll::{self, HttpPoll};
use cresset_connectors::stores::sqlite::{SqliteConfig, SqliteStore};
use cresset_model::ports::{Clock, Upstream as _};
use cresset_model::tables::{Tables, UserTable};
use cresset_pipeline::normalize::Adapter;
use cresset_pipeline::process::{Pipeline, PipelineSpec};
use cresset_runtime::poll::{Poll, PollConfig, PollPorts, PollRule};
use cresset_runtime::{LiveTables, SourceCell};

use crate::config::{
    self, AuthConfig, Config, EnrichConfig, Environment, GeoDatabase, HttpPollConfig,
    PipelineConfig, SourceConfig, UserDirectory,
};
use crate::exit::{Exit, Failure};
use crate::refresh::{Refresh, Watched};

/// Opens the store.
pub(crate) fn store(config: &config::SqliteConfig) -> anyhow::Result<SqliteStore> {
    let mut sqlite = SqliteConfig::new(&config.path);
    sqlite.index_bytes_max = usize::try_from(config.live_index_budget_bytes).unwrap_or(usize::MAX);
    sqlite.dead_letter_bytes_max = config.dead_letter_budget_bytes;
    SqliteStore::open(sqlite)
        .map_err(|error| Failure::new(Exit::Conflict, error.to_string()).into())
}

/// A polled source, ready to run.
pub(crate) struct WiredPoll {
    /// The loop.
    pub(crate) poll: Poll,
    /// Its ports, which the control uses too.
    pub(crate) ports: PollPorts,
    /// Its state.
    pub(crate) cell: Arc<SourceCell>,
    /// The interval of the file.
    pub(crate) interval_minutes: u32,
    /// Reloads its tables when their files change.
    pub(crate) refresh: Option<Refresh>,
}

/// Builds a polled source.
pub(crate) fn poll(
    pipeline: &PipelineConfig,
    config: &Config,
    environment: &Environment,
    (store, clock): (&Arc<SqliteStore>, &Arc<dyn Clock>),
) -> anyhow::Result<WiredPoll> {
    let SourceConfig::HttpPoll(source) = &pipeline.source;
    let upstream = upstream(source, environment, clock)
        .with_context(|| format!("set up the source of pipeline `{}`", pipeline.name))?;
    let (tables, refresh) = tables(&pipeline.enrich)?;
    let spec = PipelineSpec {
        adapter: match pipeline.adapter {
            config::Adapter::SeedA => Adapter::SeedA,
        },
        geo_of: pipeline.enrich.iter().find_map(EnrichConfig::geo_of),
        user_of: pipeline.enrich.iter().find_map(EnrichConfig::user_of),
        limits: config.limits,
    };
    let cell = Arc::new(SourceCell::new(
        pipeline.id.clone(),
        "http_poll",
        upstream.address(),
    ));
    let tables = Arc::new(LiveTables::new(tables));
    let ports = PollPorts {
        upstream: Arc::new(upstream),
        store: Arc::clone(store) as _,
        clock: Arc::clone(clock),
        pipeline: Arc::new(Pipeline::new(spec)),
        tables: Arc::clone(&tables),
    };
    let poll = PollConfig {
        rule: PollRule {
            overlap: source.overlap,
            overlap_short: source.overlap_short,
            lookback: source.lookback,
            pages_max: source.pages_max,
            ..PollRule::default()
        },
        limits: config.limits,
        records: (!source.records.is_empty()).then(|| source.records.join(".")),
        retention: config.retention.alerts,
        jitter_seed: clock.now().nanos().unsigned_abs(),
    };
    Ok(WiredPoll {
        poll: Poll::new(poll, ports.clone(), Arc::clone(&cell)),
        ports,
        cell,
        interval_minutes: source.interval_minutes,
        refresh: (!refresh.is_empty()).then(|| Refresh::new(refresh, tables)),
    })
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

/// Loads the tables that the enrichments ask, and names the files to watch.
pub(crate) fn tables(enrich: &[EnrichConfig]) -> anyhow::Result<(Tables, Vec<Watched>)> {
    let mut tables = Tables::default();
    let mut watched = Vec::new();
    for enrichment in enrich {
        match enrichment {
            EnrichConfig::Geo(config) => match &config.database {
                GeoDatabase::Builtin => {
                    tables.geo = Some(Arc::new(lookups::builtin(config.of.as_str())));
                }
                GeoDatabase::Mmdb(path) => watched.push(Watched::geo(path, config.of.as_str())),
            },
            EnrichConfig::User(config) => match &config.table {
                UserDirectory::Demo => tables.users = Some(Arc::new(UserTable::demo())),
                UserDirectory::Csv(path) => watched.push(Watched::users(path, config.of.as_str())),
            },
        }
    }
    for file in &mut watched {
        // A table that cannot be read at the start is a fault of the configuration.
        file.reload(|change| change(&mut tables))
            .map_err(|error| Failure::new(Exit::Invalid, format!("{error:#}")))?;
    }
    Ok((tables, watched))
}
