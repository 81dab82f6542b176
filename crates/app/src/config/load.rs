//! From a file to a configuration: bytes, tree, variables, values.

use std::io::Read;
use std::path::Path;

use cresset_model::config::{Diagnostics, Fault, Node, Section, quote};
use cresset_model::health::WatchLimits;
use cresset_model::limits::RecordLimits;

use super::environment::Environment;
use super::faults::ConfigFaults;
use super::log::LogConfig;
use super::outbox::OutboxConfig;
use super::retention::RetentionConfig;
use super::root::Config;
use super::server::ServerConfig;
use super::{
    limits, lists, log, outbox, pipeline, receivers, retention, route, server, store, watchdogs,
};
use super::{substitute, yaml};

/// Bytes of a configuration file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The version that this build reads.
const VERSION: &str = "1";

/// Reads a configuration; every fault of it is named at once.
pub(crate) fn load(path: &Path, environment: &Environment) -> Result<Config, ConfigFaults> {
    let file = path.display().to_string();
    let bytes = read_bounded(path).map_err(|error| {
        let hint = "give the path of a configuration, such as config/minimal.yaml";
        ConfigFaults::whole(&file, format!("cannot be read: {error}"), hint)
    })?;
    parse(&file, &bytes, environment)
}

/// Reads a configuration from its bytes; `file` is its name in the faults.
pub(super) fn parse(
    file: &str,
    bytes: &[u8],
    environment: &Environment,
) -> Result<Config, ConfigFaults> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let hint = "a configuration is smaller; is it the right file?";
        return Err(ConfigFaults::whole(
            file,
            "is larger than 1 MiB".to_owned(),
            hint,
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let hint = "save the file as UTF-8";
        ConfigFaults::whole(file, format!("line {line} is not UTF-8"), hint)
    })?;
    let diagnostics = Diagnostics::new();
    let config = yaml::parse(text, &diagnostics).and_then(|mut tree| {
        substitute::substitute(&mut tree, environment, &diagnostics);
        read(&tree, &diagnostics)
    });
    match config {
        Some(config) if diagnostics.is_empty() => Ok(config),
        _ => Err(ConfigFaults::new(file, text, diagnostics.into_faults())),
    }
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read(tree: &Node, diagnostics: &Diagnostics) -> Option<Config> {
    let mut root = Section::open("the file", tree.place, tree, diagnostics)?;
    if let Some(version) = root.required::<String>("version", "the version of this form: 1")
        && version != VERSION
    {
        // Under another version every further fault would be a guess.
        let message = format!("unknown version {}", quote(&version));
        let fault = Fault::at(root.place_of("version"), message);
        root.report(fault.hint("this build reads version 1"));
        return None;
    }
    let store = store::read(&mut root);
    let server = root
        .section("server")
        .map_or_else(ServerConfig::default, server::read);
    let retention = root
        .section("retention")
        .map_or_else(RetentionConfig::default, retention::read);
    let mut limits = root
        .section("limits")
        .map_or_else(RecordLimits::default, limits::read);
    // What is not kept need not be handed to the store either.
    limits.dead_letter_raw_bytes_max = store.dead_letter_raw_bytes_max();
    let watchdogs = root
        .section("watchdogs")
        .map_or_else(WatchLimits::default, watchdogs::read);
    let outbox = root
        .section("outbox")
        .map_or_else(OutboxConfig::default, outbox::read);
    let log = root
        .section("log")
        .map_or_else(LogConfig::default, log::read);
    let (lists, list_names) = lists::read(&mut root, diagnostics);
    let pipelines = pipeline::read(&mut root, &list_names, diagnostics);
    // The route is asked for before the receivers, whose names it refers to, so that messages list the
    // keys in the order of a file.
    root.entry("route");
    let (receivers, receiver_names) = receivers::read(&mut root);
    let route = route::read(&mut root, &receiver_names, diagnostics);
    root.finish();
    Some(Config {
        store,
        server,
        retention,
        limits,
        watchdogs,
        outbox,
        log,
        lists,
        pipelines,
        route,
        receivers,
    })
}

#[cfg(test)]
mod tests;
