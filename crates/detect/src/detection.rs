//! The detections of one pipeline.

use std::fmt::Write;
use std::sync::Arc;

use cresset_model::Severity;
use cresset_model::indicator::{Found, IndicatorList};
use cresset_model::outcome::{ListEntry, Match};
use cresset_model::text::{Place, Span, Text};

use crate::event::{Event, Observable};
use crate::threat::Threat;

#[cfg(test)]
mod tests;

/// The title of an event on which nothing but an indicator list matched.
const INDICATOR_TITLE: &str = "Indicator detected";

/// One detection, as configured. Lists are named by their place in
/// [`cresset_model::tables::Tables::indicators`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detector {
    /// The threat test: the severity, the acting address, or both. Exactly one of three sentences says
    /// which.
    Threat {
        /// Fires on exactly these severities. Without any only the list counts.
        severity: Vec<Severity>,
        /// Fires when the acting address is in this list.
        list: Option<usize>,
    },
    /// Every address of the event against lists.
    Indicators {
        /// The lists, each of which is asked.
        lists: Vec<usize>,
    },
}

/// The detections of one pipeline, in the order of the configuration.
#[derive(Debug, Clone)]
pub struct Detection {
    detectors: Vec<Detector>,
    severity_rule: Arc<str>,
    list_rule: Arc<str>,
    indicators_rule: Arc<str>,
}

/// Where the detections of a batch are written.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The detections that fired.
    pub matches: &'a mut Vec<Match>,
    /// The arena of the batch: entries of lists are written into it.
    pub arena: &'a mut String,
}

/// What the detections say of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What fired, for people; `None` when nothing did.
    pub title: Option<&'static str>,
    /// The sentence of the threat test, if it fired.
    pub threat: Option<&'static str>,
}

impl Detection {
    /// Prepares the detections.
    pub fn new(detectors: Vec<Detector>) -> Self {
        Self {
            detectors,
            severity_rule: Arc::from("threat.severity"),
            list_rule: Arc::from("threat.list"),
            indicators_rule: Arc::from("indicators"),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.detectors.is_empty()
    }

    /// Whether one of them is the threat test.
    pub fn has_threat(&self) -> bool {
        let is_threat = |detector: &Detector| matches!(detector, Detector::Threat { .. });
        self.detectors.iter().any(is_threat)
    }

    /// Asks every detection. The threat test's sentence goes before the title of the indicators; a list
    /// that is not loaded matches nothing.
    pub fn run(
        &self,
        event: &Event,
        lists: &[Arc<IndicatorList>],
        findings: &mut Findings<'_>,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let mut indicated = false;
        for detector in &self.detectors {
            match detector {
                Detector::Threat { severity, list } => {
                    let severe = self.severe(event, severity, findings);
                    let list = list.and_then(|list| lists.get(list));
                    let listed = list.is_some_and(|list| {
                        listed(list, &self.list_rule, ("src_ip", &event.src_ip), findings)
                    });
                    let threat = Threat::of(severe, listed).map(Threat::sentence);
                    verdict.threat = verdict.threat.or(threat);
                }
                Detector::Indicators { lists: places } => {
                    for list in places.iter().filter_map(|place| lists.get(*place)) {
                        let rule = &self.indicators_rule;
                        indicated |= listed(list, rule, ("src_ip", &event.src_ip), findings);
                        if let Some(dst_ip) = &event.dst_ip {
                            indicated |= listed(list, rule, ("dst_ip", dst_ip), findings);
                        }
                    }
                }
            }
        }
        verdict.title = verdict.threat.or(indicated.then_some(INDICATOR_TITLE));
        verdict
    }

    fn severe(&self, event: &Event, severities: &[Severity], findings: &mut Findings<'_>) -> bool {
        let severe = severities.contains(&event.severity);
        if severe {
            findings.matches.push(Match {
                rule: Arc::clone(&self.severity_rule),
                field: "severity",
                value: event.severity_text,
                entry: None,
            });
        }
        severe
    }
}

/// Asks a list about an address.
fn listed(
    list: &IndicatorList,
    rule: &Arc<str>,
    (field, observable): (&'static str, &Observable),
    findings: &mut Findings<'_>,
) -> bool {
    let Some(entry) = list.address(observable.address) else {
        return false;
    };
    let entry = store(findings.arena, &entry);
    findings.matches.push(Match {
        rule: Arc::clone(rule),
        field,
        value: observable.text,
        entry: Some(ListEntry {
            list: Arc::clone(&list.name),
            entry,
            origin: Arc::clone(&list.origin),
        }),
    });
    true
}

fn store(arena: &mut String, entry: &Found<'_>) -> Text {
    let start = arena.len();
    write!(arena, "{entry}").expect("writing to a string cannot fail");
    Text {
        place: Place::Arena,
        span: Span::between(start, arena.len()),
    }
}
