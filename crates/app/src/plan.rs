//! From the configuration of a pipeline to its pure part and its tables.

use std::sync::Arc;

use anyhow::Context as _;
use cresset_connectors::lookups;
use cresset_model::indicator::{Indicator, IndicatorList};
use cresset_model::provenance::TableInfo;
use cresset_model::tables::{Tables, UserTable};
use cresset_pipeline::process::{Adapter, AlertRule, Detector, PipelineSpec};

use crate::config::{
    self, Alerts, Config, DetectConfig, EnrichConfig, GeoDatabase, ListConfig, ListContent,
    PipelineConfig, UserDirectory,
};
use crate::exit::{Exit, Failure};
use crate::refresh::Watched;

/// What a pipeline does, what it asks, and which files are watched for it.
pub(crate) struct Plan {
    /// What it does.
    pub(crate) spec: PipelineSpec,
    /// What it asks.
    pub(crate) tables: Tables,
    /// The files behind the tables.
    pub(crate) watched: Vec<Watched>,
}

impl Plan {
    /// Plans a pipeline and reads every table it names. `write`: whether its events go out.
    pub(crate) fn new(
        pipeline: &PipelineConfig,
        config: &Config,
        write: bool,
    ) -> anyhow::Result<Self> {
        let lists = lists_of(pipeline, config);
        let mut plan = Self {
            spec: spec(pipeline, config, write),
            tables: Tables::default(),
            watched: Vec::new(),
        };
        for enrichment in &pipeline.enrich {
            plan.enrich(enrichment);
        }
        for (place, list) in lists.iter().enumerate() {
            plan.list(place, list)
                .with_context(|| format!("read the list `{}`", list.name))?;
        }
        for file in &mut plan.watched {
            // A table that cannot be read at the start is a fault of the configuration.
            file.reload(|change| change(&mut plan.tables))
                .map_err(|error| Failure::new(Exit::Invalid, format!("{error:#}")))?;
        }
        Ok(plan)
    }

    fn enrich(&mut self, enrichment: &EnrichConfig) {
        match enrichment {
            EnrichConfig::Geo(geo) => {
                let of = geo.of.as_str();
                match (&geo.database, &geo.fields) {
                    (GeoDatabase::Builtin, None) => {
                        self.tables.geo = Some(Arc::new(lookups::builtin(of)));
                    }
                    (GeoDatabase::Builtin, Some(fields)) => {
                        self.tables.city = Some(Arc::new(lookups::builtin_city(of, fields)));
                    }
                    (GeoDatabase::Mmdb(path), None) => self.watched.push(Watched::geo(path, of)),
                    (GeoDatabase::Mmdb(path), Some(fields)) => {
                        self.watched.push(Watched::city(path, of, fields.clone()));
                    }
                }
            }
            EnrichConfig::GeoHttp(_) => {}
            EnrichConfig::User(user) => match &user.table {
                UserDirectory::Demo => self.tables.users = Some(Arc::new(UserTable::demo())),
                UserDirectory::Csv(path) => {
                    self.watched.push(Watched::users(path, user.of.as_str()));
                }
            },
        }
    }

    fn list(&mut self, place: usize, list: &ListConfig) -> anyhow::Result<()> {
        self.tables.indicators.push(Arc::default());
        match &list.content {
            ListContent::File { path, column } => {
                self.watched
                    .push(Watched::list(path, &list.name, column.clone(), place));
            }
            ListContent::Addresses(networks) => {
                let info = TableInfo {
                    name: "configuration".to_owned(),
                    description: format!("{} addresses and networks", networks.len()),
                    ..TableInfo::default()
                };
                let mut builder = IndicatorList::builder(&list.name, info);
                for network in networks {
                    builder.add(Indicator::Network(*network))?;
                }
                if let Some(slot) = self.tables.indicators.get_mut(place) {
                    *slot = Arc::new(builder.build());
                }
            }
        }
        Ok(())
    }
}

/// The lists that a pipeline asks, in the order of the configuration.
pub(crate) fn lists_of<'a>(pipeline: &PipelineConfig, config: &'a Config) -> Vec<&'a ListConfig> {
    let asked = |list: &&ListConfig| {
        pipeline
            .detect
            .iter()
            .any(|detect| detect.lists().contains(&list.name))
    };
    config.lists.iter().filter(asked).collect()
}

/// What a pipeline does; `write`: whether its events go out.
pub(crate) fn spec(pipeline: &PipelineConfig, config: &Config, write: bool) -> PipelineSpec {
    let lists = lists_of(pipeline, config);
    let place = |name: &String| lists.iter().position(|list| list.name == *name);
    let geographies = || {
        pipeline
            .enrich
            .iter()
            .filter(|enrich| enrich.geo_of().is_some())
    };
    let with_fields = |enrich: &&EnrichConfig| enrich.city_fields().is_some();
    PipelineSpec {
        adapter: match pipeline.adapter {
            config::Adapter::SeedA => Adapter::SeedA,
            config::Adapter::Nullify => Adapter::Nullify,
        },
        geo_of: geographies()
            .find(|enrich| !with_fields(enrich))
            .and_then(EnrichConfig::geo_of),
        user_of: pipeline.enrich.iter().find_map(EnrichConfig::user_of),
        city_of: geographies()
            .find(with_fields)
            .and_then(EnrichConfig::geo_of),
        remote_geo: pipeline
            .enrich
            .iter()
            .any(|it| matches!(it, EnrichConfig::GeoHttp(_))),
        detect: pipeline
            .detect
            .iter()
            .map(|detect| match detect {
                DetectConfig::Threat(threat) => Detector::Threat {
                    severity: threat.severity.clone(),
                    list: threat.list.as_ref().and_then(place),
                },
                DetectConfig::Indicators(indicators) => Detector::Indicators {
                    lists: indicators.lists.iter().filter_map(place).collect(),
                },
            })
            .collect(),
        alerts: match pipeline.alerts {
            Alerts::All => AlertRule::All,
            Alerts::Detected => AlertRule::Detected,
        },
        write,
        limits: config.limits,
    }
}
