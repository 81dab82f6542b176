//! `pipelines:`, each a source, an adapter and its enrichments.

use std::collections::BTreeMap;

use cresset_model::SourceId;
use cresset_model::config::{
    Diagnostics, Entry, Fault, FromScalar, Misfit, Place, Section, Value, quote,
};

use super::enrich::{self, EnrichConfig};
use super::http_poll::{self, HttpPollConfig};

/// Pipelines of one configuration.
const PIPELINES_MAX: usize = 64;
/// Characters of a pipeline's name or id.
const NAME_CHARS_MAX: usize = 64;

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
    /// Which events are alerts.
    pub(crate) alerts: Alerts,
}

/// `source:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceConfig {
    /// An HTTP API asked at an interval.
    HttpPoll(Box<HttpPollConfig>),
}

/// `adapter:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// The two formats of the original service, chosen by the value of `source`.
    SeedA,
}

/// `alerts:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Alerts {
    /// Every event is an alert.
    #[default]
    All,
}

/// Reads `pipelines:` of the whole file.
pub(super) fn read(root: &mut Section<'_>, diagnostics: &Diagnostics) -> Vec<PipelineConfig> {
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
    let mut ids = BTreeMap::new();
    entries
        .iter()
        .filter_map(|entry| read_pipeline(entry, &mut ids, diagnostics))
        .collect()
}

fn read_pipeline(
    entry: &Entry,
    ids: &mut BTreeMap<String, Place>,
    diagnostics: &Diagnostics,
) -> Option<PipelineConfig> {
    if !is_name(&entry.key) {
        let message = format!("{} is not a pipeline name", quote(&entry.key));
        diagnostics.report(Fault::at(entry.place, message).hint(Id::HINT));
    }
    let mut section = Section::open(&entry.key, entry.place, &entry.value, diagnostics)?;
    let id = section.optional::<Id>("id");
    let id = id.map_or_else(|| entry.key.clone(), |Id(id)| id);
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
    let source = read_source(&mut section);
    let adapter = section.word("adapter", &[("seed_a", Adapter::SeedA)]);
    if !section.has("adapter") {
        section.missing("adapter", "the format of the records: seed_a");
    }
    let enrich = enrich::read(&mut section);
    let alerts = section.word("alerts", &[("all", Alerts::All)]);
    section.finish();
    Some(PipelineConfig {
        name: entry.key.clone(),
        id: SourceId::new(&id),
        source: source?,
        adapter: adapter?,
        enrich,
        alerts: alerts.unwrap_or_default(),
    })
}

fn read_source(section: &mut Section<'_>) -> Option<SourceConfig> {
    if !section.has("source") {
        section.missing("source", "where records come from: http_poll: { url: ... }");
    }
    let choice = section.one_of("source", &["http_poll"])?;
    let poll = http_poll::read(section.chosen(&choice)?)?;
    Some(SourceConfig::HttpPoll(Box::new(poll)))
}

/// The identity of a pipeline.
struct Id(String);

impl FromScalar for Id {
    const KIND: &'static str = "an id";
    const HINT: &'static str = "use 1 to 64 lower-case letters, digits, dashes and underscores";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Misfit::kind())
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}
