//! `adapter:` and `alerts:`, how records are read and which of them are alerts.

use cresset_model::config::{Fault, Section};

/// `adapter:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// The two formats of the original service, chosen by the value of `source`.
    SeedA,
    /// Events with `source_ip`, `event_type` and `severity`.
    Nullify,
}

/// `alerts:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alerts {
    /// Every event is an alert.
    All,
    /// Events on which a detection fired.
    Detected,
}

impl Adapter {
    /// Which events are alerts by default: records of an alert API claim to be, events do not.
    pub(crate) fn alerts(self) -> Alerts {
        match self {
            Self::SeedA => Alerts::All,
            Self::Nullify => Alerts::Detected,
        }
    }
}

/// Reads `adapter:` of a pipeline.
pub(super) fn read(section: &mut Section<'_>) -> Option<Adapter> {
    if !section.has("adapter") {
        section.missing("adapter", "the format of the records: seed_a or nullify");
    }
    section.word(
        "adapter",
        &[("seed_a", Adapter::SeedA), ("nullify", Adapter::Nullify)],
    )
}

/// Reads `alerts:` of a pipeline; `None` if it is absent or faulty.
pub(super) fn read_alerts(section: &mut Section<'_>) -> Option<Alerts> {
    let words = [("all", Alerts::All), ("detected", Alerts::Detected)];
    let alerts = section.word("alerts", &words)?;
    if alerts == Alerts::Detected && !section.has("detect") {
        let message = "\"alerts\" is detected and nothing detects: no event would be an alert";
        let fault = Fault::at(section.place_of("alerts"), message);
        section.report(fault.hint("write detect:, or alerts: all"));
    }
    Some(alerts)
}

#[cfg(test)]
mod tests;
