//! The parameters of a list: which page of it, and names that nobody knows.

use cresset_model::config::nearest;
use cresset_model::ports::{PageRequest, Total};
use serde_json::{Value, json};

use super::cursor;
use crate::form;
use crate::problem::{Flaw, Kind, Problem};

/// Rows of a page without `limit`.
pub(super) const LIMIT_DEFAULT: usize = 50;
/// Rows of a page at most.
pub(super) const LIMIT_MAX: usize = 1_000;

/// Names that every list knows.
const OF_LISTS: [&str; 3] = ["limit", "cursor", "include"];

/// The parameters of one request.
pub(super) struct Params {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) path: String,
    pub(super) flaws: Vec<Flaw>,
}

impl Params {
    /// Reads a query.
    pub(super) fn read(path: &str, query: Option<&str>) -> Self {
        Self {
            pairs: form::pairs(query.unwrap_or_default()),
            path: path.to_owned(),
            flaws: Vec::new(),
        }
    }

    /// Notes each name that is neither in `known` nor common to all lists.
    pub(super) fn only(&mut self, known: &[&str]) {
        let all: Vec<&str> = known.iter().chain(&OF_LISTS).copied().collect();
        let flaws: Vec<Flaw> = self
            .pairs
            .iter()
            .filter(|(name, _)| !all.contains(&name.as_str()))
            .map(|(name, _)| Flaw::parameter(name, unknown(name, &all)))
            .collect();
        self.flaws.extend(flaws);
    }

    /// The page that is asked for, and the query's fingerprint.
    pub(super) fn page(&mut self) -> (PageRequest, u64) {
        let fingerprint = cursor::fingerprint(&self.path, &self.pairs);
        let limit = match form::last(&self.pairs, "limit").map(str::parse) {
            None => LIMIT_DEFAULT,
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
            Some(_) => {
                let text = format!("`limit` must be a whole number from 1 to {LIMIT_MAX}");
                self.flaws.push(Flaw::parameter("limit", text));
                LIMIT_DEFAULT
            }
        };
        let before = match form::last(&self.pairs, "cursor") {
            None => None,
            Some(text) => match cursor::read(text, fingerprint) {
                Ok(seq) => Some(seq),
                Err(text) => {
                    self.flaws.push(Flaw::parameter("cursor", text));
                    None
                }
            },
        };
        let total = match form::last(&self.pairs, "include") {
            None | Some("") => false,
            Some("total") => true,
            Some(other) => {
                let text = format!("`include` knows only `total`, not `{other}`");
                self.flaws.push(Flaw::parameter("include", text));
                false
            }
        };
        let page = PageRequest {
            before,
            limit,
            total,
        };
        (page, fingerprint)
    }

    /// The value of a switch such as `dry_run`.
    pub(super) fn switch(&mut self, name: &str) -> Option<bool> {
        match form::last(&self.pairs, name) {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => {
                let text = format!("`{name}` must be true or false");
                self.flaws.push(Flaw::parameter(name, text));
                None
            }
        }
    }
}

/// The value of the only parameter there is, a switch that is off unless it is set.
pub(super) fn switch_only(path: &str, query: Option<&str>, name: &str) -> Result<bool, Problem> {
    let mut params = Params::read(path, query);
    let others = params.pairs.iter().filter(|(other, _)| other != name);
    let flaws: Vec<Flaw> = others
        .map(|(other, _)| Flaw::parameter(other, unknown(other, &[name])))
        .collect();
    params.flaws.extend(flaws);
    let is_on = params.switch(name).unwrap_or(false);
    if params.flaws.is_empty() {
        Ok(is_on)
    } else {
        Err(Problem::flawed(Kind::InvalidQuery, path, params.flaws))
    }
}

/// Says that a name is unknown and which was probably meant.
pub(super) fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("unknown parameter `{name}`: did you mean `{near}`?"),
        None => format!("unknown parameter `{name}`: {} are known", known.join(", ")),
    }
}

/// A count as the API shows it.
pub(super) fn total(total: Total) -> Value {
    let relation = if total.exact { "eq" } else { "gte" };
    json!({"value": total.value, "relation": relation})
}
