//! What the requests about alerts have in common: a filter, and parameters of their own.

use axum::response::{IntoResponse as _, Response};
use cresset_model::query::Filter;

use super::filter;
use crate::api::params::{Params, unknown};
use crate::form;
use crate::problem::{Flaw, Kind, Problem};
use crate::services::App;

/// The parameters of one request.
pub(super) struct Asked {
    params: Params,
    /// What the alerts must pass.
    pub(super) filter: Filter,
}

impl Asked {
    /// Reads a query; `own` are the names beside the filter's.
    pub(super) fn read(app: &App, path: &str, query: Option<&str>, own: &[&'static str]) -> Self {
        let mut params = Params::read(path, query);
        let mut known = filter::fields();
        known.extend(own);
        let flaws: Vec<Flaw> = params
            .pairs
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .map(|(name, _)| Flaw::parameter(name, unknown(name, &known)))
            .collect();
        params.flaws.extend(flaws);
        let of_fields: Vec<(String, String)> = params
            .pairs
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .cloned()
            .collect();
        let filter = filter::read(&of_fields, app.now()).unwrap_or_else(|flaws| {
            params.flaws.extend(flaws);
            Filter::default()
        });
        Self { params, filter }
    }

    /// The value of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        form::last(&self.params.pairs, name).filter(|text| !text.is_empty())
    }

    /// A whole number of a parameter, within bounds.
    pub(super) fn number(
        &mut self,
        name: &str,
        default: usize,
        (least, most): (usize, usize),
    ) -> usize {
        let Some(text) = self.text(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let text = format!("`{name}` must be a whole number from {least} to {most}");
                self.flaw(name, text);
                default
            }
        }
    }

    /// Notes what is wrong with a parameter.
    pub(super) fn flaw(&mut self, name: &str, text: impl Into<String>) {
        self.params.flaws.push(Flaw::parameter(name, text.into()));
    }

    /// The refusal, if anything is wrong.
    pub(super) fn refusal(&mut self) -> Option<Response> {
        if self.params.flaws.is_empty() {
            return None;
        }
        let flaws = std::mem::take(&mut self.params.flaws);
        let problem = Problem::flawed(Kind::InvalidQuery, &self.params.path, flaws);
        Some(problem.into_response())
    }
}
