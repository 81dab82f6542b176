//! `pipelines:`, each a source, an adapter, its enrichments, its detections and its sinks.

use std::collections::BTreeMap;

use cresset_model::SourceId;
use cresset_model::config::{
    Diagnostics, Entry, Fault, FromScalar, Misfit, Place, Section, Value, quote,
};

use super::adapter::{self, Adapter, Alerts};
use super::detect::{self, DetectConfig};
use super::enrich::{self, EnrichConfig};
use super::names::{NAME_HINT, Name, Names, is_name};
use super::sinks::{self, Folders, SinkConfig};
use super::source::{self, SourceConfig};

/// Pipelines of one configuration.
const PIPELINES_MAX: usize = 64;

/// One entry of `pipelines:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PipelineConfig {
    /// The key under `pipelines:`.
    pub(crate) name: String,
    /// The identity that its alerts are derived from; by default the name.
    pub(crate) id: SourceId,
    /// Where records come from.
    pub(crate) source: SourceConfig,
    /// Which format the records have.
    pub(crate) adapter: Adapter,
    /// What is added to each event, in this order; each kind at most once.
    pub(crate) enrich: Vec<EnrichConfig>,
    /// What makes an event an alert, in this order; each kind at most once.
    pub(crate) detect: Vec<DetectConfig>,
    /// Which events are alerts.
    pub(crate) alerts: Alerts,
    /// Where its events go besides the store.
    pub(crate) sinks: Vec<SinkConfig>,
}

/// What the pipelines of one file share while they are read.
struct Shared<'a> {
    /// The ids so far.
    ids: BTreeMap<String, Place>,
    /// Where the standard input is read.
    stdin: Option<Place>,
    /// The folders that sinks write to.
    folders: Folders,
    lists: &'a Names,
    diagnostics: &'a Diagnostics,
}

/// Reads `pipelines:` of the whole file.
pub(super) fn read(
    root: &mut Section<'_>,
    lists: &Names,
    diagnostics: &Diagnostics,
) -> Vec<PipelineConfig> {
    let Some(entry) = root.entry("pipelines") else {
        root.missing(
            "pipelines",
            "at least one, under a name such as upstream-alerts",
        );
        return Vec::new();
    };
    let Value::Mapping(entries) = &entry.value.value else {
        // Opening it reports what stands there instead.
        let opened = Section::open("pipelines", entry.place, &entry.value, diagnostics);
        debug_assert!(opened.is_none(), "only a mapping opens");
        return Vec::new();
    };
    if entries.is_empty() {
        let fault = Fault::at(entry.place, "\"pipelines\" names no pipeline");
        root.report(fault.hint("write at least one, under a name such as upstream-alerts"));
    }
    if entries.len() > PIPELINES_MAX {
        let message = format!("\"pipelines\" names {} pipelines", entries.len());
        let hint = format!("at most {PIPELINES_MAX} are taken");
        root.report(Fault::at(entry.place, message).hint(hint));
        return Vec::new();
    }
    let mut shared = Shared {
        ids: BTreeMap::new(),
        stdin: None,
        folders: Folders::new(),
        lists,
        diagnostics,
    };
    entries
        .iter()
        .filter_map(|entry| read_pipeline(entry, &mut shared))
        .collect()
}

fn read_pipeline(entry: &Entry, shared: &mut Shared<'_>) -> Option<PipelineConfig> {
    if !is_name(&entry.key) {
        let message = format!("{} is not a pipeline name", quote(&entry.key));
        let fault = Fault::at(entry.place, message);
        shared.diagnostics.report(fault.hint(NAME_HINT));
    }
    let mut section = Section::open(&entry.key, entry.place, &entry.value, shared.diagnostics)?;
    let id = read_id(&mut section, &entry.key, &mut shared.ids);
    // The source is asked for before the adapter that it depends on, so that messages name the keys in the
    // order of a file.
    if section.entry("source").is_none() {
        section.missing("source", source::ABOUT);
    }
    let adapter = adapter::read(&mut section);
    let source = source::read(&mut section, adapter, &mut shared.stdin);
    let enrich = enrich::read(&mut section, adapter);
    let detect = detect::read(&mut section, shared.lists);
    let alerts = adapter::read_alerts(&mut section);
    let sinks = sinks::read(&mut section, &mut shared.folders);
    section.finish();
    let adapter = adapter?;
    Some(PipelineConfig {
        name: entry.key.clone(),
        id: SourceId::new(&id),
        source: source?,
        adapter,
        enrich,
        detect,
        alerts: alerts.unwrap_or_else(|| adapter.alerts()),
        sinks,
    })
}

fn read_id(section: &mut Section<'_>, name: &str, ids: &mut BTreeMap<String, Place>) -> String {
    let id = section.optional::<Id>("id");
    let id = id.map_or_else(|| name.to_owned(), |Id(id)| id);
    let place = section.place_of("id");
    if let Some(first) = ids.get(&id) {
        let message = format!("id {} is given to two pipelines", quote(&id));
        let hint = format!(
            "first at line {}; the id of an alert is derived from it",
            first.line
        );
        section.report(Fault::at(place, message).hint(hint));
    } else {
        ids.insert(id.clone(), place);
    }
    id
}

/// The identity of a pipeline.
struct Id(String);

impl FromScalar for Id {
    const KIND: &'static str = "an id";
    const HINT: &'static str = NAME_HINT;

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Name::from_scalar(text).map(|Name(id)| Self(id))
    }
}
