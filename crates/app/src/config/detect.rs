//! `detect:`, what makes an event an alert.

use cresset_model::Severity;
use cresset_model::config::{Fault, Section, Value, quote};

use super::names::{Name, Names};

/// One entry of `detect:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DetectConfig {
    /// The severity and the acting address.
    Threat(ThreatConfig),
    /// Every address of the event against lists.
    Indicators(IndicatorsConfig),
}

/// `threat:`; at least one of its parts is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThreatConfig {
    /// The severities that are a threat, exactly these; none twice.
    pub(crate) severity: Vec<Severity>,
    /// The name of the list of addresses that are a threat.
    pub(crate) list: Option<String>,
}

/// `indicators:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndicatorsConfig {
    /// The names of the lists, at least one, none twice.
    pub(crate) lists: Vec<String>,
}

impl DetectConfig {
    /// The names of the lists that it asks, in their order.
    pub(crate) fn lists(&self) -> &[String] {
        match self {
            Self::Threat(threat) => threat.list.as_slice(),
            Self::Indicators(indicators) => &indicators.lists,
        }
    }
}

const SEVERITIES: [(&str, Severity); 5] = [
    ("info", Severity::Info),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];

/// Reads `detect:` of a pipeline.
pub(super) fn read(section: &mut Section<'_>, lists: &Names) -> Vec<DetectConfig> {
    let mut detect = Vec::new();
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for node in section.sequence("detect") {
        let known = ["threat", "indicators"];
        let Some(choice) = section.choose("detection", node.place, node, &known) else {
            continue;
        };
        if let Some((_, line)) = seen.iter().find(|(name, _)| *name == choice.name) {
            let message = format!("detection {} is given twice", quote(choice.name));
            let hint = format!("first at line {line}");
            section.report(Fault::at(choice.place, message).hint(hint));
            continue;
        }
        seen.push((choice.name, choice.place.line));
        let Some(chosen) = section.chosen(&choice) else {
            continue;
        };
        detect.push(if choice.name == "threat" {
            DetectConfig::Threat(read_threat(chosen, lists))
        } else {
            DetectConfig::Indicators(read_indicators(chosen, lists))
        });
    }
    detect
}

fn read_threat(mut section: Section<'_>, lists: &Names) -> ThreatConfig {
    let severity = read_severity(&mut section);
    let list = section.optional::<Name>("list").map(|Name(list)| list);
    if let Some(list) = &list {
        lists.check(&section, list, section.place_of("list"));
    }
    if !section.has("severity") && !section.has("list") {
        let message = "\"threat\" names neither \"severity\" nor \"list\"";
        let hint = "write severity: high, list: NAME or both";
        section.report(Fault::at(section.place(), message).hint(hint));
    }
    section.finish();
    ThreatConfig { severity, list }
}

/// One word, or a list of them.
fn read_severity(section: &mut Section<'_>) -> Vec<Severity> {
    let Some(entry) = section.entry("severity") else {
        return Vec::new();
    };
    let Value::Sequence(nodes) = &entry.value.value else {
        return section.word("severity", &SEVERITIES).into_iter().collect();
    };
    if nodes.is_empty() {
        let fault = Fault::at(section.place_of("severity"), "\"severity\" names none");
        section.report(
            fault.hint("write the severities that are a threat, such as [ high, critical ]"),
        );
    }
    let mut severities = Vec::new();
    for node in nodes {
        let Some(severity) = section.word_item("severity", node, &SEVERITIES) else {
            continue;
        };
        if severities.contains(&severity) {
            let message = format!("severity {} is named twice", quote(severity.as_str()));
            section.report(Fault::at(node.place, message).hint("remove one of them"));
            continue;
        }
        severities.push(severity);
    }
    severities
}

fn read_indicators(mut section: Section<'_>, lists: &Names) -> IndicatorsConfig {
    let nodes = section.sequence("lists");
    if !section.has("lists") {
        section.missing("lists", "the names of lists, such as [ bad-domains ]");
    } else if section.is_empty_list("lists") {
        let fault = Fault::at(section.place_of("lists"), "\"lists\" names none");
        section.report(fault.hint("write the names of lists, such as [ bad-domains ]"));
    }
    let mut names: Vec<String> = Vec::new();
    for node in nodes {
        let Some(Name(name)) = section.item("lists", node) else {
            continue;
        };
        lists.check(&section, &name, node.place);
        if names.contains(&name) {
            let message = format!("list {} is named twice", quote(&name));
            section.report(Fault::at(node.place, message).hint("remove one of them"));
            continue;
        }
        names.push(name);
    }
    section.finish();
    IndicatorsConfig { lists: names }
}

#[cfg(test)]
mod tests;
