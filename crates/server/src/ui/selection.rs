//! What the reader has chosen: the parameters of the address, which mean the same on every page, in the
//! API and on the command line.

use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::query::{FacetField, Field, Filter, Pattern, Test, Window};
use cresset_model::time::parse_duration;

use super::visit::Visit;
use crate::api::alerts::filter_of;
use crate::form;

mod choose;

/// The window where the address names none.
const WINDOW_DEFAULT: &str = "-24h";
/// Hours of the longest window that the slider offers.
pub(crate) const HOURS_MAX: u64 = 24;

/// The chosen alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Fields and `q` as in the address, without the window.
    pairs: Vec<(String, String)>,
    /// The beginning of the window, as written: `-6h` or an instant.
    pub(crate) from: String,
    /// Its end, as written; empty for now.
    pub(crate) to: String,
    /// What they mean.
    pub(crate) filter: Filter,
    /// What could not be understood, for the reader.
    pub(crate) flaws: Vec<String>,
}

impl Selection {
    /// Reads the address. Empty parameters, as a form sends them, choose nothing; `hours=7` is another
    /// way to say `from=-7h`.
    pub(crate) fn read(visit: &Visit, now: Timestamp) -> Self {
        let mut from = visit.text("from").to_owned();
        let hours = visit.text("hours").parse::<u64>().ok();
        if let Some(hours) = hours.filter(|hours| (1..=HOURS_MAX).contains(hours)) {
            from = format!("-{hours}h");
        }
        if from.is_empty() {
            WINDOW_DEFAULT.clone_into(&mut from);
        }
        let to = visit.text("to").to_owned();
        let pairs: Vec<(String, String)> = visit
            .pairs
            .iter()
            .filter(|(name, value)| {
                let field = name == "q" || Filter::is_parameter(name);
                field && name != "from" && name != "to" && !value.trim().is_empty()
            })
            .map(|(name, value)| (name.clone(), value.trim().to_owned()))
            .collect();
        let mut selection = Self {
            pairs,
            from,
            to,
            filter: Filter::default(),
            flaws: Vec::new(),
        };
        match filter_of(&selection.all(), now) {
            Ok(filter) => selection.filter = filter,
            Err(flaws) => selection.flaws = flaws,
        }
        selection
    }

    /// The window; the default one where it cannot be understood.
    pub(crate) fn window(&self, now: Timestamp) -> Window {
        let instant = |text: &str| match text.strip_prefix('-') {
            Some(before) => parse_duration(before).map(|before| now.minus(before)),
            None => Timestamp::parse(text),
        };
        let to = instant(&self.to).unwrap_or(now);
        let from = instant(&self.from).unwrap_or(now.minus(Duration::from_hours(24)));
        Window {
            from: from.min(to),
            to,
        }
    }

    /// Hours of a window that ends now.
    pub(crate) fn hours(&self) -> Option<u64> {
        let span = parse_duration(self.from.strip_prefix('-')?)?;
        let hours = span.as_secs() / 3_600;
        (self.to.is_empty() && span.as_secs().is_multiple_of(3_600)).then_some(hours)
    }

    /// The value of a parameter, as written; empty if it is not there.
    pub(crate) fn value(&self, name: &str) -> &str {
        form::last(&self.pairs, name).unwrap_or_default()
    }

    /// Whether more than the window is chosen.
    pub(crate) fn is_narrowed(&self) -> bool {
        !self.pairs.is_empty()
    }

    /// The parameters besides the window.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The same with another value of a parameter; an empty one removes it. `from` and `to` are
    /// parameters too.
    #[must_use]
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        match name {
            "from" => value.clone_into(&mut changed.from),
            "to" => value.clone_into(&mut changed.to),
            _ => {
                changed.pairs.retain(|(known, _)| known != name);
                if !value.is_empty() {
                    changed.pairs.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        changed
    }

    /// The same with one value of a field, whatever characters it has; `None` means alerts without one.
    #[must_use]
    pub(crate) fn choosing(&self, field: FacetField, value: Option<&str>) -> Self {
        let name = field.as_str();
        match (value, field.field()) {
            (Some(value), Field::Text(text)) => {
                let term =
                    Filter::default().and(Test::Text(text, vec![Pattern::Exact(value.to_owned())]));
                let written = term.to_string();
                let exact = written.split_once(':').map_or("", |(_, exact)| exact);
                // A leading minus would negate.
                match exact.strip_prefix('-') {
                    Some(_) => self.with(name, &format!("\"{exact}\"")),
                    None => self.with(name, exact),
                }
            }
            (Some(value), _) => self.with(name, value),
            (None, _) => {
                let words = format!("{} -{name}:", self.value("q"));
                self.with(name, "").with("q", words.trim())
            }
        }
    }

    /// Whether the address can be written shorter: with empty parameters, or with hours.
    pub(crate) fn is_wordy(visit: &Visit) -> bool {
        visit
            .pairs
            .iter()
            .any(|(name, value)| value.trim().is_empty() || name == "hours")
    }

    /// The same without anything but the window.
    #[must_use]
    pub(crate) fn cleared(&self) -> Self {
        Self {
            pairs: Vec::new(),
            ..self.clone()
        }
    }

    /// The part of an address behind `?`.
    pub(crate) fn query(&self) -> String {
        let pairs = self.all();
        let written: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        written.join("&")
    }

    fn all(&self) -> Vec<(String, String)> {
        let mut all = self.pairs.clone();
        all.push(("from".to_owned(), self.from.clone()));
        if !self.to.is_empty() {
            all.push(("to".to_owned(), self.to.clone()));
        }
        all
    }
}

/// Keeps what an address may hold and people can read.
fn encode(value: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b',')
        .remove(b':')
        .remove(b'*');
    percent_encoding::utf8_percent_encode(value, KEPT).to_string()
}

#[cfg(test)]
mod tests;
