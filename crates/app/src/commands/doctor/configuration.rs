//! Checks a configuration: that it loads, that what it names can be read, and its data directory.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cresset_connectors::stores::sqlite::{Holder, holder};
use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use cresset_model::provenance::TableInfo;

use super::directory;
use super::line::Line;
use super::numbers::span;
use crate::clock::SystemClock;
use crate::config::{self, Config, Environment, StoreConfig};
use crate::notify;
use crate::plan::Plan;

/// Addresses move: a geography that is older misplaces many of them.
const GEO_AGE_MAX: Duration = Duration::from_hours(180 * 24);

/// Checks a configuration.
pub(super) fn check(file: &Path, now: Timestamp) -> Vec<Line> {
    const CHECK: &str = "configuration";
    let environment = match Environment::load() {
        Ok(environment) => environment,
        Err(error) => {
            let what = error.to_string();
            return vec![Line::fail(
                CHECK,
                what,
                "mend `.env` in the working directory",
            )];
        }
    };
    let config = match config::load(file, &environment) {
        Ok(config) => config,
        Err(faults) => {
            let remedy = "`cresset validate` shows each line";
            let fault = |what: String| Line::fail(CHECK, what, remedy);
            return faults.one_a_line().into_iter().map(fault).collect();
        }
    };
    let pipelines = config.pipelines.len();
    let what = format!("{}: valid, {pipelines} pipeline(s)", file.display());
    let mut lines = vec![Line::ok(CHECK, what)];
    lines.extend(tables(&config, now));
    lines.push(receivers(&config, &environment));
    let StoreConfig::Sqlite(sqlite) = &config.store;
    lines.extend(listen(&config, &sqlite.path));
    if sqlite.path.exists() {
        lines.extend(directory::check(&sqlite.path, &config.watchdogs, now));
    } else {
        let what = format!("there is no database `{}` yet", sqlite.path.display());
        lines.push(Line::ok(
            "store",
            format!("{what}; the first start makes it"),
        ));
    }
    lines
}

/// Reads every table as a start would.
fn tables(config: &Config, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    for pipeline in &config.pipelines {
        let name = &pipeline.name;
        match Plan::new(pipeline, config, true) {
            Err(error) => {
                let what = format!("pipeline {name}: {error:#}");
                let remedy = "mend or replace the file, or name another one";
                lines.push(Line::fail("tables", what, remedy));
            }
            Ok(plan) => {
                let tables = &plan.tables;
                let country = tables.geo.as_ref().map(|table| &table.info);
                let places = tables.city.as_ref().map(|table| &table.info);
                for info in country.into_iter().chain(places) {
                    lines.push(geography(name, info, now));
                }
                let lists = tables.indicators.len();
                let what = format!("pipeline {name}: every table can be read, {lists} list(s)");
                lines.push(Line::ok("tables", what));
            }
        }
    }
    lines
}

fn geography(pipeline: &str, info: &TableInfo, now: Timestamp) -> Line {
    const CHECK: &str = "geography";
    let name = &info.name;
    let Some(built) = Timestamp::parse(&info.built) else {
        let what = format!("pipeline {pipeline}: {name} does not say when it was made");
        return Line::ok(CHECK, what);
    };
    let age = now.since(built);
    let what = format!("pipeline {pipeline}: {name} is {} old", span(age));
    if age > GEO_AGE_MAX {
        let remedy = "replace the file; it is read again while the service runs. The built-in one comes with the program";
        return Line::warn(CHECK, what, remedy);
    }
    Line::ok(CHECK, what)
}

/// Builds every receiver, which resolves its secrets; nobody is asked.
fn receivers(config: &Config, environment: &Environment) -> Line {
    const CHECK: &str = "receivers";
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    match notify::receivers(config, environment, &clock) {
        Ok(receivers) => Line::ok(CHECK, format!("{} can be set up", receivers.len())),
        Err(error) => {
            let remedy = "define the secret it names, or mend the receiver";
            Line::fail(CHECK, format!("{error:#}"), remedy)
        }
    }
}

/// Whether the addresses are free, unless a service on this store has them.
fn listen(config: &Config, database: &Path) -> Vec<Line> {
    const CHECK: &str = "addresses";
    let directory = database.parent().unwrap_or(Path::new("."));
    let runs = matches!(holder(directory), Ok(Holder::Process(_)));
    let addresses = std::iter::once(&config.server.listen).chain(&config.server.also_listen);
    let taken: Vec<(&SocketAddr, std::io::Error)> = addresses
        .filter_map(|address| Some((address, TcpListener::bind(address).err()?)))
        .collect();
    if runs {
        return vec![Line::ok(
            CHECK,
            "a service that runs on this store has them",
        )];
    }
    if taken.is_empty() {
        return vec![Line::ok(CHECK, "they are free")];
    }
    let fault = |(address, error): (&SocketAddr, std::io::Error)| {
        let remedy = "stop the program that has it, or set `server.listen`";
        Line::fail(CHECK, format!("{address} cannot be bound: {error}"), remedy)
    };
    taken.into_iter().map(fault).collect()
}
